#include <config.h>

#include "cases/complaintdrop.h"

#include "base/clock.h"
#include "base/log.h"
#include "cases/complaintsettings.h"
#include "store/incidents.h"
#include "store/storeerror.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "complaint-"
#define LOOKED_AT_MAX 1000	/* names; some may be nobody's to remove */
#define FULL_TOLD_EVERY_US (INT64_C(3600) * G_USEC_PER_SEC)
#define ENOUGH_US 200000	/* a stranger's words may be looked up in
				 * many days */

/* What is looked up; and goes on at the next call, when it takes longer. */
static struct {
	char name[NAME_MAX + 1];
	struct complaint_search search;
} under_way;

static bool write_all(int fd, struct span bytes)
{
	while (bytes.len) {
		ssize_t done = write(fd, bytes.ptr, bytes.len);

		if (done < 0 && errno != EINTR)
			return false;
		bytes = span_from(bytes, done > 0 ? (size_t)done : 0);
	}
	return fsync(fd) == 0;
}

bool complaintdrop_put(const char *dir, struct span bytes, GError **error)
{
	g_autofree char *unique = g_uuid_string_random();
	g_autofree char *path = g_strdup_printf("%s/" PREFIX "%s", dir, unique);
	g_autofree char *part = g_strdup_printf("%s/.%s", dir, unique);
	int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool is_good = fd >= 0 && write_all(fd, bytes) &&
		       fchmod(fd, 0644) == 0;
	int number = errno;

	if (fd >= 0)
		close(fd);
	if (is_good && rename(part, path) == 0)
		return true;
	number = is_good ? errno : number;
	if (fd >= 0)
		unlink(part);
	store_error_set(error, dir, number);
	return false;
}

static char *read_fd(int fd, size_t len)
{
	char *bytes = g_malloc(len + 1);
	size_t have = 0;

	while (have < len) {
		ssize_t got = read(fd, bytes + have, len - have);

		if (got <= 0 && !(got < 0 && errno == EINTR)) {
			g_free(bytes);
			return NULL;
		}
		have += got > 0 ? (size_t)got : 0;
	}
	return bytes;
}

/* NULL: it is not to be read. */
static char *read_file(int folder, const char *name, int64_t most,
		       size_t *len_out)
{
	int fd = openat(folder, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat facts;
	char *bytes = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) &&
	    facts.st_nlink == 1 && facts.st_size <= most) {
		*len_out = (size_t)facts.st_size;
		bytes = read_fd(fd, *len_out);
	}
	close(fd);
	return bytes;
}

static void tell(const char *name, const struct complaint_imported *imported)
{
	g_autofree char *file = log_text(span_text(name));
	g_autofree char *why = log_text(span_text(imported->why));

	if (imported->is_letter)
		log_event(NULL, LOG_WARNING, "letter_bounced", "what=%s", why);
	else if (imported->refusal != COMPLAINT_READ)
		log_event(NULL, LOG_NOTICE, "complaint_refused",
			  "file=%s why=%s", file, why);
	else
		log_event(NULL, LOG_NOTICE, "complaint", "number=%" PRIu64
			  " %s records=%zu", imported->number,
			  complaintbook_outcome_word(imported->outcome),
			  imported->record_count);
}

/* For as long as that is so, now and then. */
static void tell_full(void)
{
	static int64_t told_us;
	int64_t now_us = clock_monotonic_us();

	if (told_us && now_us < told_us + FULL_TOLD_EVERY_US)
		return;
	told_us = now_us;
	log_event(NULL, LOG_ERR, "complaint_waits", "why=\"%s\"",
		  COMPLAINT_FULL_ADVICE);
}

enum end {
	END_TAKEN,
	END_LEFT,	/* the book is full; what is behind may be of
			 * another kind */
	END_STOP,	/* the state cannot be written, or it takes longer */
};

static enum end take_one(int folder, const char *name,
			 const struct complaint_import *import)
{
	int64_t most = complaint_settings_of(import->settings)->mail_bytes;
	struct complaint_imported imported = { .refusal = COMPLAINT_NOTHING };
	g_autoptr(GError) why = NULL;
	size_t len = 0;
	g_autofree char *bytes = read_file(folder, name, most, &len);

	if (!bytes)
		g_strlcpy(imported.why, "no plain file, or larger than "
			  "cases.complaint_size", sizeof imported.why);
	else if (!complaintimport_take(import, span_of(bytes, len), &imported,
				       &why) ||
		 /* The file goes only when its case is sure to come. */
		 (!imported.is_unfinished &&
		  !incidents_flush(import->state, &why))) {
		log_event(NULL, LOG_WARNING, "complaint_waits", "why=\"%s\"",
			  why->message);
		return END_STOP;
	}
	if (imported.is_unfinished)
		return END_STOP;
	under_way.name[0] = '\0';
	if (imported.refusal == COMPLAINT_READ &&
	    imported.outcome == COMPLAINT_FULL) {
		tell_full();
		return END_LEFT;
	}
	if (unlinkat(folder, name, 0) == 0)
		tell(name, &imported);
	return END_TAKEN;
}

static enum end begin(int folder, const char *name,
		      const struct complaint_import *import)
{
	under_way.search.asked = 0;
	g_strlcpy(under_way.name, name, sizeof under_way.name);
	return take_one(folder, name, import);
}

/* In the folder's own order. */
static void take_some(DIR *folder, const struct complaint_import *import)
{
	const struct dirent *entry;
	enum end end = END_LEFT;
	int taken = 0;

	for (int seen = 0; end != END_STOP && taken < COMPLAINTDROP_AT_ONCE &&
	     seen < LOOKED_AT_MAX &&
	     clock_monotonic_us() < import->search->until_us &&
	     (entry = readdir(folder)); seen++)
		if (g_str_has_prefix(entry->d_name, PREFIX)) {
			end = begin(dirfd(folder), entry->d_name, import);
			taken += end == END_TAKEN;
		}
}

void complaintdrop_take(const char *dir,
			const struct complaint_import *import)
{
	DIR *folder = *dir ? opendir(dir) : NULL;
	struct complaint_import bounded = *import;

	if (!folder)
		return;
	bounded.search = &under_way.search;
	bounded.search->until_us = clock_monotonic_us() + ENOUGH_US;
	if (!under_way.name[0] ||
	    take_one(dirfd(folder), under_way.name, &bounded) != END_STOP)
		take_some(folder, &bounded);
	closedir(folder);
}
