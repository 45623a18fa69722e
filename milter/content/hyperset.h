/* hyperset.h - which rules may match a text, found in one pass by Hyperscan */
#ifndef CONTENT_HYPERSET_H
#define CONTENT_HYPERSET_H

#include "content/prefilter.h"

struct hyperset;

/*
 * Compiles the patterns of the rules (of struct rule *), or takes them as they
 * were compiled before from cache_dir; see prefilter_new(). Those that it can
 * do nothing with are left out; marks the others by is_filtered. NULL: there
 * are hardly any, or there is no Hyperscan for this processor or in this build.
 */
struct hyperset *hyperset_new(const GPtrArray *rules, const char *cache_dir)
	MUST_USE;
/* Accepts NULL. */
void hyperset_free(struct hyperset *set);
/* See prefilter_scan(). */
bool hyperset_scan(const struct hyperset *set, struct span text,
		   prefilter_take_fn *take, void *mydata) MUST_USE;

/* Hyperscan's version; NULL: this build or processor is without. */
const char *hyperset_engine(void);

#endif
