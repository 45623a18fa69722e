/* eraser.h - erases what records say of a person, in all sealed days */
#ifndef STORE_ERASER_H
#define STORE_ERASER_H

#include "store/search.h"
#include "store/state.h"

struct eraser_order {
	const char *state_dir;
	struct state *state;
	const struct search_query *query;	/* its limit does not count */
	const char *operator_name, *reason;	/* for what is removed of originals */
	bool is_dry;		/* only finds, and looks whether it may */
};

struct eraser_result {
	uint64_t found;		/* records that the query asks for */
	uint64_t erased;
	uint64_t originals;	/* that were evidence, and are gone */
	unsigned days;		/* that were written anew */
	uint64_t unsealed;	/* found in days that are not sealed yet: they stay */
};

/*
 * Each day that has some is written anew and sealed again (sealwrite.h); the chain
 * still holds, since of each record the hash of what it was stays. Originals of theirs
 * are removed. None is erased when one of them is on hold: STORE_ERROR_INVALID. Cut
 * off, some days are done; it can be done again.
 */
bool eraser_run(const struct eraser_order *order,
		struct eraser_result *result_out, GError **error) MUST_USE;

#endif
