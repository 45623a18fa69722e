#include <config.h>

#include "store/restore.h"

#include "store/backuplist.h"
#include "store/chain.h"
#include "store/day.h"
#include "store/filecopy.h"
#include "store/hex.h"
#include "store/lmdbenv.h"
#include "store/sealkey.h"
#include "store/storeerror.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Beside the target, until it is whole. */
#define PART ".restore-part"

static bool is_as_told(const struct manifest_file *file,
		       const struct filecopy_facts *facts)
{
	return file->bytes == facts->bytes &&
	       memcmp(file->sha256, facts->sha256, sizeof facts->sha256) == 0;
}

/* Copies it to to (-1: nowhere). */
static bool check_file(const struct folder *from,
		       const struct manifest_file *file, int to,
		       const char *to_name, GError **error)
{
	g_autofree char *name = g_build_filename(from->path, file->path, NULL);
	struct filecopy_facts facts;
	int fd = filecopy_open(from, file->path, error);
	bool is_done;

	if (fd < 0)
		return false;
	is_done = filecopy_copy(fd, name, to, to_name, &facts, error);
	close(fd);
	if (!is_done || is_as_told(file, &facts))
		return is_done;
	store_error_set_text(error, STORE_ERROR_DAMAGED, "%s: it is not what "
		"was written (%" PRIu64 " bytes, of %" PRIu64 ")", name,
		facts.bytes, file->bytes);
	return false;
}

static void note(GPtrArray *problems, GError **why)
{
	g_ptr_array_add(problems, g_strdup((*why)->message));
	g_clear_error(why);
}

static void check_files(const struct folder *from,
			const struct manifest *manifest, GPtrArray *problems)
{
	for (guint i = 0; i < manifest->files->len; i++) {
		GError *why = NULL;

		if (!check_file(from, g_ptr_array_index(manifest->files, i),
				-1, NULL, &why))
			note(problems, &why);
	}
}

static void add_days(const char *records, const GArray *days,
		     GPtrArray *problems)
{
	for (guint i = 0; i < days->len; i++) {
		const struct chain_day *day = &g_array_index(
			days, struct chain_day, i);
		g_autofree char *path = day_path(records, day->day);

		if (day->problem)
			g_ptr_array_add(problems, g_strdup_printf("%s: %s",
				path, day->problem));
	}
}

/* What signs the seals. */
static bool read_key(const char *top, const struct manifest *manifest,
		     uint8_t key[SEALKEY_PUBLIC_BYTES], GPtrArray *problems)
{
	g_autoptr(GError) why = NULL;
	g_autofree char *text = NULL;

	if (!manifest_find(manifest, SEALKEY_PUBLIC_FILE))
		return false;
	text = sealkey_read_public(top, &why);
	if (text && hex_parse(span_text(text), key, SEALKEY_PUBLIC_BYTES))
		return true;
	g_ptr_array_add(problems, g_strdup_printf("%s/%s: %s", top,
		SEALKEY_PUBLIC_FILE, why ? why->message : "no key"));
	return false;
}

/* The newest record that the manifest tells of is an anchor of
 * what is there. */
static void check_chain(const char *top, const struct manifest *manifest,
			int64_t keep_ms, bool is_whole, GPtrArray *problems)
{
	const struct chain_anchor anchor = {
		.day = manifest->head_day, .head = manifest->head,
	};
	uint8_t key[SEALKEY_PUBLIC_BYTES];
	struct chain_query query = {
		.since_day = INT64_MIN, .until_day = INT64_MAX,
		.kept_day = day_of_us(manifest->made_us - keep_ms * 1000),
		.anchors = &anchor,
		.anchor_count = is_whole && anchor.head.sequence ? 1 : 0,
	};
	g_autofree char *records = g_build_filename(top, "records", NULL);
	g_autoptr(GError) why = NULL;
	g_autoptr(GArray) days = NULL;

	if (read_key(top, manifest, key, problems))
		query.public_key = key;
	days = chain_verify(records, &query, &why);

	if (days)
		add_days(records, days, problems);
	else
		g_ptr_array_add(problems, g_strdup(why->message));
	lmdbenv_remove_locks(records);
}

struct manifest *restore_verify(const char *backup, int64_t keep_ms,
				GPtrArray **problems_out, GError **error)
{
	struct folder from = { .fd = -1 };
	struct manifest *manifest = backuplist_manifest(backup, error);

	*problems_out = g_ptr_array_new_with_free_func(g_free);
	if (manifest && !filecopy_open_folder(backup, &from, error))
		g_clear_pointer(&manifest, manifest_free);
	if (manifest) {
		check_files(&from, manifest, *problems_out);
		check_chain(backup, manifest, keep_ms, true, *problems_out);
	}
	filecopy_close_folder(&from);
	return manifest;
}

struct restoring {
	const struct restore_order *order;
	struct restore_result *result;
	struct folder from, to;
	struct manifest *manifest;
	GPtrArray *paths;		/* that were restored, borrowed */
	char *target, *part;
};

/* With --day the seal and the keys that tell whether it is
 * genuine come along. */
static bool is_wanted(const struct restoring *restoring,
		      const struct manifest_file *file)
{
	char day[DAY_TEXT_MAX];
	g_autofree char *prefix = NULL;

	if (restoring->order->day == RESTORE_ALL_DAYS)
		return true;
	prefix = g_strdup_printf("records/%s.",
				 day_format(restoring->order->day, day));
	return g_str_has_prefix(file->path, prefix) ||
	       g_str_has_suffix(file->path, ".pub");
}

/* The folders on the way to it, but not the top: while that is root's, nobody
 * can put a link in the way of what root writes. */
static bool give_folders(const struct restoring *restoring, const char *path,
			 GError **error)
{
	for (const char *slash = strchr(path, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		g_autofree char *part = g_strndup(path, (gsize)(slash - path));

		if (fchownat(restoring->to.fd, part, restoring->order->user,
			     restoring->order->group,
			     AT_SYMLINK_NOFOLLOW) != 0) {
			store_error_set(error, restoring->part, errno);
			return false;
		}
	}
	return true;
}

static bool restore_file(struct restoring *restoring,
			 const struct manifest_file *file, GError **error)
{
	const struct restore_order *order = restoring->order;
	int to = filecopy_create(&restoring->to, file->path,
				 file->mode & 0700, error);
	bool is_done = to >= 0 && check_file(&restoring->from, file, to,
					     restoring->part, error);

	if (is_done && geteuid() == 0) {
		is_done = fchown(to, order->user, order->group) == 0;
		if (!is_done)
			store_error_set(error, restoring->part, errno);
		is_done = is_done && give_folders(restoring, file->path,
						  error);
	}
	if (to >= 0)
		close(to);
	if (is_done)
		g_ptr_array_add(restoring->paths, (char *)file->path);
	restoring->result->files += is_done;
	restoring->result->bytes += is_done ? file->bytes : 0;
	return is_done;
}

static bool restore_files(struct restoring *restoring, GError **error)
{
	const GPtrArray *files = restoring->manifest->files;

	for (guint i = 0; i < files->len; i++) {
		const struct manifest_file *file = g_ptr_array_index(files, i);

		if (is_wanted(restoring, file) &&
		    !restore_file(restoring, file, error))
			return false;
	}
	return true;
}

static bool check_copy(const struct restoring *restoring, GError **error)
{
	bool is_whole = restoring->order->day == RESTORE_ALL_DAYS;
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);

	check_chain(restoring->part, restoring->manifest,
		    restoring->order->keep_ms, is_whole, problems);
	if (problems->len)
		store_error_set_text(error, STORE_ERROR_DAMAGED, "%s",
				     (char *)g_ptr_array_index(problems, 0));
	return problems->len == 0;
}

/* The restored audit is looked at, and tells of it. */
static bool note_audit(const struct restoring *restoring, GError **error)
{
	g_autofree char *problem = NULL;
	struct state *state;
	uint64_t count;
	bool is_done;

	if (!manifest_find(restoring->manifest, STATE_FILE) ||
	    restoring->order->day != RESTORE_ALL_DAYS)
		return true;
	state = state_open(restoring->part, STATE_EXISTING, error);
	if (!state)
		return false;
	is_done = audit_verify(state, &count, &problem, error);
	if (is_done && problem) {
		store_error_set_text(error, STORE_ERROR_DAMAGED, "%s/%s: %s",
				     restoring->part, STATE_FILE, problem);
		is_done = false;
	}
	is_done = is_done && audit_note(state, restoring->order->audit, error);
	state_close(&state);
	lmdbenv_remove_locks(restoring->part);
	return is_done;
}

static bool give_top(const struct restoring *restoring)
{
	return geteuid() != 0 ||
	       fchown(restoring->to.fd, restoring->order->user,
		      restoring->order->group) == 0;
}

static bool give_name(const struct restoring *restoring, GError **error)
{
	g_autofree char *above = g_path_get_dirname(restoring->target);
	struct folder folder = { .fd = -1 };
	bool is_done = false, is_synced;

	if (!filecopy_open_folder(above, &folder, error))
		return false;
	is_synced = filecopy_sync(&restoring->to, restoring->paths, error);
	if (is_synced && give_top(restoring) &&
	    rename(restoring->part, restoring->target) == 0 &&
	    fsync(folder.fd) == 0)
		is_done = true;
	else if (is_synced && errno == EBUSY)
		store_error_set_text(error, STORE_ERROR_INVALID, "%s is a "
			"mount point: unmount it, restore, and move what was "
			"restored to it", restoring->target);
	else if (is_synced)
		store_error_set(error, restoring->target, errno);
	filecopy_close_folder(&folder);
	return is_done;
}

/* What an interrupted one left goes; the lock of the folder
 * tells whether it is. */
static bool make_part(struct restoring *restoring, GError **error)
{
	struct folder left = { .fd = -1 };
	bool is_free = true;

	if (filecopy_open_folder(restoring->part, &left, NULL))
		is_free = flock(left.fd, LOCK_EX | LOCK_NB) == 0;
	if (!is_free)
		store_error_set_text(error, STORE_ERROR_BUSY, "%s: another "
			"restore is at work there", restoring->part);
	else if (filecopy_remove_tree(restoring->part, error)) {
		if (mkdir(restoring->part, 0700) != 0)
			store_error_set(error, restoring->part, errno);
		else if (filecopy_open_folder(restoring->part, &restoring->to,
					      error) &&
			 flock(restoring->to.fd, LOCK_EX | LOCK_NB) != 0)
			store_error_set(error, restoring->part, errno);
	}
	filecopy_close_folder(&left);
	return restoring->to.fd >= 0 && !*error;
}

static bool has_day(const struct restoring *restoring, GError **error)
{
	g_autofree char *path = NULL;
	char day[DAY_TEXT_MAX];

	if (restoring->order->day == RESTORE_ALL_DAYS)
		return true;
	path = g_strdup_printf("records/%s.mdb",
			       day_format(restoring->order->day, day));
	if (manifest_find(restoring->manifest, path))
		return true;
	store_error_set_text(error, STORE_ERROR_MISSING, "%s: %s is not in it",
			     restoring->order->backup, day);
	return false;
}

/* Nothing that is there is ever written over. */
static bool check_target(struct restoring *restoring, GError **error)
{
	g_autoptr(GDir) dir = g_dir_open(restoring->target, 0, NULL);
	const char *name = dir ? g_dir_read_name(dir) : NULL;

	if (!dir && !g_file_test(restoring->target, G_FILE_TEST_EXISTS))
		return true;
	if (dir && !name)
		return true;
	if (dir)
		store_error_set_text(error, STORE_ERROR_INVALID, "%s is not "
			"empty: it has %s%s; stop the daemon, and move the "
			"old folder out of the way, or give another with "
			"--state-dir", restoring->target, name,
			g_dir_read_name(dir) ? " and more" : "");
	else
		store_error_set_text(error, STORE_ERROR_INVALID, "%s is not a "
			"folder that can be read", restoring->target);
	return false;
}

/* A link is followed: what it leads to is replaced, and not the link. */
static void name_target(struct restoring *restoring)
{
	char *path = realpath(restoring->order->target, NULL);

	if (!path) {
		path = g_canonicalize_filename(restoring->order->target, NULL);
		restoring->target = path;
	} else {
		restoring->target = g_strdup(path);
		free(path);
	}
	restoring->part = g_strconcat(restoring->target, PART, NULL);
}

static bool fill(struct restoring *restoring, GError **error)
{
	bool is_done = restore_files(restoring, error) &&
		       check_copy(restoring, error) &&
		       note_audit(restoring, error) &&
		       give_name(restoring, error);

	if (!is_done)
		(void)!filecopy_remove_tree(restoring->part, NULL);
	return is_done;
}

bool restore_run(const struct restore_order *order,
		 struct restore_result *result_out, GError **error)
{
	struct restoring restoring = {
		.order = order, .result = result_out, .from.fd = -1,
		.to.fd = -1, .paths = g_ptr_array_new(),
	};
	GError *why = NULL;
	bool is_done;

	*result_out = (struct restore_result){ .files = 0 };
	name_target(&restoring);
	restoring.manifest = backuplist_manifest(order->backup, &why);
	is_done = restoring.manifest && has_day(&restoring, &why) &&
		  check_target(&restoring, &why) &&
		  filecopy_open_folder(order->backup, &restoring.from, &why) &&
		  make_part(&restoring, &why) && fill(&restoring, &why);
	filecopy_close_folder(&restoring.from);
	filecopy_close_folder(&restoring.to);
	g_ptr_array_unref(restoring.paths);
	manifest_free(restoring.manifest);
	g_free(restoring.target);
	g_free(restoring.part);
	if (why)
		g_propagate_error(error, why);
	return is_done;
}
