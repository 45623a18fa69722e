/* backup.h - copies of the state directory, each complete or not there */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include "store/manifest.h"

/*
 * A folder of back-ups has one folder for each, named after its time (UTC):
 * 2026-11-26T003400.000000Z. It is a whole state directory, with a manifest;
 * what did not change since the back-up before is one file with two names (a
 * hard link). A back-up is made under NAME.part, and gets its name when all of
 * it is on the disk.
 *
 * What this costs: one bad block harms all back-ups that share the
 * file. Whoever keeps only one disk of back-ups should begin a new
 * folder now and then.
 */
struct backup_order {
	const char *state_dir;
	const char *dir;		/* of the back-ups; made when
					 * not there */
	unsigned keep;			/* the newest so many; 0: all */
};

struct backup_result {
	char *name;
	uint64_t files, bytes;		/* that it has */
	uint64_t copied, copied_bytes;	/* that were not in the one before */
	unsigned removed;		/* old back-ups */
	int64_t head_day;
	struct segment_head head;	/* newest record in it */
};
void backup_result_release(struct backup_result *result);

/*
 * Makes one, whether the daemon runs or not: all records that were acknowledged
 * before are in it. False with error: nothing new is there, or, when it has a
 * name, only old ones could not be removed. result_out is initialised by the
 * call, whatever it returns.
 */
bool backup_make(const struct backup_order *order,
		 struct backup_result *result_out, GError **error) MUST_USE;

#endif
