/* restore.h - a back-up looked through, or made a state directory again */
#ifndef STORE_RESTORE_H
#define STORE_RESTORE_H

#include "store/audit.h"
#include "store/manifest.h"

#include <sys/types.h>

/*
 * Compares each file of a back-up with its hash, and the records' chains with
 * themselves. keep_ms: days that ended so long before it was made may have
 * expired. Problems (char *, "PATH: what") go to problems_out, which is made by
 * the call: none is good. NULL with error: it cannot be looked at.
 */
struct manifest *restore_verify(const char *backup, int64_t keep_ms,
				GPtrArray **problems_out, GError **error)
	MUST_USE;

#define RESTORE_ALL_DAYS INT64_MIN

struct restore_order {
	const char *backup;		/* one; see backuplist_find() */
	const char *target;		/* absent, or an empty folder */
	int64_t day;			/* its records alone */
	uid_t user;			/* whom it is to belong to, when
					 * root runs */
	gid_t group;
	int64_t keep_ms;
	const struct audit_entry *audit;	/* put into the
						 * restored audit */
};

struct restore_result {
	uint64_t files, bytes;
};

/*
 * Copies it, verifies the copy, and gives it its name only then: the target is
 * whole or as it was before. False with error.
 */
bool restore_run(const struct restore_order *order,
		 struct restore_result *result_out, GError **error) MUST_USE;

#endif
