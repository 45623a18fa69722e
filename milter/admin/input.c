#include <config.h>

#include "admin/input.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define MESSAGE_MAX ((gsize)1 << 30)	/* bytes of one file */

struct reading {
	const struct command *self;
	input_fn *on_message;
	void *mydata;
	bool is_named;
};

static GByteArray *read_all(FILE *from)
{
	GByteArray *all = g_byte_array_new();
	guint8 chunk[65536];
	size_t len;

	while (all->len < MESSAGE_MAX &&
	       (len = fread(chunk, 1, sizeof chunk, from)) > 0)
		g_byte_array_append(all, chunk, (guint)len);
	return all;
}

static int read_one(const struct reading *on, const char *file)
{
	g_autoptr(GByteArray) input = NULL;
	g_autoptr(GMappedFile) map = NULL;
	g_autoptr(GError) why = NULL;

	if (strcmp(file, "-") == 0) {
		input = read_all(stdin);
		return on->on_message(on->mydata,
			span_of((const char *)input->data, input->len), file,
			on->is_named);
	}
	map = g_mapped_file_new(file, FALSE, &why);
	if (!map)
		return admin_fail(on->self, EX_NOINPUT, "%s", why->message);
	if (g_mapped_file_get_length(map) > MESSAGE_MAX)
		return admin_fail(on->self, EX_DATAERR, "%s: too long", file);
	return on->on_message(on->mydata,
		span_of(g_mapped_file_get_contents(map),
			g_mapped_file_get_length(map)), file, on->is_named);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int read_folder(const struct reading *on, const char *folder)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GDir) dir = g_dir_open(folder, 0, &why);
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	const char *name;
	int status = EX_OK;

	if (!dir)
		return admin_fail(on->self, EX_NOINPUT, "%s", why->message);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
			g_ptr_array_add(files, g_steal_pointer(&path));
	}
	g_ptr_array_sort(files, by_name);
	for (guint i = 0; i < files->len; i++) {
		int one = read_one(on, g_ptr_array_index(files, i));

		status = status ? status : one;
	}
	return status;
}

int input_parse(const struct command *self, const GOptionEntry *entries,
		int *argc, char ***argv)
{
	int status = admin_parse(self, entries, argc, argv);

	if (status == EX_OK && *argc < 2)
		status = admin_fail(self, EX_USAGE,
				    "a FILE, a folder or - is needed");
	return status;
}

int input_each(const struct command *self, int count, char **paths,
	       input_fn *on_message, void *mydata)
{
	struct reading on = { self, on_message, mydata, count > 1 };
	int status = EX_OK;

	for (int i = 0; i < count; i++) {
		bool is_folder = g_file_test(paths[i], G_FILE_TEST_IS_DIR);
		int one;

		on.is_named = count > 1 || is_folder;
		one = is_folder ? read_folder(&on, paths[i]) :
				  read_one(&on, paths[i]);
		status = status ? status : one;
	}
	return status;
}
