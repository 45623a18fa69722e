#include <config.h>

#include "store/evidencetree.h"

#include "base/log.h"
#include "store/day.h"
#include "store/hex.h"
#include "store/storeerror.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail_at(GError **error, const char *path, int number)
{
	store_error_set(error, path, number);
	return false;
}

/* "evidence/held/2026/02/28" */
char *evidencetree_folder(const char *state_dir, bool is_held, int64_t day)
{
	char text[DAY_TEXT_MAX];
	char *path;

	day_format(day, text);
	path = g_strdup_printf("%s/" EVIDENCETREE_ROOT "%s/%s", state_dir,
			       is_held ? "/held" : "", text);
	g_strdelimit(path + strlen(path) - strlen(text), "-", '/');
	return path;
}

bool evidencetree_sync(const char *path, GError **error)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is_done = fd >= 0 && fsync(fd) == 0;
	int number = errno;

	if (fd >= 0)
		close(fd);
	return is_done || fail_at(error, path, number);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names in a folder, sorted; none when it is not there. */
static GPtrArray *names_in(const char *folder, GError **error)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) why = NULL;
	GDir *dir = g_dir_open(folder, 0, &why);
	const char *name;

	if (!dir && !g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
		store_error_set_text(error, STORE_ERROR_PERM, "%s",
				     why->message);
		g_ptr_array_unref(names);
		return NULL;
	}
	while (dir && (name = g_dir_read_name(dir)))
		g_ptr_array_add(names, g_strdup(name));
	if (dir)
		g_dir_close(dir);
	g_ptr_array_sort(names, by_name);
	return names;
}

uint64_t evidencetree_bytes(const char *folder)
{
	g_autoptr(GPtrArray) names = names_in(folder, NULL);
	uint64_t bytes = 0;

	for (guint i = 0; names && i < names->len; i++) {
		g_autofree char *path = g_build_filename(
			folder, g_ptr_array_index(names, i), NULL);
		struct stat facts;

		if (lstat(path, &facts) == 0)
			bytes += (uint64_t)facts.st_size;
	}
	return bytes;
}

/* Adds the days that have a folder below path, whose name so far is prefix:
 * year, month and day, one in the other. */
static bool add_days(const char *path, const char *prefix, int depth,
		     GArray *days, GError **error)
{
	g_autoptr(GPtrArray) names = names_in(path, error);
	int64_t day;

	for (guint i = 0; names && i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);
		g_autofree char *below = g_build_filename(path, name, NULL);
		g_autofree char *text = g_strconcat(prefix, name,
						    depth ? "-" : "", NULL);

		if (!g_ascii_isdigit(*name) ||
		    !g_file_test(below, G_FILE_TEST_IS_DIR))
			continue;
		if (!depth && day_parse(span_text(text), &day))
			g_array_append_val(days, day);
		else if (depth && !add_days(below, text, depth - 1, days,
					    error))
			return false;
	}
	return names != NULL;
}

GArray *evidencetree_days(const char *state_dir, bool is_held, GError **error)
{
	GArray *days = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_autofree char *root = g_strconcat(state_dir, "/" EVIDENCETREE_ROOT,
					    is_held ? "/held" : "", NULL);

	if (add_days(root, "", 2, days, error))
		return days;
	g_array_unref(days);
	return NULL;
}

static bool read_name(const char *name, uint8_t *sha256_out)
{
	size_t stem = 2 * DIGEST_SHA256_BYTES;

	for (const char *c = name; *c; c++)
		if (g_ascii_isupper(*c))
			return false;
	return strlen(name) == stem + strlen(EVIDENCETREE_SUFFIX) &&
	       strcmp(name + stem, EVIDENCETREE_SUFFIX) == 0 &&
	       hex_parse(span_of(name, stem), sha256_out,
			 DIGEST_SHA256_BYTES);
}

static bool each_of_day(const char *state_dir, bool is_held, int64_t day,
			evidencetree_take_fn *take, void *context,
			GError **error)
{
	g_autofree char *folder = evidencetree_folder(state_dir, is_held, day);
	g_autoptr(GPtrArray) names = names_in(folder, error);

	for (guint i = 0; names && i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);
		g_autofree char *path = g_build_filename(folder, name, NULL);
		struct evidencetree_file file = {
			.place = { .day = day, .is_held = is_held },
			.path = path,
		};
		struct stat facts;

		if (lstat(path, &facts) != 0)
			continue;	/* it went just now */
		file.written_us = (int64_t)facts.st_mtim.tv_sec *
				  G_USEC_PER_SEC;
		file.is_named = S_ISREG(facts.st_mode) &&
				read_name(name, file.place.sha256);
		take(&file, context);
	}
	return names != NULL;
}

bool evidencetree_each(const char *state_dir, int64_t since, int64_t until,
		   evidencetree_take_fn *take, void *context, GError **error)
{
	for (int is_held = 0; is_held < 2; is_held++) {
		g_autoptr(GArray) days = evidencetree_days(state_dir, is_held,
							   error);

		if (!days)
			return false;
		for (guint i = 0; i < days->len; i++) {
			int64_t day = g_array_index(days, int64_t, i);

			if (day >= since && day <= until &&
			    !each_of_day(state_dir, is_held, day, take,
					 context, error))
				return false;
		}
	}
	return true;
}

static bool remove_files(const char *folder, GError **error)
{
	g_autoptr(GPtrArray) names = names_in(folder, error);

	for (guint i = 0; names && i < names->len; i++) {
		g_autofree char *path = g_build_filename(
			folder, g_ptr_array_index(names, i), NULL);

		if (unlink(path) != 0)
			return fail_at(error, path, errno);
	}
	return names != NULL;
}

void evidencetree_clean(const char *state_dir)
{
	g_autofree char *fresh = g_strconcat(state_dir, "/" EVIDENCETREE_ROOT "/new", NULL);
	g_autoptr(GError) why = NULL;

	if (!remove_files(fresh, &why))
		log_event(NULL, LOG_WARNING, "evidence_not_cleaned",
			  "why=\"%s\"", why->message);
}

/* Month and year go with their last day: rmdir() leaves what is not empty. */
bool evidencetree_remove_day(const char *state_dir, bool is_held, int64_t day,
			 GError **error)
{
	g_autofree char *folder = evidencetree_folder(state_dir, is_held, day);

	if (!remove_files(folder, error))
		return false;
	for (int depth = 0; depth < 3; depth++) {
		if (rmdir(folder) != 0 && depth == 0)
			return fail_at(error, folder, errno);
		*strrchr(folder, '/') = '\0';
	}
	return evidencetree_sync(folder, error);
}
