#include <config.h>

#include "store/backup.h"

#include "base/clock.h"
#include "base/pidfile.h"
#include "store/backuplist.h"
#include "store/chain.h"
#include "store/filecopy.h"
#include "store/lmdbenv.h"
#include "store/sealfiles.h"
#include "store/statetree.h"
#include "store/storeerror.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TRIES 100
#define TRY_AGAIN_US 50000
/* A file that changed less than this before it was copied may change again
 * without another time: the clock of a file system is coarse. */
#define FRESH_NS (INT64_C(2) * 1000000000)

/* A back-up that is being made. */
struct making {
	const struct backup_order *order;
	struct backup_result *result;
	struct folder from, to, before;	/* before.fd -1: there is none */
	struct manifest *manifest, *old;	/* old: of before */
	char *part;
};

void backup_result_release(struct backup_result *result)
{
	g_clear_pointer(&result->name, g_free);
}

static int64_t changed_ns(const struct stat *file)
{
	return (int64_t)file->st_mtim.tv_sec * 1000000000 +
	       file->st_mtim.tv_nsec;
}

static bool is_fresh(int64_t time_ns)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return time_ns > (int64_t)now.tv_sec * 1000000000 + now.tv_nsec -
			 FRESH_NS;
}

static void begin_entry(const struct statetree_file *file,
			const struct stat *source, struct manifest_file *entry)
{
	int64_t time_ns = changed_ns(source);

	*entry = (struct manifest_file){
		.path = file->path, .kind = file->kind,
		.mode = source->st_mode & 0700,
		.source_bytes = (uint64_t)source->st_size,
		.source_changed_ns = is_fresh(time_ns) ? 0 : time_ns,
	};
}

/* The one of the back-up before, when nothing was written to it since. */
static bool link_old(struct making *making, struct manifest_file *entry)
{
	const struct manifest_file *old = making->old ?
		manifest_find(making->old, entry->path) : NULL;
	struct stat there;

	if (!old || !entry->source_changed_ns || old->mode != entry->mode ||
	    old->source_changed_ns != entry->source_changed_ns ||
	    old->source_bytes != entry->source_bytes)
		return false;
	if (fstatat(making->before.fd, old->path, &there,
		    AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(there.st_mode) ||
	    (uint64_t)there.st_size != old->bytes ||
	    !filecopy_make_folders(&making->to, entry->path, NULL) ||
	    linkat(making->before.fd, old->path, making->to.fd, entry->path,
		   0) != 0)
		return false;
	entry->bytes = old->bytes;
	memcpy(entry->sha256, old->sha256, sizeof entry->sha256);
	return true;
}

/* From source, or, as LMDB has already written it, what is in target. */
static bool fill(const struct making *making, int source, int target,
		 struct manifest_file *entry, GError **error)
{
	g_autofree char *name = g_build_filename(making->part, entry->path,
						 NULL);
	struct filecopy_facts facts;

	if (!filecopy_copy(source >= 0 ? source : target, entry->path,
			   source >= 0 ? target : -1, name, &facts, error))
		return false;
	entry->bytes = facts.bytes;
	memcpy(entry->sha256, facts.sha256, sizeof entry->sha256);
	return true;
}

static bool snapshot(const struct making *making, const char *path, int target,
		     GError **error)
{
	const struct lmdbenv_options options = { .is_read_only = true };
	g_autofree char *name = g_build_filename(making->from.path, path,
						 NULL);
	MDB_env *env = lmdbenv_open(name, &options, error);
	int failed;

	if (!env)
		return false;
	failed = mdb_env_copyfd2(env, target, MDB_CP_COMPACT);
	mdb_env_close(env);
	if (failed == 0 && lseek(target, 0, SEEK_SET) < 0)
		failed = errno;
	if (failed)
		store_error_set(error, name, failed);
	return failed == 0;
}

static bool copy_new(struct making *making, int source, bool is_snapshot,
		     struct manifest_file *entry, GError **error)
{
	int target = filecopy_create(&making->to, entry->path, entry->mode,
				     error);
	bool is_done = target >= 0 &&
		(!is_snapshot || snapshot(making, entry->path, target, error));

	is_done = is_done && fill(making, is_snapshot ? -1 : source, target,
				  entry, error);
	if (target >= 0)
		close(target);
	if (is_done) {
		making->result->copied++;
		making->result->copied_bytes += entry->bytes;
	}
	return is_done;
}

static bool add_entry(struct making *making, const struct manifest_file *entry,
		      GError **error)
{
	if (manifest_add(making->manifest, entry)) {
		making->result->files++;
		making->result->bytes += entry->bytes;
		return true;
	}
	store_error_set_text(error, STORE_ERROR_INVALID, "%s has a file whose "
		"name is none of ours: rename it, or move it elsewhere",
		making->from.path);
	return false;
}

/* As it is now. False without error: it went. */
static int open_source(const struct making *making, const char *path,
		       struct stat *facts_out, GError **error)
{
	int fd = openat(making->from.fd, path, O_RDONLY | O_CLOEXEC |
			O_NOFOLLOW | O_NONBLOCK);
	int failed;

	if (fd >= 0 && fstat(fd, facts_out) == 0 && S_ISREG(facts_out->st_mode))
		return fd;
	failed = fd < 0 ? errno : EINVAL;
	if (fd >= 0)
		close(fd);
	if (failed != ENOENT) {
		g_autofree char *name = g_build_filename(making->from.path,
							 path, NULL);

		store_error_set(error, name, failed);
	}
	return -1;
}

/* One try. entry_out->path NULL: it went. */
static bool take_once(struct making *making, const struct statetree_file *file,
		      bool is_snapshot, struct manifest_file *entry_out,
		      struct stat *source_out, GError **error)
{
	GError *why = NULL;
	int source = open_source(making, file->path, source_out, &why);
	bool is_done = true;

	entry_out->path = NULL;
	if (source < 0 && why) {
		g_propagate_error(error, why);
		return false;
	}
	if (source < 0)
		return true;
	begin_entry(file, source_out, entry_out);
	if (!link_old(making, entry_out))
		is_done = copy_new(making, source, is_snapshot, entry_out,
				   error);
	close(source);
	return is_done;
}

static bool take_file(struct making *making, const struct statetree_file *file,
		      GError **error)
{
	struct manifest_file entry;
	struct stat source;

	return take_once(making, file, file->how == STATETREE_SNAPSHOT, &entry,
			 &source, error) &&
	       (!entry.path || add_entry(making, &entry, error));
}

static bool has_file(const struct folder *folder, const char *path)
{
	return faccessat(folder->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A day's two files, as they are looked for below the state. */
struct pair {
	struct statetree_file day, seal;
	char *changing;		/* the seal that is about to come to its name */
	struct stat day_facts, seal_facts;
	struct manifest_file entries[2];	/* path NULL: there is none */
};

static void begin_pair(const struct statetree_file *day, struct pair *pair)
{
	g_autofree char *stem = g_strndup(day->path, strlen(day->path) -
						     strlen(".mdb"));

	*pair = (struct pair){ .day = *day };
	pair->seal = (struct statetree_file){
		.path = g_strconcat(stem, ".seal", NULL),
		.kind = MANIFEST_SEAL, .how = STATETREE_COPY,
	};
	pair->changing = g_strconcat(pair->seal.path, ".sealing", NULL);
}

static bool is_as_before(const struct making *making, const char *path,
			 const struct stat *before, bool was_there)
{
	struct stat now;

	if (fstatat(making->from.fd, path, &now, 0) != 0)
		return !was_there;
	return was_there && now.st_ino == before->st_ino &&
	       now.st_dev == before->st_dev;
}

/* One try; whether both are of one moment. */
static bool take_pair(struct making *making, struct pair *pair,
		      bool *is_one_out, GError **error)
{
	bool is_sealed = has_file(&making->from, pair->seal.path);

	*is_one_out = false;
	pair->entries[1].path = NULL;
	if (has_file(&making->from, pair->changing))
		return true;
	if (!take_once(making, &pair->day, !is_sealed, &pair->entries[0],
		       &pair->day_facts, error) ||
	    (is_sealed && !take_once(making, &pair->seal, false,
				     &pair->entries[1], &pair->seal_facts,
				     error)))
		return false;
	*is_one_out = !has_file(&making->from, pair->changing) &&
		is_as_before(making, pair->day.path, &pair->day_facts,
			     pair->entries[0].path != NULL) &&
		is_as_before(making, pair->seal.path, &pair->seal_facts,
			     pair->entries[1].path != NULL);
	return true;
}

/* What was taken and does not fit together; and if nobody is at work there, the
 * change of a daemon that ended in its midst is ended. */
static void try_again(struct making *making, const struct pair *pair)
{
	g_autofree char *records = g_build_filename(making->from.path,
						    "records", NULL);
	int lock = sealfiles_lock(records, NULL);

	unlinkat(making->to.fd, pair->day.path, 0);
	unlinkat(making->to.fd, pair->seal.path, 0);
	if (lock < 0) {
		g_usleep(TRY_AGAIN_US);
		return;
	}
	(void)!sealfiles_recover(records, NULL);
	sealfiles_unlock(lock);
}

static bool add_pair(struct making *making, const struct pair *pair,
		     GError **error)
{
	if (pair->entries[0].path)
		return add_entry(making, &pair->entries[0], error) &&
		       (!pair->entries[1].path ||
			add_entry(making, &pair->entries[1], error));
	unlinkat(making->to.fd, pair->seal.path, 0);	/* it expired */
	return true;
}

/* The daemon may seal the day meanwhile, or erase from it: that gives it other
 * files, one after the other. */
static bool take_day(struct making *making, const struct statetree_file *day,
		     GError **error)
{
	bool is_one = false, is_done = true;
	struct pair pair;

	begin_pair(day, &pair);
	for (unsigned i = 0; i < TRIES && is_done && !is_one; i++) {
		is_done = take_pair(making, &pair, &is_one, error);
		if (is_done && !is_one)
			try_again(making, &pair);
	}
	if (is_done && !is_one)
		store_error_set_text(error, STORE_ERROR_TEMP, "%s/%s changes "
			"all the time; try again", making->from.path,
			day->path);
	is_done = is_done && is_one && add_pair(making, &pair, error);
	g_free(pair.seal.path);
	g_free(pair.changing);
	return is_done;
}

static bool take_all(struct making *making, bool is_rest, GError **error)
{
	g_autoptr(GPtrArray) files = statetree_list(making->from.path, error);

	if (!files)
		return false;
	for (guint i = 0; i < files->len; i++) {
		const struct statetree_file *file = g_ptr_array_index(files,
								      i);

		if ((file->how == STATETREE_COPY) != is_rest)
			continue;
		if (!(file->how == STATETREE_DAY ?
		      take_day(making, file, error) :
		      take_file(making, file, error)))
			return false;
	}
	return true;
}

static bool find_head(struct making *making, GError **error)
{
	g_autofree char *records = g_build_filename(making->part, "records",
						    NULL);
	struct chain_anchor head = { .day = 0 };
	GError *why = NULL;

	if (!chain_newest(records, &head, &why) && why) {
		g_propagate_error(error, why);
		return false;
	}
	lmdbenv_remove_locks(records);
	if (head.head.sequence) {
		making->manifest->head_day = head.day;
		making->manifest->head = head.head;
	}
	making->result->head_day = making->manifest->head_day;
	making->result->head = making->manifest->head;
	return true;
}

static bool write_manifest(struct making *making, GError **error)
{
	g_autoptr(GString) text = manifest_format(making->manifest);
	int fd = filecopy_create(&making->to, MANIFEST_NAME, 0400, error);
	bool is_done;

	if (fd < 0)
		return false;
	is_done = filecopy_write(fd, span_of(text->str, text->len),
				 making->part, error);
	close(fd);
	return is_done;
}

/* Only now it is there. */
static bool give_name(struct making *making, const struct folder *dir,
		      GError **error)
{
	g_autoptr(GPtrArray) paths = manifest_paths(making->manifest);

	g_ptr_array_add(paths, (char *)MANIFEST_NAME);
	if (!filecopy_sync(&making->to, paths, error))
		return false;
	if (renameat(dir->fd, strrchr(making->part, '/') + 1, dir->fd,
		     making->result->name) == 0 && fsync(dir->fd) == 0)
		return true;
	store_error_set(error, making->part, errno);
	return false;
}

/* Without one that can be read, all is copied. */
static void open_before(struct making *making, const char *dir)
{
	g_autoptr(GPtrArray) names = backuplist_names(dir, NULL);
	g_autofree char *path = NULL;

	if (!names || !names->len)
		return;
	path = g_build_filename(dir, g_ptr_array_index(names, names->len - 1),
				NULL);
	making->old = backuplist_manifest(path, NULL);
	if (making->old &&
	    !filecopy_open_folder(path, &making->before, NULL))
		g_clear_pointer(&making->old, manifest_free);
}

static bool make_part(struct making *making, const struct folder *dir,
		      GError **error)
{
	g_autofree char *name = g_strconcat(making->result->name,
					    BACKUPLIST_PART, NULL);

	making->part = g_build_filename(dir->path, name, NULL);
	if (has_file(dir, making->result->name)) {
		store_error_set_text(error, STORE_ERROR_TEMP, "%s/%s is there "
			"already", dir->path, making->result->name);
		return false;
	}
	if (mkdirat(dir->fd, name, 0700) != 0) {
		store_error_set(error, making->part, errno);
		return false;
	}
	return filecopy_open_folder(making->part, &making->to, error);
}

static bool make_in(struct making *making, const struct folder *dir,
		    GError **error)
{
	int64_t now_us = clock_now_us();
	bool is_done;

	making->result->name = backuplist_name_of(now_us);
	making->manifest = manifest_new(PACKAGE_VERSION, now_us);
	open_before(making, dir->path);
	is_done = make_part(making, dir, error) &&
		  take_all(making, false, error) &&
		  take_all(making, true, error) &&
		  find_head(making, error) && write_manifest(making, error) &&
		  give_name(making, dir, error);
	if (!is_done)
		(void)!filecopy_remove_tree(making->part, NULL);
	filecopy_close_folder(&making->to);
	filecopy_close_folder(&making->before);
	manifest_free(making->manifest);
	manifest_free(making->old);
	g_free(making->part);
	if (!is_done)
		g_clear_pointer(&making->result->name, g_free);
	return is_done &&
	       backuplist_keep(dir->path, making->order->keep,
			       &making->result->removed, error);
}

/* The next back-up would have the one before in it, and so on. The folder may
 * be one that is to be made. */
static bool is_within(const char *dir, const char *state_dir)
{
	g_autofree char *above = g_path_get_dirname(dir);
	g_autofree char *inner = realpath(dir, NULL);
	g_autofree char *outer = realpath(state_dir, NULL);
	size_t len = outer ? strlen(outer) : 0;

	if (!inner)
		inner = realpath(above, NULL);
	return inner && outer && strncmp(inner, outer, len) == 0 &&
	       (inner[len] == '/' || inner[len] == '\0');
}

static bool take_dir(const char *dir, GError **error)
{
	g_autofree char *lock = g_build_filename(dir, "lock", NULL);
	g_autoptr(GError) why = NULL;
	pid_t owner;

	if (pidfile_take(lock, &why))
		return true;
	owner = pidfile_owner(lock);
	if (owner)
		store_error_set_text(error, STORE_ERROR_BUSY, "%s: a back-up "
			"is being made there, by process %ld", dir,
			(long)owner);
	else
		store_error_set_text(error, STORE_ERROR_PERM, "%s (the folder "
			"of back-ups must be writable for the owner of the "
			"state)", why->message);
	return false;
}

bool backup_make(const struct backup_order *order,
		 struct backup_result *result_out, GError **error)
{
	struct making making = {
		.order = order, .result = result_out, .from.fd = -1,
		.to.fd = -1, .before.fd = -1,
	};
	struct folder dir = { .fd = -1 };
	bool is_done = false;

	*result_out = (struct backup_result){ .name = NULL };
	if (is_within(order->dir, order->state_dir))
		store_error_set_text(error, STORE_ERROR_INVALID, "%s is "
			"within %s: a back-up belongs elsewhere, best on "
			"another disk", order->dir, order->state_dir);
	else if (mkdir(order->dir, 0700) != 0 && errno != EEXIST)
		store_error_set(error, order->dir, errno);
	else
		is_done = filecopy_open_folder(order->state_dir, &making.from,
					       error) &&
			  filecopy_open_folder(order->dir, &dir, error) &&
			  take_dir(order->dir, error) &&
			  backuplist_clean(order->dir, error) &&
			  make_in(&making, &dir, error);
	filecopy_close_folder(&making.from);
	filecopy_close_folder(&dir);
	return is_done;
}
