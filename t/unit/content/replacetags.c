/* Patterns with tags: those with calls match what those with
 * the texts match. */
#include <config.h>

#include "content/pattern.h"
#include "content/replacetags.h"

#include "unit/tap.h"

static struct replacetags *make_tags(void)
{
	static const char *const lines[][2] = {
		{ "replace_tag", "A (?:[a4@]|\\xc3[\\xa4])" },
		{ "replace_tag", "B [b8\\]]" },
		{ "replace_tag", "BAR x|y" }, { "replace_tag", "SEQ ab" },
		{ "replace_tag", "OPEN (?:a" }, { "replace_tag", "BACK (.)\\1" },
		{ "replace_tag", "BOTH (?:<A>|<B>){2}" },
		{ "replace_inter", "I -?" }, { "replace_post", "P {1,2}" },
		{ "replace_pre", "R =" },
	};
	struct replacetags *tags = replacetags_new();

	for (size_t i = 0; i < COUNT_OF(lines); i++)
		assert_true(replacetags_add(tags, lines[i][0], lines[i][1]));
	assert_false(replacetags_add(tags, "replace_tag", "EMPTY"));
	assert_false(replacetags_add(tags, "replace_other", "A b"));
	return tags;
}

static bool matches(const char *pattern, const char *text)
{
	g_autoptr(GError) why = NULL;
	struct pattern *compiled = pattern_compile(pattern, "i", &why);
	enum pattern_result result;

	if (!compiled)
		fail_msg("%s: %s", pattern, why->message);
	result = pattern_match(compiled, span_text(text), 0, NULL);
	pattern_free(compiled);
	return result == PATTERN_YES;
}

static const struct { const char *pattern, *text; bool is_hit; } cases[] = {
	{ "^<A><B>$", "4]", true }, { "^<A><B>$", "4c", false },
	{ "^<A>+<B>?$", "Aa\xc3\xa4", true }, { "^<A>+<B>?$", "b", false },
	{ "^<BOTH>$", "a8", true }, { "^<BOTH>$", "a", false },
	{ "<SEQ>$|z", "z", true }, { "^<SEQ><A>", "aba", true },
	{ "^<inter I><A><A>$", "a-a", true },
	{ "^<inter I><A><A>$", "a--a", false },
	{ "^<post P><A><B>$", "aabb", true },
	{ "^<post P><A><B>$", "aaabb", false },
	{ "^<pre R><A>$", "=a", true }, { "^<pre R><A>$", "a", false },
	{ "<NONE>", "<none>", true }, { "<NONE>", "none", false },
	{ "(a)|<B>", "8", true },
	/* What a call took is given back, too. */
	{ "^<A>*a$", "aaa", true },
};

static void calls_match_alike(void **state)
{
	struct replacetags *tags = make_tags();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		g_autofree char *whole = replacetags_apply(tags,
							   cases[i].pattern);
		g_autofree char *folded = replacetags_fold(
			tags, cases[i].pattern, 0);
		g_autofree char *mixed = replacetags_fold(
			tags, cases[i].pattern, 5);

		if (!folded)
			fail_msg("%s: not folded", cases[i].pattern);
		if (matches(whole, cases[i].text) != cases[i].is_hit ||
		    matches(mixed, cases[i].text) != cases[i].is_hit ||
		    matches(folded, cases[i].text) != cases[i].is_hit)
			fail_msg("%s: %s", cases[i].pattern, cases[i].text);
	}
	replacetags_free(tags);
}

/* With a call they would mean something else. */
static void some_stay_whole(void **state)
{
	static const char *const patterns[] = {
		"<BAR>", "a<SEQ>?", "<OPEN>b)", "<BACK>", "(.)<A>\\1",
		"<A>(?i)b", "<post P><SEQ>",
	};
	struct replacetags *tags = make_tags();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(patterns); i++) {
		g_autofree char *folded = replacetags_fold(tags, patterns[i],
							   0);

		if (folded)
			fail_msg("%s: %s", patterns[i], folded);
	}
	replacetags_free(tags);
}

static void long_ones_fit(void **state)
{
	struct replacetags *tags = make_tags();
	g_autoptr(GString) word = g_string_new(NULL), long_a = NULL;
	g_autofree char *whole = NULL, *folded = NULL;
	g_autoptr(GError) why = NULL;

	(void)state;
	long_a = g_string_new("A (?:a");
	for (unsigned i = 0; i < 100; i++)
		g_string_append_printf(long_a, "|a%uz", i);
	g_string_append_c(long_a, ')');
	assert_true(replacetags_add(tags, "replace_tag", long_a->str));
	for (unsigned i = 0; i < 100; i++)
		g_string_append(word, "<A>");
	whole = replacetags_apply(tags, word->str);
	folded = replacetags_fold(tags, word->str, 20);
	assert_null(pattern_compile(whole, "", &why));
	assert_non_null(why);
	g_string_truncate(word, 0);
	for (unsigned i = 0; i < 99; i++)
		g_string_append(word, "a17z");
	assert_false(matches(folded, word->str));
	g_string_append_c(word, 'a');
	assert_true(matches(folded, word->str));
	replacetags_free(tags);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(calls_match_alike),
	cmocka_unit_test(some_stay_whole),
	cmocka_unit_test(long_ones_fit),
};

TAP_MAIN(tests)
