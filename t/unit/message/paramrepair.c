#include <config.h>

#include "message/paramrepair.h"

#include "unit/tap.h"

#include <glib.h>
#include <string.h>

static const struct { const char *text, *want; } cases[] = {
	{ "text/plain; charset=gb2312", "text/plain; charset=gb2312" },
	{ "a/b; name=\"x*=y\"", "a/b; name=\"x*=y\"" },
	{ "a/b; name*=utf-8''%C3%A9.exe", "a/b;name*=utf-8''%C3%A9%2Eexe" },
	{ "a/b; name*=iso-8859-1'fr'%E9.exe; x=y",
	  "a/b;name*=utf-8''%C3%A9%2Eexe; x=y" },
	{ "a/b; name*=\"x-gbk''%B7%A2\"", "a/b;name*=utf-8''%E5%8F%91" },
	{ "a/b; NAME*0*=gbk''%B7; x=y; Name*1*=%A2; name*2=.exe",
	  "a/b;NAME*=utf-8''%E5%8F%91%2Eexe; x=y" },
	/* In any order; what does not go on is left alone. */
	{ "a/b; name*1*=%A2; name*0*=gbk''%B7; name*3=z",
	  "a/b;name*=utf-8''%E5%8F%91; name*3=z" },
	{ "a/b; name*0=\"x;y\"; name*1=z", "a/b; name*0=\"x;y\"; name*1=z" },
	{ "a/b; name*=%41", "a/b; name*=%41" },
	{ "a/b; name*=''%41", "a/b;name*=utf-8''A" },
	{ "a/b; name*=utf-16be''%00%41%00%00", "a/b;name*=utf-8''A%3F" },
	{ "a/b; name*=utf-8''%4", "a/b;name*=utf-8''%254" },
	{ "a/b; *=x; name*", "a/b; *=x; name*" },
	{ "a/b; name=\"=?x-gbk?B?t6I=?=\"", "a/b; name=\"=?UTF-8?B?5Y+R?=\"" },
	{ "a/b; name*=x; y=\"z", "a/b; name*=x; y=\"z" },
	{ "", "" },
};

static void names_become_utf8(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *got = paramrepair_text(cases[i].text, &arena);

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: %s, want %s", cases[i].text, got,
				 cases[i].want);
	}
	arena_release(&arena);
}

/* As many pieces as a header can have: each is looked at once. */
static void many_pieces(void **state)
{
	g_autoptr(GString) text = g_string_new("a/b; x*0*=utf-8''");
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (int i = 1; i < 100000; i++)
		g_string_append_printf(text, ";x*%d*=%%41", i);
	assert_int_equal(strlen(paramrepair_text(text->str, &arena)),
			 strlen("a/b;x*=utf-8''") + 99999);
	arena_release(&arena);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(names_become_utf8),
	cmocka_unit_test(many_pieces),
};

TAP_MAIN(tests)
