#include <config.h>

#include "store/space.h"

#include "store/day.h"
#include "store/holds.h"
#include "store/storeerror.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* As it lies on the disk: a file of LMDB may have holes. */
static uint64_t bytes_of(const char *dir, int64_t day)
{
	g_autofree char *path = day_path(dir, day);
	struct stat file;

	return stat(path, &file) == 0 ? (uint64_t)file.st_blocks * 512 : 0;
}

/* The newest stays in any case. */
static void add_days(const char *dir, int64_t keep_ms, const GArray *days,
		     const GArray *held, struct space *out)
{
	for (guint i = 0; i < days->len; i++) {
		int64_t day = g_array_index(days, int64_t, i);
		bool is_kept = day_is_within(day, held);

		out->newest_bytes = bytes_of(dir, day);
		out->bytes += out->newest_bytes;
		out->held_days += is_kept;
		if (is_kept || out->has_next || i + 1 == days->len)
			continue;
		out->has_next = true;
		out->next_day = day;
		out->next_us = day_begin_us(day + 1) + keep_ms * 1000;
	}
	out->days = days->len;
	if (days->len) {
		out->oldest_day = g_array_index(days, int64_t, 0);
		out->newest_day = g_array_index(days, int64_t, days->len - 1);
	}
}

bool space_of_records(const char *records_dir, int64_t keep_ms,
		      struct state *state, struct space *out, GError **error)
{
	g_autoptr(GArray) days = day_list(records_dir, error);
	g_autoptr(GArray) held = NULL;
	struct statvfs disk;

	*out = (struct space){ .days = 0 };
	if (!days)
		return false;
	held = state ? holds_ranges(state, error) :
		       g_array_new(FALSE, FALSE, sizeof(struct day_range));
	if (!held)
		return false;
	if (statvfs(records_dir, &disk) != 0) {
		store_error_set(error, records_dir, errno);
		return false;
	}
	out->disk_bytes = (uint64_t)disk.f_blocks * disk.f_frsize;
	out->disk_free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	add_days(records_dir, keep_ms, days, held, out);
	return true;
}
