#include <config.h>

#include "store/statetree.h"

#include "store/state.h"
#include "store/storeerror.h"

#include <fnmatch.h>
#include <string.h>

/* The first that fits; * goes over slashes. What none fits, such as what is
 * made anew at each start, is left. */
static const struct rule {
	const char *pattern;
	bool is_left;
	enum manifest_kind kind;
	enum statetree_how how;
} rules[] = {
	{ "*-lock", .is_left = true },		/* of LMDB */
	{ "*.new", .is_left = true },		/* not whole yet */
	{ "*.tmp", .is_left = true },
	{ "*.part", .is_left = true },
	{ "*.sealing", .is_left = true },
	{ "records/*.seal", .is_left = true },	/* goes with its day */
	{ STATE_FILE, false, MANIFEST_STATE, STATETREE_SNAPSHOT },
	{ "records/*/*.mdb", false, MANIFEST_DAY, STATETREE_SNAPSHOT },
	{ "records/*.mdb", false, MANIFEST_DAY, STATETREE_DAY },
	{ "records/*/*", false, MANIFEST_OTHER, STATETREE_COPY },
	{ "evidence/*", false, MANIFEST_EVIDENCE, STATETREE_COPY },
	{ "holds/*", false, MANIFEST_OTHER, STATETREE_COPY },
	{ "*.key", false, MANIFEST_KEY, STATETREE_COPY },
	{ "*.pub", false, MANIFEST_KEY, STATETREE_COPY },
	{ "contacts", false, MANIFEST_OTHER, STATETREE_COPY },
};

static void free_file(gpointer data)
{
	struct statetree_file *file = data;

	g_free(file->path);
	g_free(file);
}

static void add_file(GPtrArray *files, const char *path)
{
	for (unsigned i = 0; i < COUNT_OF(rules); i++) {
		const struct rule *rule = &rules[i];
		struct statetree_file *file;

		if (fnmatch(rule->pattern, path, 0) != 0)
			continue;
		if (rule->is_left)
			return;
		file = g_new(struct statetree_file, 1);
		*file = (struct statetree_file){ g_strdup(path), rule->kind,
						 rule->how, i };
		g_ptr_array_add(files, file);
		return;
	}
}

/* A folder's files go to files, its folders behind those that wait. One that
 * went meanwhile had nothing that must be kept. */
static bool read_folder(const char *state_dir, const char *below,
			GPtrArray *files, GQueue *waiting, GError **error)
{
	g_autofree char *folder = g_build_filename(state_dir, below, NULL);
	g_autoptr(GError) why = NULL;
	g_autoptr(GDir) dir = g_dir_open(folder, 0, &why);
	const char *name;

	if (!dir && *below &&
	    g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT))
		return true;
	if (!dir) {
		store_error_set_text(error, STORE_ERROR_PERM, "%s",
				     why->message);
		return false;
	}
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = *below ?
			g_strconcat(below, "/", name, NULL) : g_strdup(name);
		g_autofree char *whole = g_build_filename(folder, name, NULL);

		/* records or evidence may be on another disk. */
		if (*below && g_file_test(whole, G_FILE_TEST_IS_SYMLINK))
			continue;
		if (g_file_test(whole, G_FILE_TEST_IS_DIR))
			g_queue_push_tail(waiting, g_steal_pointer(&path));
		else
			add_file(files, path);
	}
	return true;
}

static gint by_order(gconstpointer a, gconstpointer b)
{
	const struct statetree_file *x = *(struct statetree_file *const *)a;
	const struct statetree_file *y = *(struct statetree_file *const *)b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return strcmp(x->path, y->path);
}

GPtrArray *statetree_list(const char *state_dir, GError **error)
{
	GPtrArray *files = g_ptr_array_new_with_free_func(free_file);
	g_auto(GQueue) waiting = G_QUEUE_INIT;
	bool is_read = true;
	char *below;

	g_queue_push_tail(&waiting, g_strdup(""));
	while (is_read && (below = g_queue_pop_head(&waiting))) {
		is_read = read_folder(state_dir, below, files, &waiting,
				      error);
		g_free(below);
	}
	g_queue_clear_full(&waiting, g_free);
	if (is_read) {
		g_ptr_array_sort(files, by_order);
		return files;
	}
	g_ptr_array_unref(files);
	return NULL;
}
