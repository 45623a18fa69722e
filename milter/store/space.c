#include <config.h>

#include "store/space.h"

#include "store/day.h"
#include "store/heldday.h"

#include <sys/stat.h>

/* As it lies on the disk: a file of LMDB may have holes. False:
 * it is not there. */
static bool add_file(const char *path, uint64_t *bytes)
{
	struct stat file;

	if (stat(path, &file) != 0)
		return false;
	*bytes += (uint64_t)file.st_blocks * 512;
	return true;
}

static struct space_day measure(const char *dir, int64_t day,
				const struct holdset *held)
{
	enum heldday look = HELDDAY_NOTHING;
	/* What cannot be read may be on hold. */
	bool is_read = !held || heldday_look(dir, day, held, &look, NULL);
	struct space_day one = {
		.day = day, .is_held = !is_read || look != HELDDAY_NOTHING,
		.is_wholly_held = look == HELDDAY_ALL,
	};
	g_autofree char *records = day_path(dir, day);
	g_autofree char *seal = day_seal_path(records);

	(void)add_file(records, &one.bytes);
	one.is_sealed = add_file(seal, &one.bytes);
	return one;
}

GArray *space_days(const char *records_dir, struct state *state,
		   GError **error)
{
	g_autoptr(GArray) days = day_list(records_dir, error);
	struct holdset *held = days && state ? holdset_load(state, error) :
					       NULL;
	GArray *all;

	if (!days || (state && !held))
		return NULL;
	all = g_array_new(FALSE, FALSE, sizeof(struct space_day));
	for (guint i = 0; i < days->len; i++) {
		struct space_day one = measure(
			records_dir, g_array_index(days, int64_t, i), held);

		g_array_append_val(all, one);
	}
	holdset_free(&held);
	return all;
}

/* The newest stays in any case. */
static void add_days(int64_t keep_ms, const GArray *days, struct space *out)
{
	for (guint i = 0; i < days->len; i++) {
		const struct space_day *one = &g_array_index(
			days, struct space_day, i);

		out->bytes += one->bytes;
		out->newest_bytes = one->bytes;
		out->newest_day = one->day;
		out->held_days += one->is_wholly_held;
		out->thinned_days += one->is_held && !one->is_wholly_held;
		if (!i)
			out->oldest_day = one->day;
		if (one->is_wholly_held || out->has_next || i + 1 == days->len)
			continue;
		out->has_next = true;
		out->next_day = one->day;
		out->next_us = day_begin_us(one->day + 1) + keep_ms * 1000;
	}
	out->days = days->len;
}

bool space_of_records(const char *records_dir, int64_t keep_ms,
		      struct state *state, struct space *out, GError **error)
{
	g_autoptr(GArray) days = space_days(records_dir, state, error);

	*out = (struct space){ .days = 0 };
	if (!days || !diskuse_of(records_dir, &out->disk, error))
		return false;
	add_days(keep_ms, days, out);
	return true;
}
