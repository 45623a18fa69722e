/* casetold.h - which cases and deadlines people were told of, in state.mdb */
#ifndef CASES_CASETOLD_H
#define CASES_CASETOLD_H

#include "cases/caseform.h"
#include "store/state.h"

struct casetold {
	int64_t until_us;		/* what was due by then, was told */
	struct case_id newest;		/* of the cases that were */
};

/* Where nothing is on disk, all cases that there are count as
 * told, and no deadline. */
void casetold_load(struct state *state, int64_t now_us,
		   struct casetold *told_out);
bool casetold_save(struct state *state, const struct casetold *told,
		   GError **error) MUST_USE;
/* The last number given in the year of now_us (UTC); 0: none. */
struct case_id casetold_newest(struct state *state, int64_t now_us);

#endif
