/* evidenceterm.h - when originals go */
#ifndef STORE_EVIDENCETERM_H
#define STORE_EVIDENCETERM_H

#include "store/evidence.h"
#include "store/holdset.h"

struct evidenceterm {
	bool is_held;			/* what is only held back, not
					 * evidence */
	int64_t keep_ms, now_us;
	int64_t dropped_day;		/* records of up to this day went before
					 * their term; INT64_MIN: of none */
	const struct holdset *holds;
};

/*
 * Removes the originals of the days that ended more than keep_ms before now_us,
 * and of those whose records went before their term (diskwatch.h): whole
 * folders, but for those of records on hold. Returns how many days were past
 * their term and lost some, -1 with error when not all could.
 */
int evidenceterm_expire(const char *state_dir, const struct evidenceterm *term,
			GError **error);

#endif
