#include <config.h>

#include "message/charset.h"
#include "message/htmltext.h"

#include "unit/tap.h"

#include <glib.h>
#include <string.h>

static const struct { const char *text, *label, *want; } cases[] = {
	{ "plain", NULL, "plain" }, { "plain", "us-ascii", "plain" },
	{ "plain", "no-such-charset", "plain" }, { "", "gb2312", "" },
	{ "caf\xe9", "iso-8859-1", "caf\xc3\xa9" },
	{ "caf\xc3\xa9", "iso-8859-1", "caf\xc3\xa9" },	/* it is UTF-8 */
	{ "\x93quoted\x94", "iso-8859-1", "\xe2\x80\x9cquoted\xe2\x80\x9d" },
	{ "\xc3\xe2\xb7\xd1\xb7\xa2\xc6\xb1", "gb2312", "免费发票" },
	{ "\x81\x40", "gb2312", "丂" },		/* in GBK alone */
	{ "\x82\x30\x81\x30", "gb18030", "㒣" },
	{ "\xa7\x4b\xb6\x4f", "big5", "免費" },
	{ "\x1b$B%5%$%H\x1b(B", "iso-2022-jp", "サイト" },
	{ "\x1b$B%5%$%H\x1b(B", NULL, "サイト" },
	{ "\x83\x54\x83\x43\x83\x67", "shift_jis", "サイト" },
	{ "\xb9\xab\xb7\xe1", "euc-kr", "무료" },
	{ "\xb9\xab\xb7\xe1", "ks_c_5601-1987", "무료" },
	{ "\xc2\xd9\xd4\xcf\xc2\xc9", "koi8-r", "бытоби" },
	{ "\xe4\xe5\xed\xfc\xe3\xe8", "windows-1251", "деньги" },
	{ "Hi +ZeVnLIqe-", "utf-7", "Hi 日本語" },
	{ "~{Cb7Q~}", "hz-gb-2312", "免费" },
	{ "x\xff\xfe", "utf-8", "x\xc3\xbf\xc3\xbe" },	/* nobody can */
	{ "x\xe9", "../../etc/passwd", "x\xc3\xa9" },
	/* UTF-8 to ICU and iconv, though beyond Unicode */
	{ "pt\xf7\x95\x9c\xaaypgs", NULL,
	  "pt\xc3\xb7\xe2\x80\xa2\xc5\x93\xc2\xaaypgs" },
};

static void texts_become_utf8(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct span got = charset_decode(span_text(cases[i].text),
						 cases[i].label, &arena);

		if (!span_is(got, cases[i].want))
			fail_msg("case %zu (%s): %.*s", i, cases[i].label,
				 (int)got.len, got.ptr);
	}
	arena_release(&arena);
}

static void utf16_is_known_by_its_zeros(void **state)
{
	struct arena arena;
	static const char big[] = "\0s\0p\0a\0m", little[] = "s\0p\0a\0m\0";
	struct span got;

	(void)state;
	arena_init(&arena);
	got = charset_decode(span_of(big, 8), "utf-16", &arena);
	assert_true(span_is(got, "spam"));
	got = charset_decode(span_of(little, 8), "utf-16", &arena);
	assert_true(span_is(got, "spam"));
	arena_release(&arena);
}

static const struct { const char *html, *text, *links; } pages[] = {
	{ "plain", "plain", "" },
	{ "<p>one</p><p>two", "one two", "" },
	{ "a<b>b</b>c &amp; d&nbsp;e &#65;", "abc & d e A", "" },
	{ "<script>x()</script><style>y</style>z<!-- w -->", "z", "" },
	{ "<a href=' http://a.example/x '>here <b>now</b></a>", "here now",
	  "a http://a.example/x (here now)" },
	{ "<base href=http://b.example/d/><a href=e>f</a><img src=g.png>",
	  "f", "base http://b.example/d/ a http://b.example/d/e (f) "
	  "img http://b.example/d/g.png" },
	{ "<meta http-equiv=Refresh content='0; URL=http://c.example'>", "",
	  "meta http://c.example" },
	{ "<form action=http://d.example/f><a name=x>y</a></form>", "y",
	  "form http://d.example/f" },
	{ "<meta charset=gb2312>\xc3\xa9", "\xc3\xa9", "" },
	{ "<td>a</td><td>b</td><br>c", "a b c", "" },
	{ "<a href=x<y", "", "a x<y ()" }, { "<<<>>>", "<<<>>>", "" }, { "", "", "" },
};

static char *links_of(const GArray *links)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < links->len; i++) {
		const struct html_link *link = &g_array_index(
			links, struct html_link, i);

		g_string_append_printf(out, "%s%s %s", i ? " " : "",
				       link->element, link->url);
		if (link->text)
			g_string_append_printf(out, " (%s)", link->text);
	}
	return g_string_free(out, FALSE);
}

/* Runs of blanks are one, to compare. */
static char *squeezed(struct span text)
{
	g_autofree char *copy = g_strndup(text.ptr ? text.ptr : "", text.len);
	g_auto(GStrv) words = g_strsplit_set(copy, " \n", -1);
	GString *out = g_string_new(NULL);

	for (char **word = words; *word; word++)
		if (**word)
			g_string_append_printf(out, "%s%s", out->len ? " " :
					       "", *word);
	return g_string_free(out, FALSE);
}

static void pages_are_read(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(pages); i++) {
		struct html_text got = htmltext_read(
			span_text(pages[i].html), &arena);
		g_autofree char *text = squeezed(got.text);
		g_autofree char *links = links_of(got.links);

		if (strcmp(text, pages[i].text) != 0 ||
		    strcmp(links, pages[i].links) != 0)
			fail_msg("%s: \"%s\" \"%s\"", pages[i].html, text,
				 links);
		htmltext_release(&got);
	}
	arena_release(&arena);
}

static void a_million_tags_are_cut(void **state)
{
	g_autoptr(GString) html = g_string_new(NULL);
	struct html_text got;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (int i = 0; i < 1000000; i++)
		g_string_append(html, i % 2 ? "<b>" : "</i>x<br>");
	got = htmltext_read(span_of(html->str, html->len), &arena);
	assert_true(got.is_cut);
	htmltext_release(&got);
	arena_release(&arena);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(texts_become_utf8),
	cmocka_unit_test(utf16_is_known_by_its_zeros),
	cmocka_unit_test(pages_are_read),
	cmocka_unit_test(a_million_tags_are_cut),
};

TAP_MAIN(tests)
