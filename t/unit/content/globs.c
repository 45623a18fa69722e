#include <config.h>

#include "content/globs.h"

#include "unit/tap.h"

#include <string.h>

static const struct { const char *glob, *text; bool fits, fits_domain; }
cases[] = {
	{ "", "", true, true }, { "", "a", false, false },
	{ "*", "", true, true }, { "*", "a.b", true, false },
	{ "a", "a", true, true }, { "a", "ab", false, false },
	{ "?", "a", true, true }, { "?", ".", true, false },
	{ "?", "", false, false }, { "a?c", "abc", true, true },
	{ "*@*.top", "x@y.top", true, true },
	{ "*@*.top", "x@y.z.top", true, false },
	{ "*@*.top", "x@top", false, false },
	{ "*b", "abab", true, true }, { "*ab*ab", "abcab", true, true },
	{ "*ab*ab", "ab", false, false }, { "a**b", "axxb", true, true },
	{ "yahoo.*", "yahoo.de", true, true },
	{ "yahoo.*", "yahoo.co.uk", true, false },
	{ "yahoo.co.*", "yahoo.co.uk", true, true },
	{ "*.*.c", "a.b.c", true, true }, { "*.*.c", "b.c", false, false },
	{ "*a*.c", "xaya.c", true, true },
	{ "\xc3\xa4*", "\xc3\xa4""b", true, true },
};

static void patterns_fit(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (globs_fits(cases[i].glob, cases[i].text, '\0') !=
		    cases[i].fits ||
		    globs_fits(cases[i].glob, cases[i].text, '.') !=
		    cases[i].fits_domain)
			fail_msg("%s of %s", cases[i].text, cases[i].glob);
}

static void sets_hold(void **state)
{
	struct globs *globs = globs_new();

	(void)state;
	assert_true(globs_is_empty(NULL));
	assert_false(globs_has(NULL, "a"));
	assert_true(globs_is_empty(globs));
	globs_add(globs, "Ann@Example.org");
	globs_add(globs, "*@EXAMPLE.com");
	assert_false(globs_is_empty(globs));
	assert_true(globs_has(globs, "ann@example.org"));
	assert_true(globs_has(globs, "bob@example.com"));
	assert_false(globs_has(globs, "bob@example.org"));
	assert_false(globs_has_domain(globs, "b.b@example.com"));
	globs_remove(globs, "ANN@example.org");
	globs_remove(globs, "*@example.com");
	globs_remove(globs, "nobody@example.com");
	assert_true(globs_is_empty(globs));
	assert_false(globs_has(globs, "bob@example.com"));
	globs_free(globs);
	globs_free(NULL);
}

/* What a sender may write beside what an administrator may. */
static void long_texts_end(void **state)
{
	g_autofree char *text = g_strnfill(100000, 'a');

	(void)state;
	assert_false(globs_fits("*a*a*a*a*a*a*b", text, '\0'));
	assert_true(globs_fits("*a*a*a*a*a*a", text, '\0'));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(patterns_fit),
	cmocka_unit_test(sets_hold),
	cmocka_unit_test(long_texts_end),
};

TAP_MAIN(tests)
