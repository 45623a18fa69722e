#include <config.h>

#include "sender/arcset.h"

#include <string.h>

#define RESULTS "ARC-Authentication-Results"
#define SIGNATURE "ARC-Message-Signature"
#define SEAL "ARC-Seal"

/* 1 to 50, without leading zeros or signs; else 0. */
static unsigned instance_of(struct span text)
{
	unsigned number = 0;

	if (!text.len || text.len > 2 || text.ptr[0] == '0')
		return 0;
	for (size_t i = 0; i < text.len; i++) {
		if (!g_ascii_isdigit(text.ptr[i]))
			return 0;
		number = number * 10 + (unsigned)(text.ptr[i] - '0');
	}
	return number <= ARC_SETS_MAX ? number : 0;
}

unsigned arcset_results_instance(struct span value, struct span *rest_out)
{
	ptrdiff_t semicolon = span_find(value, ';'), equals;
	struct span first = span_first(value, semicolon < 0 ? value.len :
				       (size_t)semicolon);

	*rest_out = span_from(value, first.len + 1);
	equals = span_find(first, '=');
	if (equals < 0 ||
	    !span_is(span_trim(span_first(first, (size_t)equals)), "i"))
		return 0;
	return instance_of(span_trim(span_from(first, (size_t)equals + 1)));
}

/* Puts one field into its place; what is wrong with it, else NULL. */
static const char *place(struct arc_chain *chain, unsigned instance,
			 const struct header *header, struct taglist *tags)
{
	struct arc_set *set;
	const struct header **slot;

	if (!instance)
		return "an ARC field has no valid i=";
	set = &chain->sets[instance - 1];
	chain->count = MAX(chain->count, instance);
	slot = span_is_word(header->name, RESULTS) ? &set->results :
	       span_is_word(header->name, SEAL) ? &set->seal :
						  &set->signature;
	if (*slot)
		return "two ARC fields have the same instance";
	*slot = header;
	if (slot == &set->seal)
		set->seal_tags = tags;
	else if (slot == &set->signature)
		set->signature_tags = tags;
	return NULL;
}

static const char *take(struct transaction *tx, struct arc_chain *chain,
			const struct header *header)
{
	struct taglist *tags;
	const struct span *instance;
	struct span rest;

	if (span_is_word(header->name, RESULTS))
		return place(chain, arcset_results_instance(header->value,
							    &rest),
			     header, NULL);
	tags = arena_new(&tx->arena, struct taglist);
	if (!taglist_parse(header->value, tags))
		return "an ARC field is no tag list";
	instance = taglist_find(tags, "i");
	return place(chain, instance ? instance_of(*instance) : 0, header,
		     tags);
}

static bool is_arc(const struct header *header)
{
	return span_is_word(header->name, RESULTS) ||
	       span_is_word(header->name, SIGNATURE) ||
	       span_is_word(header->name, SEAL);
}

/* 5.2, steps 1 to 3: whole sets without a gap, and each seal says what its
 * instance allows. */
static const char *check(const struct arc_chain *chain)
{
	for (unsigned i = 0; i < chain->count; i++) {
		const struct arc_set *set = &chain->sets[i];
		const struct span *cv;

		if (!set->results || !set->signature || !set->seal)
			return "a set of the chain is not whole";
		cv = taglist_find(set->seal_tags, "cv");
		if (!cv)
			return "a seal has no cv=";
		if (i + 1 == chain->count && span_is_word(*cv, "fail"))
			return "the chain had failed before";
		if (!span_is_word(*cv, i == 0 ? "none" : "pass"))
			return "a seal's cv= is wrong";
	}
	return NULL;
}

struct arc_chain *arcset_collect(struct transaction *tx)
{
	struct arc_chain *chain = NULL;

	for (guint i = 0; i < tx->headers->len; i++) {
		const struct header *header =
			&g_array_index(tx->headers, struct header, i);
		const char *problem;

		if (!is_arc(header))
			continue;
		if (!chain)
			chain = arena_new(&tx->arena, struct arc_chain);
		problem = take(tx, chain, header);
		if (problem && !chain->problem)
			chain->problem = problem;
	}
	if (chain && !chain->problem)
		chain->problem = check(chain);
	if (chain && !chain->problem &&
	    (tx->headers_dropped || tx->headers_cut))
		chain->problem = "not all of the header was kept";
	return chain;
}
