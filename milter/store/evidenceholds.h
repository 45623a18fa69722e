/* evidenceholds.h - which originals must stay, since records on
 * hold have them */
#ifndef STORE_EVIDENCEHOLDS_H
#define STORE_EVIDENCEHOLDS_H

#include "store/evidence.h"
#include "store/holdset.h"

/*
 * An original is on hold when a record on hold has it, or all of its day is on
 * hold. The records of a day are looked through once, when the first original
 * of that day is asked about, and what was found is remembered.
 *
 * A record can lie in a later day's file than it ended in: a hold of either day
 * holds the original. Of the day before one that is on hold all are, since that
 * file is the next one behind midnight.
 */
struct evidenceholds;

/* holds is borrowed until it is freed; NULL: there are none. */
struct evidenceholds *evidenceholds_new(const char *state_dir,
					const struct holdset *holds) MUST_USE;
/* Accepts NULL, clears the pointer. */
void evidenceholds_free(struct evidenceholds **holds);

/* Whether all of a day is on hold; whether some of it may be. */
bool evidenceholds_has_day(const struct evidenceholds *holds, int64_t day);
bool evidenceholds_may_have(const struct evidenceholds *holds, int64_t day);
/* False with error: it cannot be told. */
bool evidenceholds_has(struct evidenceholds *holds,
		       const struct evidence_place *place, GError **error)
	MUST_USE;

#endif
