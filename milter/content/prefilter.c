#include <config.h>

#include "content/prefilter.h"

#include "content/captures.h"
#include "content/hyperset.h"
#include "content/literalfilter.h"

struct prefilter {
	struct literalfilter *literals;	/* NULL: none, as the other one */
	struct hyperset *patterns;
};

/* Those that are not yet in a filter. */
static GPtrArray *collect(const struct ruleset *set, enum rule_kind kind,
			  guint header)
{
	GPtrArray *rules = g_ptr_array_new();

	for (guint i = 0; i < set->rules->len; i++) {
		struct rule *rule = g_ptr_array_index(set->rules, i);

		if (rule->kind == kind && !rule->is_off && rule->pattern &&
		    !rule->call && !rule->detail && !rule->is_filtered &&
		    (!rule->user || captures_user_may_filter(rule->user)) &&
		    (kind != RULE_HEADER || rule->header == header))
			g_ptr_array_add(rules, rule);
	}
	return rules;
}

/* Hyperscan gets what is left: the fewer patterns it has, the faster it is, and
 * it compiles them in no time. */
struct prefilter *prefilter_new(const struct ruleset *set, enum rule_kind kind,
				guint header, const char *cache_dir)
{
	g_autoptr(GPtrArray) rules = collect(set, kind, header);
	g_autoptr(GPtrArray) others = NULL;
	struct prefilter filter = { .literals = literalfilter_new(rules) };
	struct prefilter *made = NULL;

	others = collect(set, kind, header);
	filter.patterns = hyperset_new(others, cache_dir);
	if (filter.patterns || filter.literals) {
		made = g_new(struct prefilter, 1);
		*made = filter;
	}
	return made;
}

void prefilter_free(struct prefilter *filter)
{
	if (!filter)
		return;
	hyperset_free(filter->patterns);
	literalfilter_free(filter->literals);
	g_free(filter);
}

bool prefilter_scan(const struct prefilter *filter, struct span text,
		    prefilter_take_fn *take, void *mydata)
{
	if (filter->literals)
		literalfilter_scan(filter->literals, text, take, mydata);
	return !filter->patterns ||
	       hyperset_scan(filter->patterns, text, take, mydata);
}
