/* badprints.h - fingerprints that operators put on the block list */
#ifndef BULK_BADPRINTS_H
#define BULK_BADPRINTS_H

#include "bulk/campaigns.h"

struct badprints;

struct badprints *badprints_new(void) MUST_USE;
/* Accepts NULL. */
void badprints_free(struct badprints *bad);

/* Reads the list (store/lists.h) when it changed, or an entry
 * ran out: for a timer. */
void badprints_refresh(struct badprints *bad, struct state *state,
		       int64_t now_us);
/* Whether it is like one of them; its subject is the reason. Any thread. */
bool badprints_find(struct badprints *bad, const struct fingerprint *print,
		    struct campaign *out);

#endif
