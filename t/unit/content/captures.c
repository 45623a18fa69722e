#include <config.h>

#include "content/captures.h"

#include "unit/tap.h"

#include <string.h>

static const struct { const char *pattern; bool may_filter; } cases[] = {
	{ "x%{A}", true }, { "(?:x|%{A})+", true }, { "(?=%{A})", true },
	{ "(?<!x)%{A}", true }, { "(?!x)y%{A}", true }, { "[x)(]%{A}", true },
	{ "\\(?!%{A}", true }, { "(?i)%{A}", true }, { "(?<N>%{A})\\1", true },
	{ "(?!x%{A})", false }, { "(?<!%{A})", false }, { "(?>%{A})b", false },
	{ "(?!a(?:b|%{A}))c", false }, { "%{A}++b", false },
	{ "(?:%{A})*+b", false }, { "(?(1)%{A})", false }, { "(?R)%{A}", false },
	{ "(*COMMIT)%{A}", false }, { "[%{A}]", false }, { "[%{A}", false },
	{ "\\Q%{A}\\E", false }, { "(?#()%{A}", false },
};

static void filters_are_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct captures_user *user = captures_user_new(
			cases[i].pattern, "i");

		assert_non_null(user);
		if (captures_user_may_filter(user) != cases[i].may_filter)
			fail_msg("%s", cases[i].pattern);
		captures_user_free(user);
	}
}

/* Of one name no more than fifty texts, and none that is long. */
static void texts_are_few_and_short(void **state)
{
	struct pattern *word = pattern_compile("(?<WORD>\\w+)", "", NULL);
	struct captures_user *user = captures_user_new("^%{WORD}$", "");
	struct captures *captures = captures_new();
	g_autofree char *longest = g_strnfill(501, 'x');
	const struct pattern *filled;

	(void)state;
	captures_take(captures, word, span_text(longest), 0);
	for (int i = 0; i < 60; i++) {
		g_autofree char *text = g_strdup_printf("w%d", i);

		captures_take(captures, word, span_text(text), 0);
	}
	filled = captures_fill(captures, user);
	assert_non_null(filled);
	assert_int_equal(pattern_match(filled, span_text("w49"), 0, NULL),
			 PATTERN_YES);
	assert_int_equal(pattern_match(filled, span_text("w50"), 0, NULL),
			 PATTERN_NO);
	assert_int_equal(pattern_match(filled, span_text(longest), 0, NULL),
			 PATTERN_NO);
	captures_free(captures);
	captures_user_free(user);
	pattern_free(word);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(filters_are_told_apart),
	cmocka_unit_test(texts_are_few_and_short),
};

TAP_MAIN(tests)
