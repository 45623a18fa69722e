/* literalfilter.h - which rules may match a text, by what must occur in it */
#ifndef CONTENT_LITERALFILTER_H
#define CONTENT_LITERALFILTER_H

#include "content/prefilter.h"

struct literalfilter;

/*
 * Of those rules (of struct rule *, with patterns) of which something is known
 * that must occur, and not in about every text; marks them by is_filtered.
 * NULL: there is none.
 */
struct literalfilter *literalfilter_new(const GPtrArray *rules) MUST_USE;
/* Accepts NULL. */
void literalfilter_free(struct literalfilter *filter);
size_t literalfilter_bytes(const struct literalfilter *filter);

/* As prefilter_scan(), but that it can always be done. */
void literalfilter_scan(const struct literalfilter *filter, struct span text,
			prefilter_take_fn *take, void *mydata);

#endif
