/* sealfiles.h - a sealed day's two files, which change places
 * with the old ones */
#ifndef STORE_SEALFILES_H
#define STORE_SEALFILES_H

#include "store/seal.h"

/*
 * What is made has names of its own, DAY.mdb.sealing and DAY.seal.sealing. The
 * second is there only when the first is whole and on disk: from then on the
 * change has happened, and whoever finds the two ends it.
 */
enum sealfiles_name { SEALFILES_FRESH, SEALFILES_FRESH_SEAL };
/* Free with g_free(). */
char *sealfiles_path(const char *records_dir, int64_t day,
		     enum sealfiles_name name) MUST_USE;

/* The seal that speaks of the day's file: where a change was cut off just
 * between the two, the one that has not its name yet. Free with g_free(). */
char *sealfiles_seal_path(const char *records_dir, int64_t day) MUST_USE;

/* Whether something was cut off, or is under way. */
bool sealfiles_is_any(const char *records_dir);

/* The right to make or end a change, for one at a time, whatever the process. A
 * descriptor; -1 with error, STORE_ERROR_BUSY when another has it. */
int sealfiles_lock(const char *records_dir, GError **error) MUST_USE;
void sealfiles_unlock(int lock);

/* Signs the seal, and puts both files in place of what is
 * there. lock is held. */
bool sealfiles_commit(const char *records_dir, int64_t day, struct seal *seal,
		      const struct sealkey *key, GError **error) MUST_USE;
/* Removes what was made of a day and has not happened. lock is held. */
bool sealfiles_clear(const char *records_dir, int64_t day, GError **error);
/* Ends what has happened, of all days, and clears away the
 * rest. lock is held. */
bool sealfiles_recover(const char *records_dir, GError **error) MUST_USE;

bool sealfiles_hash(const char *path, uint64_t *bytes_out,
		    uint8_t sha256_out[RECORD_HASH_BYTES], GError **error)
	MUST_USE;

/*
 * Whether the day's file and seal are those that were made: the seal's form and
 * signature, by public_key unless that is NULL, and the file's size and hash.
 * NULL: they are; else what is wrong, in words; free it.
 */
char *sealfiles_check(const char *records_dir, int64_t day,
		      const uint8_t *public_key, struct seal *seal_out)
	MUST_USE;

#endif
