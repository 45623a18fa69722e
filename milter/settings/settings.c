#include <config.h>

#include "settings/settings.h"

#include "settings/conftree.h"
#include "settings/settingread.h"
#include "settings/settingvalue.h"

#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#define GROUPS_MAX 32

/* A tree is shared by the snapshots that were made from it. */
struct shared_tree {
	struct conftree *tree;
};

struct watch {
	char *path;
	struct stat seen;		/* st_ino 0: it was not there */
};

struct settings {
	atomic_int references;
	char *name;			/* of the file; "(presets)" */
	struct shared_tree *shared;
	const struct setting_group *const *groups;
	void *values[GROUPS_MAX];
	GArray *watches;		/* of struct watch */
};

GQuark settings_error_quark(void)
{
	return g_quark_from_static_string("settings");
}

static bool fail(GError **error, const char *path, const char *what)
{
	g_set_error(error, SETTINGS_ERROR, 0, "%s: %s", path, what);
	return false;
}

static GBytes *read_file(const char *path, GError **error)
{
	struct stat facts;
	char *text;
	gsize len;

	if (stat(path, &facts) != 0) {
		fail(error, path, g_strerror(errno));
		return NULL;
	}
	if (S_ISDIR(facts.st_mode)) {
		fail(error, path, "a directory; a file is needed");
		return NULL;
	}
	if (facts.st_mode & S_IWOTH) {
		g_set_error(error, SETTINGS_ERROR, 0,
			    "%s: anyone could change it; run `chmod o-w %s`",
			    path, path);
		return NULL;
	}
	if (facts.st_size > (off_t)CONFTREE_TEXT_MAX) {
		fail(error, path, "too long for settings");
		return NULL;
	}
	if (!g_file_get_contents(path, &text, &len, error))
		return NULL;
	return g_bytes_new_take(text, len);
}

/* A relative name is beside the including file; a pattern is all its files, one
 * behind the other. */
static GBytes *include_file(const char *name, const char *from, bool may_lack,
			    char **path_out, GError **error)
{
	g_autofree char *dir = g_path_get_dirname(from);
	g_autofree char *path = g_path_is_absolute(name) ? g_strdup(name) :
				g_build_filename(dir, name, NULL);
	g_autoptr(GByteArray) all = g_byte_array_new();
	glob_t found;

	if (glob(path, 0, NULL, &found) != 0) {
		if (!may_lack)
			fail(error, path, "no such file");
		return NULL;
	}
	for (size_t i = 0; i < found.gl_pathc; i++) {
		g_autoptr(GBytes) bytes = read_file(found.gl_pathv[i], error);
		gsize len;

		if (!bytes) {
			globfree(&found);
			return NULL;
		}
		const guint8 *data = g_bytes_get_data(bytes, &len);

		g_byte_array_append(all, data, (guint)len);
		g_byte_array_append(all, (const guint8 *)"\n", 1);
	}
	*path_out = g_strdup(found.gl_pathc == 1 ? found.gl_pathv[0] : path);
	globfree(&found);
	return g_byte_array_free_to_bytes(g_steal_pointer(&all));
}

static void clear_watch(void *data)
{
	struct watch *watch = data;

	g_free(watch->path);
}

static void free_tree(void *data)
{
	struct shared_tree *shared = data;

	conftree_free(shared->tree);
}

/* All from a tree: presets, rows, prepare(). Takes one reference on shared. */
static struct settings *build(const char *name, struct shared_tree *shared,
			      const struct setting_group *const *groups,
			      GError **error)
{
	struct settings *settings = g_new0(struct settings, 1);

	atomic_init(&settings->references, 1);
	settings->name = g_strdup(name);
	settings->shared = shared;
	settings->groups = groups;
	settings->watches = g_array_new(FALSE, TRUE, sizeof(struct watch));
	g_array_set_clear_func(settings->watches, clear_watch);
	for (size_t i = 0; groups[i]; i++) {
		BUG_IF(i >= GROUPS_MAX);
		settings->values[i] = g_malloc0(groups[i]->size);
	}
	if (!settingread_all(conftree_root(shared->tree), groups,
			     settings->values, error))
		goto fail;
	for (size_t i = 0; groups[i]; i++)
		if (groups[i]->prepare &&
		    !groups[i]->prepare(settings->values[i], settings, error))
			goto fail;
	return settings;
fail:
	settings_unref(settings);
	return NULL;
}

static struct settings *parse(const char *name, struct span text,
			      conftree_include_fn *include,
			      const struct setting_group *const *groups,
			      GError **error)
{
	struct conftree *tree = conftree_parse(name, text, include, error);
	struct shared_tree *shared;

	if (!tree)
		return NULL;
	shared = g_atomic_rc_box_new0(struct shared_tree);
	shared->tree = tree;
	return build(name, shared, groups, error);
}

struct settings *settings_parse(const char *name, struct span text,
				const struct setting_group *const *groups,
				GError **error)
{
	return parse(name, text, NULL, groups, error);
}

struct settings *settings_load(const char *file,
			       const struct setting_group *const *groups,
			       GError **error)
{
	g_autoptr(GBytes) bytes = NULL;
	struct span text;

	if (!file)
		return settings_parse("(presets)", span_of(NULL, 0), groups,
				      error);
	bytes = read_file(file, error);
	if (!bytes)
		return NULL;
	text.ptr = g_bytes_get_data(bytes, &text.len);
	return parse(file, text, include_file, groups, error);
}

struct settings *settings_refresh(const struct settings *old, GError **error)
{
	return build(old->name, g_atomic_rc_box_acquire(old->shared),
		     old->groups, error);
}

struct settings *settings_ref(struct settings *settings)
{
	atomic_fetch_add_explicit(&settings->references, 1,
				  memory_order_relaxed);
	return settings;
}

void settings_unref(struct settings *settings)
{
	if (!settings || atomic_fetch_sub(&settings->references, 1) != 1)
		return;
	for (size_t i = 0; settings->groups[i]; i++) {
		const struct setting_group *group = settings->groups[i];

		if (group->release)
			group->release(settings->values[i]);
		settingvalue_release(group->rows, group->row_count,
				    settings->values[i]);
		g_free(settings->values[i]);
	}
	g_array_unref(settings->watches);
	g_atomic_rc_box_release_full(settings->shared, free_tree);
	g_free(settings->name);
	g_free(settings);
}

const struct setting_group *const *settings_groups(
	const struct settings *settings)
{
	return settings->groups;
}

const void *settings_values(const struct settings *settings,
			    const struct setting_group *group)
{
	size_t i = 0;

	while (settings->groups[i] != group)
		BUG_IF(!settings->groups[i++]);	/* it was not loaded */
	return settings->values[i];
}

void settings_watch(struct settings *settings, const char *path)
{
	struct watch watch = { .path = g_strdup(path) };

	if (stat(path, &watch.seen) != 0)
		watch.seen.st_ino = 0;
	g_array_append_val(settings->watches, watch);
}

static bool has_changed(const struct watch *watch)
{
	struct stat now;

	if (stat(watch->path, &now) != 0)
		return watch->seen.st_ino != 0;
	return now.st_ino != watch->seen.st_ino ||
	       now.st_size != watch->seen.st_size ||
	       now.st_mtim.tv_sec != watch->seen.st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != watch->seen.st_mtim.tv_nsec;
}

bool settings_is_stale(const struct settings *settings)
{
	for (guint i = 0; i < settings->watches->len; i++)
		if (has_changed(&g_array_index(settings->watches,
					       struct watch, i)))
			return true;
	return false;
}

bool settings_fail(const struct settings *settings, const char *name,
		   GError **error, const char *fmt, ...)
{
	const struct conftree_node *node = settingread_find(
		conftree_root(settings->shared->tree), name);
	va_list args;

	va_start(args, fmt);
	g_autofree char *what = g_strdup_vprintf(fmt, args);

	va_end(args);
	if (node)
		g_set_error(error, SETTINGS_ERROR, 0, "%s:%u: %s: %s",
			    node->file, node->line, name, what);
	else
		g_set_error(error, SETTINGS_ERROR, 0, "%s: %s: %s",
			    settings->name, name, what);
	return false;
}
