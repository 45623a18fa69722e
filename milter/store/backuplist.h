/* backuplist.h - the back-ups of a folder, by their names */
#ifndef STORE_BACKUPLIST_H
#define STORE_BACKUPLIST_H

#include "store/manifest.h"

#define BACKUPLIST_PART ".part"		/* behind the name of one that is
					 * not whole */

/* 2026-11-26T003400.000000Z; free with g_free(). */
char *backuplist_name_of(int64_t time_us) MUST_USE;

/* The names of those that are complete, oldest first. NULL with error. Free
 * with g_ptr_array_unref(). */
GPtrArray *backuplist_names(const char *dir, GError **error) MUST_USE;

/* What one says it has. dir is the back-up itself. NULL with error; free with
 * manifest_free(). */
struct manifest *backuplist_manifest(const char *dir, GError **error) MUST_USE;

/* Removes what was begun and not ended. */
bool backuplist_clean(const char *dir, GError **error) MUST_USE;

/* Removes all but the newest so many (0: none), and what was not ended. */
bool backuplist_keep(const char *dir, unsigned keep, unsigned *removed_out,
		     GError **error) MUST_USE;

/*
 * The back-ups that a word of an operator means: a back-up itself, or a folder
 * of them; their paths, the newest first. NULL with error when there is none.
 */
GPtrArray *backuplist_find(const char *dir, GError **error) MUST_USE;

#endif
