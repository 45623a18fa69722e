#include <config.h>

#include "store/backuplist.h"

#include "store/day.h"
#include "store/filecopy.h"
#include "store/storeerror.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char *backuplist_name_of(int64_t time_us)
{
	char day[DAY_TEXT_MAX];
	int64_t rest_us = time_us - day_begin_us(day_of_us(time_us));
	unsigned seconds = (unsigned)(rest_us / G_USEC_PER_SEC);

	return g_strdup_printf("%sT%02u%02u%02u.%06uZ",
		day_format(day_of_us(time_us), day), seconds / 3600,
		seconds / 60 % 60, seconds % 60,
		(unsigned)(rest_us % G_USEC_PER_SEC));
}

static bool is_name(const char *name, size_t len)
{
	static const char form[] = "0000-00-00T000000.000000Z";

	if (len != sizeof form - 1)
		return false;
	for (size_t i = 0; i < len; i++)
		if (form[i] == '0' ? !g_ascii_isdigit(name[i]) :
				     name[i] != form[i])
			return false;
	return true;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *list_with(const char *dir, const char *suffix,
			    GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GDir) folder = g_dir_open(dir, 0, &why);
	GPtrArray *names;
	const char *name;

	if (!folder) {
		store_error_set_text(error, STORE_ERROR_MISSING, "%s",
				     why->message);
		return NULL;
	}
	names = g_ptr_array_new_with_free_func(g_free);
	while ((name = g_dir_read_name(folder)))
		if (g_str_has_suffix(name, suffix) &&
		    is_name(name, strlen(name) - strlen(suffix)))
			g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, by_name);
	return names;
}

GPtrArray *backuplist_names(const char *dir, GError **error)
{
	return list_with(dir, "", error);
}

struct manifest *backuplist_manifest(const char *dir, GError **error)
{
	g_autofree char *path = g_build_filename(dir, MANIFEST_NAME, NULL);
	struct folder folder = { .fd = -1 };
	struct manifest *manifest = NULL;
	g_autoptr(GError) why = NULL;
	GString *text = NULL;
	int fd = -1;

	if (filecopy_open_folder(dir, &folder, error))
		fd = filecopy_open(&folder, MANIFEST_NAME, error);
	if (fd >= 0)
		text = filecopy_read(fd, path, MANIFEST_BYTES_MAX, error);
	if (text) {
		manifest = manifest_parse(span_of(text->str, text->len), &why);
		g_string_free(text, TRUE);
	}
	if (why)
		store_error_set_text(error, (enum store_error)why->code,
				     "%s: %s", path, why->message);
	if (fd >= 0)
		close(fd);
	filecopy_close_folder(&folder);
	return manifest;
}

/* What was begun and not ended. */
bool backuplist_clean(const char *dir, GError **error)
{
	g_autoptr(GPtrArray) names = list_with(dir, BACKUPLIST_PART, error);

	for (guint i = 0; names && i < names->len; i++) {
		g_autofree char *path = g_build_filename(dir,
			g_ptr_array_index(names, i), NULL);

		if (!filecopy_remove_tree(path, error))
			return false;
	}
	return names != NULL;
}

/* Without its name first: what is cut off here is removed next time. */
bool backuplist_keep(const char *dir, unsigned keep, unsigned *removed_out,
		     GError **error)
{
	g_autoptr(GPtrArray) names = keep ? backuplist_names(dir, error) :
					    NULL;

	*removed_out = 0;
	if (keep && !names)
		return false;
	for (guint i = 0; names && i + keep < names->len; i++) {
		g_autofree char *path = g_build_filename(dir,
			g_ptr_array_index(names, i), NULL);
		g_autofree char *part = g_strconcat(path, BACKUPLIST_PART,
						    NULL);

		if (rename(path, part) != 0) {
			store_error_set(error, path, errno);
			return false;
		}
		(*removed_out)++;
	}
	return backuplist_clean(dir, error);
}

GPtrArray *backuplist_find(const char *dir, GError **error)
{
	g_autofree char *manifest = g_build_filename(dir, MANIFEST_NAME, NULL);
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) names = NULL;

	if (g_file_test(manifest, G_FILE_TEST_EXISTS)) {
		g_ptr_array_add(paths, g_strdup(dir));
		return g_steal_pointer(&paths);
	}
	names = backuplist_names(dir, error);
	for (guint i = names ? names->len : 0; i > 0; i--)
		g_ptr_array_add(paths, g_build_filename(dir,
			g_ptr_array_index(names, i - 1), NULL));
	if (paths->len)
		return g_steal_pointer(&paths);
	if (names)
		store_error_set_text(error, STORE_ERROR_MISSING, "%s: there is "
			"no back-up, nor is it one (it would have a file %s)",
			dir, MANIFEST_NAME);
	return NULL;
}
