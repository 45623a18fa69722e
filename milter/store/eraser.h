/* eraser.h - erases what records say of a person, in all sealed days */
#ifndef STORE_ERASER_H
#define STORE_ERASER_H

#include "store/search.h"
#include "store/state.h"

struct eraser_order {
	const char *state_dir;
	struct state *state;
	const struct search_query *query;	/* its limit does not count */
	const char *operator_name, *reason;	/* for what is removed of
						 * originals */
	bool is_dry;		/* only finds, and looks whether it may */
};

struct eraser_result {
	uint64_t found;		/* records that the query asks for */
	uint64_t erased;
	uint64_t originals;	/* that were evidence, and are gone */
	uint64_t unsealed;	/* found in days that are not sealed yet:
				 * they stay */
	uint64_t sessions;	/* found, all of whose mail is among those */
	uint64_t shared;	/* sessions that stay: they have other
				 * mail, too */
	GArray *late;		/* ids (uint64_t) of sessions that have no
				 * record yet, or in a day that is not
				 * sealed yet */
	GArray *done, *left;	/* days (int64_t) that were written anew, or
				 * ought to be, the newest first */
	GArray *ids;		/* of the records found (uint64_t) */
};
void eraser_result_release(struct eraser_result *result);

/*
 * Each day that has some is written anew and sealed again (sealwrite.h); the
 * chain still holds, since of each record the hash of what it was stays.
 * Originals of theirs are removed. Who sends mail is named by the record of his
 * session, too: it is erased when all of the session's mail is.
 *
 * None is erased when one of them is on hold: STORE_ERROR_INVALID; that is
 * looked at once more when a day is about to change. The days go from the
 * newest, which have the sessions of those before: cut off, some are done, and
 * it can be done again. Another who is at work on sealed days:
 * STORE_ERROR_BUSY. result_out is filled in whatever is returned, and is to be
 * released.
 */
bool eraser_run(const struct eraser_order *order,
		struct eraser_result *result_out, GError **error) MUST_USE;

#endif
