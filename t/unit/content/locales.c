#include <config.h>

#include "content/locales.h"

#include "base/guard.h"
#include "unit/tap.h"

static const struct { const char *locales, *charset; bool is_read; } cases[] = {
	{ NULL, "gb2312", true }, { "all", "gb2312", true },
	{ "en all", "gb2312", true }, { "en", "gb2312", false },
	{ "zh", "gb2312", true }, { "zh_TW.Big5", "big5", true },
	{ "en ja", "ISO-2022-JP", true }, { "en ja", "euc-kr", false },
	{ "ru", "koi8-r", true }, { "de", "KOI8-R", false },
	{ "en", "us-ascii", true }, { "en", "ISO-8859-5", true },
	{ "en", "windows-1251", true }, { "en", "3Dutf-8", true },
	{ "en", "x-unknown", true }, { "en", "KOI", false },
	{ "th", "tis-620", true }, { "", "big5", false },
	{ "en", "utf-8:big5", true },
};

static void whose_charsets(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (locales_read(cases[i].locales,
				 span_text(cases[i].charset)) !=
		    cases[i].is_read)
			fail_msg("%s: %s", cases[i].locales, cases[i].charset);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(whose_charsets),
};

TAP_MAIN(tests)
