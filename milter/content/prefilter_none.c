/* For a build without Hyperscan: PCRE2 alone, with the same hits. */
#include <config.h>

#include "content/prefilter.h"

struct prefilter *prefilter_new(const struct ruleset *set, enum rule_kind kind,
				guint header, const char *cache_dir)
{
	(void)header;
	(void)set;
	(void)kind;
	(void)cache_dir;
	return NULL;
}

void prefilter_free(struct prefilter *filter)
{
	(void)filter;
}

bool prefilter_scan(const struct prefilter *filter, struct span text,
		    prefilter_take_fn *take, void *mydata)
{
	(void)filter;
	(void)text;
	(void)take;
	(void)mydata;
	return false;
}

const char *prefilter_engine(void)
{
	return NULL;
}
