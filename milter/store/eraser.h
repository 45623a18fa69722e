/* eraser.h - erases what records say of a person, in all sealed days */
#ifndef STORE_ERASER_H
#define STORE_ERASER_H

#include "store/search.h"
#include "store/state.h"

struct eraser_result {
	uint64_t found;		/* records that the query asks for */
	uint64_t erased;
	unsigned days;		/* that were written anew */
	uint64_t unsealed;	/* found in days that are not sealed yet: they stay */
};

/*
 * Each day that has some is written anew and sealed again (sealwrite.h); the chain
 * still holds, since of each record the hash of what it was stays. None is erased when
 * one of them is on hold: STORE_ERROR_INVALID. Cut off, some days are done; it can be
 * done again. is_dry: only finds and looks whether it may. query's limit does not
 * count.
 */
bool eraser_run(const char *state_dir, struct state *state,
		const struct search_query *query, bool is_dry,
		struct eraser_result *result_out, GError **error) MUST_USE;

#endif
