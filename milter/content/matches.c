#include <config.h>

#include "content/matches.h"

#define FOUND_MAX 80		/* bytes that are shown of what matched */

struct matches *matches_new(guint rules, struct arena *arena)
{
	struct matches *matches = arena_new(arena, struct matches);

	matches->values = arena_new_n(arena, double, rules);
	matches->places = arena_new_n(arena, const struct match_place *,
				      rules);
	return matches;
}

void matches_hit(struct matches *matches, guint index,
		 const struct match_place *where, struct arena *arena)
{
	struct match_place *place;

	if (matches->values[index]++ > 0)
		return;
	place = arena_new(arena, struct match_place);
	*place = *where;
	matches->places[index] = place;
}

static bool is_hit(double value)
{
	return value < 0 || value > 0;
}

bool matches_is_hit(const struct matches *matches, const struct rule *rule)
{
	return is_hit(matches->values[rule->index]);
}

const struct rule *matches_next(const struct matches *matches,
				const struct ruleset *set, guint *index)
{
	while (*index < set->rules->len && !is_hit(matches->values[*index]))
		++*index;
	return *index < set->rules->len ?
	       g_ptr_array_index(set->rules, *index) : NULL;
}

struct match_place matches_where(const struct matches *matches,
				 const struct rule *rule)
{
	const struct match_place *place = matches->places[rule->index];

	return place ? *place : (struct match_place){ .said = NULL };
}

const char *matches_found(const struct matches *matches,
			  const struct rule *rule, struct arena *arena)
{
	struct match_place place = matches_where(matches, rule);
	struct span found = place.found.len ? place.found :
					      span_text(place.said);
	char *text;

	if (!found.len)
		return NULL;
	text = arena_span_text(arena, span_first(found, FOUND_MAX));
	for (char *c = text; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	return text;
}
