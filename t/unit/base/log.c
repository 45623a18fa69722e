#include <config.h>

#include "base/log.h"

#include "unit/tap.h"

#include <string.h>

static void strangers_text_is_made_harmless(void **state)
{
	static const struct { const char *bytes, *shown; } cases[] = {
		{ "plain", "\"plain\"" },
		{ "", "\"\"" },
		{ "a\r\nfake=1", "\"a\\x0d\\x0afake=1\"" },
		{ "\033[31m", "\"\\x1b[31m\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "\xc3\xa4", "\"\\xc3\\xa4\"" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		g_autofree char *shown = log_text(span_text(cases[i].bytes));

		assert_string_equal(shown, cases[i].shown);
	}
}

static void long_text_is_cut(void **state)
{
	g_autofree char *text = g_strnfill(10000, 'x');
	g_autofree char *shown = log_text(span_text(text));

	(void)state;
	assert_int_equal(strlen(shown), LOG_TEXT_MAX + strlen("\"...\""));
	assert_true(g_str_has_suffix(shown, "...\""));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(strangers_text_is_made_harmless),
	cmocka_unit_test(long_text_is_cut),
};

TAP_MAIN(tests)
