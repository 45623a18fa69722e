#include <config.h>

#include "store/subjectwords.h"

#include "unit/tap.h"

static GArray *words_of(const char *text)
{
	return subjectwords_of(span_text(text));
}

/* Whether all words of the second are among those of the first. */
static void what_is_found_by_what(void **state)
{
	static const struct { const char *subject, *asked; bool is_found; }
	cases[] = {
		{ "Weekly offer", "weekly", true },
		{ "Weekly offer", "OFFER Weekly", true },
		{ "Weekly offer", "week", false },
		{ "Weekly offer", "weekly discount", false },
		{ "Weekly-offer: 50%!", "50 offer", true },
		{ "=?UTF-8?Q?Caf=C3=A9?= au lait", "caf\xc3\xa9", true },
		{ "CAF\xc3\x89", "caf\xc3\xa9", true },
		/* Full-width letters are letters. */
		{ "\xef\xbc\xa1\xef\xbc\xa2\xef\xbc\xa3", "abc", true },
		/* No blanks stand between Chinese words: pairs
		 * of characters. */
		{ "=?UTF-8?B?5Y+R56Wo5LyY5oOg?=", "\xe5\x8f\x91\xe7\xa5\xa8",
		  true },
		{ "=?UTF-8?B?5Y+R56Wo5LyY5oOg?=", "\xe4\xbc\x98\xe5\x8f\x91",
		  false },
		{ "=?gb2312?B?t6LGsdPFu90=?=", "\xe5\x8f\x91\xe7\xa5\xa8",
		  true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		g_autoptr(GArray) words = words_of(cases[i].subject);
		g_autoptr(GArray) wanted = words_of(cases[i].asked);

		if (subjectwords_has_all(words, wanted) != cases[i].is_found)
			fail_msg("%s: %s", cases[i].subject, cases[i].asked);
	}
}

static void hostile_ones_have_a_bound(void **state)
{
	g_autoptr(GString) many = g_string_new(NULL);
	g_autoptr(GArray) words = NULL, none = words_of("?! -- \xff\xfe");

	(void)state;
	for (unsigned i = 0; i < 10000; i++)
		g_string_append_printf(many, "word%u ", i);
	words = words_of(many->str);
	assert_true(words->len > 8 && words->len < 100);
	assert_int_equal(none->len, 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_is_found_by_what),
	cmocka_unit_test(hostile_ones_have_a_bound),
};

TAP_MAIN(tests)
