#include <config.h>

#include "content/candidates.h"

#include "content/prefilter.h"

#define LINKS_MAX 1000000	/* a message made to fill memory gets no more */
#define LINKS_USUAL 1024
#define WINDOWS_MAX 64u		/* of a rule in one text */
#define APART 24		/* bytes that are sooner searched than
				 * left out */

/* A window of a rule in one text, and the place of the next link;
 * 0: it is the last. */
struct link {
	guint text, next;
	guint first, number;		/* place of the first one in that
					 * text, and the how manieth behind it
					 * this is */
	struct pattern_window window;
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

static struct link *link_at(const struct candidates *on, guint place)
{
	return &g_array_index(on->links, struct link, place);
}

static void add_link(struct candidates *on, const struct rule *rule,
		     struct link link)
{
	guint place = on->links->len, tail = on->tails[rule->index];

	if (place > LINKS_MAX) {
		on->is_all = true;
		return;
	}
	g_array_append_val(on->links, link);
	if (tail) {
		link_at(on, tail)->next = place;
	} else {
		on->heads[rule->index] = place;
		g_ptr_array_add(on->rules, (gpointer)rule);
	}
	on->tails[rule->index] = place;
}

/* All of a rule's links in the text become one, which holds
 * that window, too. */
static void unite_links(struct candidates *on, guint first, guint *tail,
			const struct pattern_window *window)
{
	struct link *link = link_at(on, first);

	link->window.from = MIN(link->window.from, window->from);
	link->window.to = MAX(link_at(on, *tail)->window.to, window->to);
	link->next = 0;
	*tail = first;
}

/* Windows come in order, mostly. */
static void take(const struct rule *rule, const struct pattern_window *window,
		 void *mydata)
{
	struct candidates *on = mydata;
	guint *tail = &on->tails[rule->index];
	struct link *last = link_at(on, *tail);
	struct link link = { on->text, 0, on->links->len, 0, *window };

	if (!*tail || last->text != on->text) {
		add_link(on, rule, link);
	} else if (window->from < last->window.from) {
		unite_links(on, last->first, tail, window);
	} else if (window->from <= last->window.to + APART ||
		   last->number == WINDOWS_MAX) {
		last->window.to = MAX(last->window.to, window->to);
	} else {
		link.first = last->first;
		link.number = last->number + 1;
		add_link(on, rule, link);
	}
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
	const struct link none = { .text = 0 };

	on->rules = g_ptr_array_new();
	on->links = g_array_sized_new(FALSE, FALSE, sizeof(struct link),
				      LINKS_USUAL);
	g_array_append_val(on->links, none);
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

static bool next_text(const GArray *texts, guint *at, guint *text_out,
		      struct pattern_window *window_out)
{
	*text_out = (*at)++;
	if (*text_out >= texts->len)
		return false;
	window_out->from = 0;
	window_out->to = g_array_index(texts, struct span, *text_out).len;
	return true;
}

bool candidates_next(const struct candidates *candidates,
		     const struct rule *rule, guint *at, guint *text_out,
		     struct pattern_window *window_out)
{
	if (candidates->is_all || !rule->is_filtered)
		return next_text(candidates->texts[rule->kind], at, text_out,
				 window_out);
	*at = *at ? link_at(candidates, *at)->next :
		    candidates->heads[rule->index];
	if (!*at)
		return false;
	*text_out = link_at(candidates, *at)->text;
	*window_out = link_at(candidates, *at)->window;
	return true;
}
