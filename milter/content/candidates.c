#include <config.h>

#include "content/candidates.h"

#include "content/prefilter.h"

#define LINKS_MAX 2000000	/* a message made to fill memory gets no more */

/* One text of a rule, and the place of its next link; 0: the last. */
struct link {
	guint text, next;
};

struct candidates {
	const GArray *texts[RULE_KINDS];
	GPtrArray *rules;		/* of const struct rule * */
	GArray *links;			/* of struct link; the first stands
					 * for none */
	guint *heads, *tails;		/* by rule: places in links */
	guint text;			/* that is being looked at */
	bool is_all;			/* nothing is known of any */
};

static void take(const struct rule *rule, void *mydata)
{
	struct candidates *on = mydata;
	struct link link = { .text = on->text };
	guint place = on->links->len;

	if (place > LINKS_MAX) {
		on->is_all = true;
		return;
	}
	g_array_append_val(on->links, link);
	if (!on->heads[rule->index]) {
		on->heads[rule->index] = place;
		g_ptr_array_add(on->rules, (gpointer)rule);
	} else {
		g_array_index(on->links, struct link,
			      on->tails[rule->index]).next = place;
	}
	on->tails[rule->index] = place;
}

static void look(struct candidates *on, const struct prefilter *filter,
		 struct span text)
{
	if (text.len && filter && !prefilter_scan(filter, text, take, on))
		on->is_all = true;
}

static void look_at_kind(struct candidates *on, const struct ruleset *set,
			 enum rule_kind kind)
{
	const GArray *texts = on->texts[kind];

	for (guint i = 0; texts && i < texts->len && !on->is_all; i++) {
		on->text = i;
		look(on, kind != RULE_HEADER ? set->filters[kind] :
			 set->header_filters ? set->header_filters[i] : NULL,
		     g_array_index(texts, struct span, i));
	}
}

struct candidates *candidates_new(const struct ruleset *set,
				  const GArray *const texts[RULE_KINDS],
				  struct arena *arena)
{
	struct candidates *on = g_new0(struct candidates, 1);

	on->rules = g_ptr_array_new();
	on->links = g_array_sized_new(FALSE, TRUE, sizeof(struct link), 64);
	g_array_set_size(on->links, 1);
	on->heads = arena_new_n(arena, guint, set->rules->len);
	on->tails = arena_new_n(arena, guint, set->rules->len);
	for (int kind = 0; kind < RULE_KINDS; kind++) {
		on->texts[kind] = texts[kind];
		look_at_kind(on, set, (enum rule_kind)kind);
	}
	return on;
}

void candidates_free(struct candidates *candidates)
{
	g_ptr_array_unref(candidates->rules);
	g_array_unref(candidates->links);
	g_free(candidates);
}

const GPtrArray *candidates_rules(const struct candidates *candidates)
{
	return candidates->is_all ? NULL : candidates->rules;
}

bool candidates_next(const struct candidates *candidates,
		     const struct rule *rule, guint *at, guint *text_out)
{
	if (candidates->is_all || !rule->is_filtered) {
		*text_out = (*at)++;
		return *text_out < candidates->texts[rule->kind]->len;
	}
	*at = *at ? g_array_index(candidates->links, struct link, *at).next :
		    candidates->heads[rule->index];
	if (!*at)
		return false;
	*text_out = g_array_index(candidates->links, struct link, *at).text;
	return true;
}
