#include <config.h>

#include "store/lmdbenv.h"

#include "store/storeerror.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#define READERS 1024
/* More than LMDB takes for so many readers (64 bytes each, and its head). */
#define LOCK_BYTES (128 * 1024)
#define TRIES 5
#define TRY_AGAIN_US 10000

static bool give_to_owner(int fd, const char *path)
{
	g_autofree char *dir = g_path_get_dirname(path);
	struct stat folder, file;

	if (geteuid() != 0 || stat(dir, &folder) != 0 || fstat(fd, &file) != 0)
		return true;
	if (file.st_uid == folder.st_uid && file.st_gid == folder.st_gid)
		return true;
	return fchown(fd, folder.st_uid, folder.st_gid) == 0;
}

/*
 * LMDB makes its lock file with ftruncate() and writes to it through a mapping:
 * on a full disk that is SIGBUS, the end of the daemon. So its blocks are
 * taken here, where a failure is only an error. This must come before
 * mdb_env_open(): to close any descriptor of a file drops all the locks that
 * the process has on it.
 */
static int prepare_lock(const char *path)
{
	g_autofree char *lock = g_strconcat(path, "-lock", NULL);
	int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat file;
	int failed = 0;

	if (fd < 0)
		return errno;
	if (!give_to_owner(fd, lock) || fstat(fd, &file) != 0)
		failed = errno;
	else if (file.st_size < LOCK_BYTES ||
		 file.st_blocks * 512 < file.st_size)
		failed = posix_fallocate(fd, 0, MAX(LOCK_BYTES, file.st_size));
	close(fd);
	return failed;
}

/* An empty file is as good as none to LMDB, but has the right owner. */
static int prepare_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int failed = 0;

	if (fd < 0)
		return errno;
	if (!give_to_owner(fd, path))
		failed = errno;
	close(fd);
	return failed;
}

static int prepare(const char *path, const struct lmdbenv_options *options)
{
	struct stat file;
	int failed;

	if (options->is_created) {
		failed = prepare_file(path);
		if (failed)
			return failed;
	} else if (stat(path, &file) != 0) {
		return errno;
	} else if (file.st_size == 0) {
		return ENOENT;
	}
	if (options->is_unlocked)
		return 0;
	failed = prepare_lock(path);
	/* LMDB reads a read-only file system without a lock file. */
	return failed == EROFS && options->is_read_only ? 0 : failed;
}

static int open_once(const char *path, const struct lmdbenv_options *options,
		     MDB_env **env_out)
{
	unsigned int flags = MDB_NOSUBDIR | MDB_NOTLS;
	MDB_env *env;
	int failed = mdb_env_create(&env);

	if (failed)
		return failed;
	if (options->is_read_only)
		flags |= MDB_RDONLY | MDB_NORDAHEAD;
	if (options->is_unlocked)
		flags |= MDB_NOLOCK;
	if (options->is_unsynced)
		flags |= MDB_NOSYNC;
	mdb_env_set_maxreaders(env, READERS);
	mdb_env_set_maxdbs(env, options->tables);
	if (options->map_bytes)
		mdb_env_set_mapsize(env, options->map_bytes);
	failed = mdb_env_open(env, path, flags, 0600);
	if (failed)
		mdb_env_close(env);
	else
		*env_out = env;
	return failed;
}

/* A file shorter than it says would be SIGBUS at the first look behind its end.
 * The file's length is asked for second: it only grows. */
static bool is_whole(MDB_env *env)
{
	MDB_envinfo info;
	MDB_stat stats;
	struct stat file;
	int fd;

	if (mdb_env_info(env, &info) || mdb_env_stat(env, &stats) ||
	    mdb_env_get_fd(env, &fd) || fstat(fd, &file) != 0)
		return false;
	return (uint64_t)file.st_size >=
	       ((uint64_t)info.me_last_pgno + 1) * stats.ms_psize;
}

/* Another process that opens or closes it in the same moment can make LMDB see
 * a lock file that is not ready yet. */
static bool may_pass(int failed)
{
	return failed == MDB_INVALID || failed == MDB_VERSION_MISMATCH ||
	       failed == EAGAIN;
}

MDB_env *lmdbenv_open(const char *path, const struct lmdbenv_options *options,
		      GError **error)
{
	int failed = prepare(path, options), dead;
	MDB_env *env = NULL;

	if (!failed)
		failed = open_once(path, options, &env);
	for (int i = 1; i < TRIES && may_pass(failed); i++) {
		g_usleep(TRY_AGAIN_US);
		failed = open_once(path, options, &env);
	}
	if (failed) {
		store_error_set(error, path, failed);
		return NULL;
	}
	if (!is_whole(env)) {
		mdb_env_close(env);
		store_error_set_text(error, STORE_ERROR_DAMAGED,
				     "%s: the file is cut short", path);
		return NULL;
	}
	if (!options->is_unlocked)
		mdb_reader_check(env, &dead);
	return env;
}

void lmdbenv_remove_locks(const char *dir)
{
	g_autoptr(GDir) folder = g_dir_open(dir, 0, NULL);
	const char *name;

	while (folder && (name = g_dir_read_name(folder))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);

		if (g_str_has_suffix(name, ".mdb-lock"))
			unlink(path);
	}
}

/*
 * What a failed commit leaves. Its pages do no harm: nothing that was committed
 * leads to them, and the next transaction writes anew all that it leads to, so
 * that a kernel which takes pages for clean once it has said that it could not
 * write them (all of them do, fsync(2) tells once) takes nothing away. What was
 * committed had been synced, and is not in doubt.
 *
 * But of the two pages at the file's begin that say what is committed one may
 * have got to the disk though its write was said to have failed. LMDB writes
 * the old one over it without a sync, and the kernel may think that it is
 * clean. A power cut after the next transaction had overwritten the pages of
 * the failed one, and before it was over, would leave a file that leads to a
 * mixture. So both are written as they are known here, and synced, before any
 * page is used again.
 */
int lmdbenv_settle(MDB_env *env)
{
	g_autofree char *pages = NULL;
	MDB_stat stats;
	ssize_t len;
	int fd, failed = mdb_env_stat(env, &stats);

	if (!failed)
		failed = mdb_env_get_fd(env, &fd);
	if (failed)
		return failed;
	len = (ssize_t)stats.ms_psize * 2;
	pages = g_malloc((size_t)len);
	errno = EIO;		/* when it is done in part */
	if (pread(fd, pages, (size_t)len, 0) != len ||
	    pwrite(fd, pages, (size_t)len, 0) != len || fdatasync(fd) != 0)
		return errno;
	return 0;
}
