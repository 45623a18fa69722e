/* For a build without Hyperscan. */
#include <config.h>

#include "content/hyperset.h"

struct hyperset *hyperset_new(const GPtrArray *rules, const char *cache_dir)
{
	(void)rules;
	(void)cache_dir;
	return NULL;
}

void hyperset_free(struct hyperset *set)
{
	(void)set;
}

bool hyperset_scan(const struct hyperset *set, struct span text,
		   prefilter_take_fn *take, void *mydata)
{
	(void)set;
	(void)text;
	(void)take;
	(void)mydata;
	return false;
}

const char *hyperset_engine(void)
{
	return NULL;
}
