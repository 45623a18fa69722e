#include <config.h>

#include "message/encodedword.h"

#include "unit/tap.h"

#include <glib.h>
#include <string.h>

#define RUSSIAN "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82" /* привет */
#define ZH "\xe5\x8f\x91\xe7\xa5\xa8"				/* 发票 */

static const struct { const char *text, *want; } cases[] = {
	{ "plain", "plain" },
	{ "=?utf-8?Q?a_b=21?=", "a b!" },
	{ "=?utf-8?B?YWI=?= =?utf-8?B?Yw==?= d", "abc d" },
	{ "=?utf-8?B?YWI=?= =?UTF-8?B?Y2RlZmc=?=\t=?utf-8?Q?h?=", "abcdefgh" },
	{ "a =?koi8-r?Q?=D0=D2=C9=D7=C5=D4?= b", "a " RUSSIAN " b" },
	{ "=?gb2312?B?t6LGsQ==?=", ZH },
	/* A character over two words; a charset that iconv lacks; a label that
	 * is unknown, with one that is known beside it. */
	{ "=?gb2312?B?t6I=?= =?gb2312?B?xrE=?=", ZH },
	{ "=?gb2312?B?t6LG?=\n =?GB2312?B?sQ==?=", ZH },
	{ "=?hz-gb-2312?Q?~{7\"F1~}?=", ZH },
	{ "=?utf-7-x?Q?abc?= =?koi8-r?Q?=D0=D2=C9=D7=C5=D4?=",
	  "abc" RUSSIAN },
	/* No words at all. */
	{ "=?utf-8?Q?", "=?utf-8?Q?" }, { "=?", "=?" }, { "a?=b", "a?=b" },
	{ "=?x?y?z?=", "=?x?y?z?=" },
};

static void words_are_decoded(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *got = encodedword_decode(span_text(cases[i].text),
						     &arena);

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: \"%s\", want \"%s\"", cases[i].text, got,
				 cases[i].want);
	}
	arena_release(&arena);
}

/* A label that does not fit the bytes, or that nobody knows:
 * they are guessed at. */
static void wrong_labels_are_seen_through(void **state)
{
	/* Сегодня вы можете получить бесплатно, in KOI8-R. */
	static const char payload[] =
		"=F3=C5=C7=CF=C4=CE=D1_=D7=D9_=CD=CF=D6=C5=D4=C5_"
		"=D0=CF=CC=D5=DE=C9=D4=D8_=C2=C5=D3=D0=CC=C1=D4=CE=CF";
	static const char *const labels[] = { "utf-8", "x-unknown", "none" };
	static const char want[] = "\xd0\xb1\xd0\xb5\xd1\x81\xd0\xbf\xd0\xbb"
		"\xd0\xb0\xd1\x82\xd0\xbd\xd0\xbe";
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(labels); i++) {
		g_autofree char *text = g_strdup_printf(
			"x =?%s?Q?%s?= y", labels[i], payload);
		const char *got = encodedword_decode(span_text(text), &arena);

		if (!strstr(got, want) || !g_str_has_suffix(got, " y"))
			fail_msg("%s: %s", labels[i], got);
	}
	arena_release(&arena);
}

/* A header full of lies is not a way to keep us busy. */
static void many_words_take_no_long_time(void **state)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct arena arena;
	gint64 began;

	(void)state;
	for (int i = 0; i < 20000; i++)
		g_string_append_printf(text, "=?x-%d?Q?=F3=C5=C7?= ", i);
	arena_init(&arena);
	began = g_get_monotonic_time();
	assert_non_null(encodedword_decode(span_text(text->str), &arena));
	assert_true(g_get_monotonic_time() - began < 10 * G_USEC_PER_SEC);
	arena_release(&arena);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(words_are_decoded),
	cmocka_unit_test(wrong_labels_are_seen_through),
	cmocka_unit_test(many_words_take_no_long_time),
};

TAP_MAIN(tests)
