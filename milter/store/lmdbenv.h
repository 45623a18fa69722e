/* lmdbenv.h - opens an LMDB environment so that it cannot kill the process */
#ifndef STORE_LMDBENV_H
#define STORE_LMDBENV_H

#include "base/guard.h"

#include <glib.h>
#include <lmdb.h>
#include <stdbool.h>

struct lmdbenv_options {
	bool is_read_only;
	bool is_created;		/* when it is not there */
	bool is_unlocked;		/* nobody else writes it: no
					 * lock file */
	bool is_unsynced;		/* the caller has it written, all
					 * at once */
	unsigned int tables;		/* named ones, at most */
	size_t map_bytes;		/* 0: as the file says */
};

/*
 * Opens one file (MDB_NOSUBDIR, MDB_NOTLS, mode 0600, 1,024 readers at least)
 * and clears away what dead readers left. The file's lock is path-lock, if it
 * has one. What root makes belongs to the owner of the folder, so that reevectl
 * run by root does not lock the daemon out.
 */
MDB_env *lmdbenv_open(const char *path, const struct lmdbenv_options *options,
		      GError **error) MUST_USE;

/* The locks of files in a folder that nobody writes to: a copy should not have
 * what only looking at it makes. */
void lmdbenv_remove_locks(const char *dir);

/*
 * Puts the disk in the state that was last committed, after a write that
 * failed: see lmdbenv.c. To be called on an environment opened since, within a
 * write transaction of the caller's that has written nothing yet. 0, or a
 * number for store_error_set().
 */
int lmdbenv_settle(MDB_env *env) MUST_USE;

#endif
