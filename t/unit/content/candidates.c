#include <config.h>

#include "content/candidates.h"

#include "content/prefilter.h"
#include "unit/content/randompattern.h"
#include "unit/tap.h"

#define SETS 1500
#define RULES 20u
#define TEXTS 6u
#define TEXT_MAX 120
#define LONG_TEXT 10000

static struct rule *make_rule(GRand *random, guint index)
{
	static const char *const modifiers[] = { "", "i", "x", "m", "s" };
	struct rule *rule = g_new0(struct rule, 1);
	g_autoptr(GString) expression = g_string_new(NULL);

	rule->index = index;
	rule->kind = RULE_BODY;
	while (!rule->pattern) {
		g_string_truncate(expression, 0);
		randompattern_add(random, expression, 0);
		rule->pattern = pattern_compile(
			expression->str, modifiers[g_rand_int_range(
				random, 0, (gint32)COUNT_OF(modifiers))], NULL);
	}
	return rule;
}

static void free_rule(gpointer memory)
{
	struct rule *rule = memory;

	pattern_free(rule->pattern);
	g_free(rule);
}

static void add_match(GString *out, struct span text, struct span found)
{
	g_string_append_printf(out, " %zu+%zu",
			       (size_t)(found.ptr - text.ptr), found.len);
}

/* The matches from a window on, each behind the one before it;
 * where to go on. */
static size_t match(GString *out, const struct rule *rule, struct span text,
		    struct pattern_window window)
{
	struct span found;

	while (window.from <= window.to &&
	       pattern_match_within(rule->pattern, text, window, &found) ==
	       PATTERN_YES) {
		add_match(out, text, found);
		window.from = (size_t)(found.ptr - text.ptr) +
			      MAX(found.len, 1);
	}
	return window.from;
}

static char *match_candidates(const struct candidates *candidates,
			      const struct rule *rule, const GArray *texts)
{
	GString *out = g_string_new(NULL);
	guint at = 0, text, last = G_MAXUINT;
	struct pattern_window window;
	size_t from = 0;

	while (candidates_next(candidates, rule, &at, &text, &window)) {
		if (text == last)
			window.from = MAX(window.from, from);
		else
			g_string_append_printf(out, " [%u]", text);
		last = text;
		from = match(out, rule, g_array_index(texts, struct span, text),
			     window);
	}
	return g_string_free(out, FALSE);
}

static char *match_all(const struct rule *rule, const GArray *texts)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < texts->len; i++) {
		struct span text = g_array_index(texts, struct span, i);

		g_string_append_printf(out, " [%u]", i);
		(void)match(out, rule, text, (struct pattern_window){
			    0, text.len });
	}
	return g_string_free(out, FALSE);
}

/* The same, but that texts in which nothing matches need not be there. */
static bool is_same(const char *found, const char *wanted)
{
	g_auto(GStrv) left = g_strsplit(found, " [", -1);
	g_auto(GStrv) right = g_strsplit(wanted, " [", -1);
	guint i = 1;

	for (guint k = 1; right[k]; k++) {
		if (i < g_strv_length(left) && strcmp(left[i], right[k]) == 0)
			i++;
		else if (strchr(right[k], '+') ||
			 (i < g_strv_length(left) &&
			  atoi(left[i]) == atoi(right[k])))
			return false;
	}
	return i >= g_strv_length(left);
}

static GArray *make_texts(GRand *random, struct arena *arena)
{
	GArray *texts = g_array_new(FALSE, FALSE, sizeof(struct span));
	static char bytes[LONG_TEXT];

	for (guint i = 0; i < TEXTS; i++) {
		bool is_long = g_rand_int_range(random, 0, 500) == 0;
		size_t len = randompattern_text(random, bytes, is_long ?
						LONG_TEXT : TEXT_MAX);
		struct span text = arena_span(arena, span_of(bytes, len));

		g_array_append_val(texts, text);
	}
	return texts;
}

/* How many of the rules are filtered. */
static unsigned compare(struct ruleset *set, const GArray *texts,
			struct arena *arena)
{
	const GArray *const all[RULE_KINDS] = { [RULE_BODY] = texts };
	struct candidates *candidates = candidates_new(set, all, arena);
	unsigned filtered = 0;

	for (guint i = 0; i < set->rules->len; i++) {
		const struct rule *rule = g_ptr_array_index(set->rules, i);
		g_autofree char *found = match_candidates(candidates, rule,
							  texts);
		g_autofree char *wanted = match_all(rule, texts);

		filtered += rule->is_filtered;
		if (!is_same(found, wanted))
			fail_msg("/%s/: %s, not %s",
				 pattern_text(rule->pattern), found, wanted);
	}
	candidates_free(candidates);
	return filtered;
}

static void windows_give_what_whole_texts_give(void **state)
{
	GRand *random = g_rand_new_with_seed(6);
	unsigned filtered = 0;

	(void)state;
	for (int i = 0; i < SETS; i++) {
		struct ruleset set = {
			.rules = g_ptr_array_new_with_free_func(free_rule),
		};
		struct arena arena;
		GArray *texts;

		arena_init(&arena);
		texts = make_texts(random, &arena);
		for (guint k = 0; k < RULES; k++)
			g_ptr_array_add(set.rules, make_rule(random, k));
		set.filters[RULE_BODY] = prefilter_new(&set, RULE_BODY, 0,
						       NULL);
		filtered += compare(&set, texts, &arena);
		prefilter_free(set.filters[RULE_BODY]);
		g_ptr_array_unref(set.rules);
		g_array_unref(texts);
		arena_release(&arena);
	}
	assert_true(filtered > SETS);
	g_rand_free(random);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(windows_give_what_whole_texts_give),
};

TAP_MAIN(tests)
