/* prefilter.h - which rules may match a text, found in one pass over it */
#ifndef CONTENT_PREFILTER_H
#define CONTENT_PREFILTER_H

#include "content/ruleset.h"

struct prefilter;

/*
 * Of all rules of a kind (of header rules those of one spec, an index in the
 * set's specs) that can run: by what must occur in a text if they are to match,
 * and where nothing is known of that, by Hyperscan, for which their patterns
 * are compiled, or taken as they were compiled before from cache_dir (made
 * there when it is missing; NULL: nothing is kept; one that cannot be used
 * costs time, no more). Marks the rules that are in it by is_filtered: the
 * others may always match. NULL: there is none.
 */
struct prefilter *prefilter_new(const struct ruleset *set, enum rule_kind kind,
				guint header, const char *cache_dir) MUST_USE;
/* Accepts NULL. */
void prefilter_free(struct prefilter *filter);

typedef void prefilter_take_fn(const struct rule *rule,
			       const struct pattern_window *window,
			       void *mydata);

/*
 * Gives each rule of the filter whose pattern may match in the text, with each
 * window in which a match may begin, in no order; never misses one that does.
 * Behind the text 64 bytes must be readable, as they are in an arena. Any
 * thread. False: it could not be done.
 */
bool prefilter_scan(const struct prefilter *filter, struct span text,
		    prefilter_take_fn *take, void *mydata) MUST_USE;

#endif
