#include <config.h>

#include "message/htmltext.h"

#include "message/htmlcolour.h"
#include "unit/tap.h"

#include <string.h>

static struct arena arena;

static char *hidden_of(const struct html_text *page)
{
	GString *all = g_string_new(NULL);

	for (guint i = 0; i < page->hidden->len; i++) {
		struct span text = g_array_index(page->hidden, struct span, i);

		g_string_append_len(all, text.ptr, (gssize)text.len);
		g_string_append_c(all, '|');
	}
	return g_string_free(all, FALSE);
}

/* Without line breaks: libxml2 puts text without an element
 * into a paragraph. */
static char *plain(struct span text)
{
	GString *all = g_string_new_len(text.ptr, (gssize)text.len);

	g_string_replace(all, "\n", "", 0);
	return g_string_free(all, FALSE);
}

/* In each: what is not seen, a "|" behind each piece, and what is. */
static const struct { const char *html, *hidden, *visible; } looks[] = {
	{ "a<b>b</b>c", "", "abc" },
	{ "a<span style='display:none'>b</span>c", "b|", "ac" },
	{ "a<span style='DISPLAY : None !important'>b</span>c", "b|", "ac" },
	{ "a<i style='display:none'>b<b style='display:inline'>c</b></i>d",
	  "bc|", "ad" },
	{ "a<i style='visibility:hidden'>b<b style='visibility:visible'>c</b>"
	  "d</i>", "b|d|", "ac" },
	{ "a<i style='font-size:0'>b<b style='font-size:12px'>c</b></i>",
	  "b|", "ac" },
	{ "a<i style='font-size:0px'>b<b style='font-size:2em'>c</b></i>",
	  "bc|", "a" },
	{ "<i style='font-size:1px'>b</i><i style='font-size:1pt'>c</i>",
	  "bc|", "" },
	{ "<i style='font-size:8px'>b</i><font size=1>c</font>", "", "bc" },
	{ "<i style='font:0/0 a'>b</i><i style='font:700 12px x'>c</i>", "b|",
	  "c" },
	{ "<i style='font-size:3%'>b</i>", "b|", "" },
	{ "a<font color=white>b</font>c", "b|", "ac" },
	{ "a<font color='#FFFFFE'>b</font>c", "b|", "ac" },
	{ "<p style='color:rgb(255, 255,255)'>b</p>", "b|", "" },
	{ "<i style='color:transparent'>b</i>", "b|", "" },
	{ "<i style='color:rgba(0,0,0,0)'>b</i>", "b|", "" },
	{ "<table bgcolor=navy><td><font color=white>b</font></td></table>", "",
	  " b " },
	{ "<table bgcolor=yellow><tr><td>x<font color='#ffff00'>b</font>"
	  "</td></tr></table>", "b|", " x " },
	{ "<div style='background:#000 url(x.gif)'><font color=black>b"
	  "</font></div>", "", "b" },
	{ "<div style='background-color:black'><font color=black>b"
	  "</font></div>", "b|", "" },
	{ "<body text=white>b<a href='http://x.example/'>c</a></body>", "b|",
	  "c" },
	{ "<i style='opacity:0'>b</i><i style='opacity:.5'>c</i>", "b|", "c" },
	{ "<i style='max-height:0;overflow:hidden'>b</i>", "b|", "" },
	{ "<i style='height:20px;overflow:hidden'>b</i>", "", "b" },
	{ "<i style='text-indent:-9999px'>b</i>", "b|", "" },
	{ "<i style='left:-10px'>b</i>", "", "b" },
	{ "<i hidden>b</i>", "b|", "" },
	{ "a<!-- b --><!--c>d<!--e>f", "", "adf" },
	{ "<script>b</script><style>c</style>d", "", "d" },
	{ "<i style='display:none'>b", "b|", "" },
	{ "<i style=';:;;x;display:'>b</i><i style='font-size:'>c</i>", "",
	  "bc" },
};

static void what_is_hidden(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(looks); i++) {
		struct html_text page = htmltext_read(
			span_text(looks[i].html), &arena);
		g_autofree char *hidden = hidden_of(&page);
		g_autofree char *visible = plain(htmltext_visible(&page,
								  &arena));

		if (strcmp(hidden, looks[i].hidden) != 0)
			fail_msg("%s: hidden \"%s\"", looks[i].html, hidden);
		if (strcmp(visible, looks[i].visible) != 0)
			fail_msg("%s: visible \"%s\"", looks[i].html, visible);
		htmltext_release(&page);
	}
}

static void characters_that_are_hidden(void **state)
{
	struct html_text page = htmltext_read(span_text(
		"<i style='display:none'>\xe4\xb8\xad &eacute;&zwnj;&nbsp;"
		"&#847; x</i>"), &arena);

	(void)state;
	assert_int_equal(page.hidden_letters, 3);
	htmltext_release(&page);
}

static void what_a_page_says_beside(void **state)
{
	struct html_text page = htmltext_read(span_text(
		"<title>One &amp; two</title><meta http-equiv=Content-Type "
		"content='text/html; charset=koi8-r'><a href=http://x.example/>"
		"go <img alt='an image' src=x></a><a name=y>none</a>"
		"<p title='a hint'>x</p><font face='Arial,,'>y"), &arena);
	const struct html_link *link = &g_array_index(page.links,
						      struct html_link, 0);

	(void)state;
	assert_int_equal(page.titles->len, 1);
	assert_string_equal(g_ptr_array_index(page.titles, 0), "One & two");
	assert_string_equal(page.charsets, "koi8-r");
	assert_string_equal(link->url, "http://x.example/");
	assert_string_equal(link->text, "go <img>\n");
	assert_int_equal(page.anchors->len, 2);
	assert_string_equal(g_ptr_array_index(page.anchors, 1), "none");
	assert_int_equal(page.alts->len, 2);
	assert_string_equal(g_ptr_array_index(page.alts, 0), "an image");
	assert_string_equal(g_ptr_array_index(page.alts, 1), "a hint");
	assert_true(page.styles.has_bad_face);
	htmltext_release(&page);
}

static void how_fonts_are_told(void **state)
{
	static const struct {
		const char *html;
		int least, most;
		bool has_bad_face, is_faint, is_invalid;
	} cases[] = {
		{ "x", 3, 3, false, false, false },
		{ "<font size=7>x", 3, 7, false, false, false },
		{ "<font size=+3>x", 3, 6, false, false, false },
		{ "<basefont size=5><font size=-3>x", 2, 3, false, false,
		  false },
		{ "<font face='Arial, Helvetica'>x", 3, 3, false, false,
		  false },
		{ "<font face='\"Courier New\"'>x", 3, 3, false, false,
		  false },
		{ "<font face='\xcb\xce\xcc\xe5'>x", 3, 3, true, false,
		  false },
		{ "<font color=white>x", 3, 3, false, true, false },
		{ "<font color=white> </font>x", 3, 3, false, false, false },
		{ "<font color=windowtext>x", 3, 3, false, false, true },
		/* SpamAssassin does not look at it. */
		{ "<td bgcolor=black><font color=white>x", 3, 3, false, true,
		  false },
		{ "<td style='background:black'><font color=white>x", 3, 3,
		  false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct html_text page = htmltext_read(
			span_text(cases[i].html), &arena);

		if (page.styles.least_size != cases[i].least ||
		    page.styles.most_size != cases[i].most ||
		    page.styles.has_bad_face != cases[i].has_bad_face ||
		    page.has_faint_text != cases[i].is_faint ||
		    page.has_invalid_colour != cases[i].is_invalid)
			fail_msg("%s: %d to %d, %d %d %d", cases[i].html,
				 page.styles.least_size, page.styles.most_size,
				 page.styles.has_bad_face, page.has_faint_text,
				 page.has_invalid_colour);
		htmltext_release(&page);
	}
}

static void how_tags_are_counted(void **state)
{
	static const struct {
		const char *html;
		unsigned tags, known, kinds, extra, broken, splits, comments;
	} cases[] = {
		{ "", 0, 0, 0, 0, 0, 0, 0 },
		{ "a < b", 0, 0, 0, 0, 0, 0, 0 },
		{ "<b>x</b></b>", 3, 3, 1, 1, 0, 0, 0 },
		{ "<zz>x</zz><o:p>y</o:p>", 4, 2, 2, 0, 1, 1, 0 },
		{ "<!DOCTYPE html><p>", 2, 2, 2, 0, 0, 0, 0 },
		{ "v<!-- x -->iag<!x1!>ra", 0, 0, 0, 0, 2, 2, 2 },
		{ "v<b>iagra cheap</b>ly vi<b>agra cheap</b>er", 4, 4, 1, 0, 4,
		  3, 0 },
		{ "one <b>two</b> three<br>four", 3, 3, 2, 0, 0, 0, 0 },
		{ "<script>if (a<b) x</script>", 2, 2, 1, 0, 0, 0, 0 },
		{ "<title><b>x</b></title>", 2, 2, 1, 0, 0, 0, 0 },
		{ "<title><b>x", 2, 2, 2, 0, 0, 0, 0 },
		{ "<a href='>'>x</a>", 2, 2, 1, 0, 0, 0, 0 },
		{ "<a href='>x</a>", 2, 2, 1, 0, 0, 0, 0 },
		{ "<!-- never ends <b>", 0, 0, 0, 0, 0, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct html_tags tags;

		htmltags_read(&tags, span_text(cases[i].html), &arena);
		if (tags.tags != cases[i].tags ||
		    tags.known != cases[i].known ||
		    g_hash_table_size(tags.kinds) != cases[i].kinds ||
		    tags.closed_extra != cases[i].extra ||
		    tags.broken_words != cases[i].broken ||
		    htmltags_splits(&tags) != cases[i].splits ||
		    tags.comments->len != cases[i].comments)
			fail_msg("%s: %u %u %u %u %u %u %u", cases[i].html,
				 tags.tags, tags.known,
				 g_hash_table_size(tags.kinds),
				 tags.closed_extra, tags.broken_words,
				 htmltags_splits(&tags), tags.comments->len);
		htmltags_release(&tags);
	}
}

/* What takes the square of its length, done badly. */
static void tags_that_never_end(void **state)
{
	static const char *const pieces[] = {
		"<a b=\">", "<title>", "<!--", "<script>", "<a b='", "<!x",
		"</", "<a b=\">\"", "<textarea><iframe>", "<",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		GString *text = g_string_new(NULL);
		gint64 began = g_get_monotonic_time();
		struct html_tags tags;

		while (text->len < 4 << 20)
			g_string_append(text, pieces[i]);
		htmltags_read(&tags, span_of(text->str, text->len), &arena);
		if (g_get_monotonic_time() - began > 5 * G_USEC_PER_SEC)
			fail_msg("%s: too long", pieces[i]);
		htmltags_release(&tags);
		g_string_free(text, TRUE);
	}
}

static void colours(void **state)
{
	static const struct { const char *text; int32_t want; } cases[] = {
		{ "red", 0xff0000 }, { " WHITE ", 0xffffff },
		{ "#f00", 0xff0000 }, { "#FF8000", 0xff8000 },
		{ "#12", 0x112200 }, { "#12345", 0x112233 },
		{ "#1234567", 0x123456 }, { "#", HTMLCOLOUR_INVALID },
		{ "rgb(1,2,3)", 0x010203 },
		{ "rgb( 100%, 0%, 50% )", 0xff007f },
		{ "rgba(0, 0, 0, 0)", HTMLCOLOUR_CLEAR },
		{ "rgba(0, 0, 0, 0.5)", 0 },
		{ "rgb(1,2)", HTMLCOLOUR_INVALID },
		{ "rgb(999,-5,1e9)", 0xff00ff },
		{ "transparent", HTMLCOLOUR_CLEAR },
		{ "yellow !important", 0xffff00 },
		{ "ff0000", HTMLCOLOUR_INVALID }, { "", HTMLCOLOUR_INVALID },
		{ "windowtext", HTMLCOLOUR_INVALID },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (htmlcolour_parse(span_text(cases[i].text)) !=
		    cases[i].want)
			fail_msg("%s: %06x", cases[i].text, (unsigned)
				 htmlcolour_parse(span_text(cases[i].text)));
	assert_true(htmlcolour_is_near(0xffffff, 0xfefefe));
	assert_true(htmlcolour_is_near(0xffffff, 0xfffff0));
	assert_false(htmlcolour_is_near(0xffffff, 0xe0e0e0));
	assert_false(htmlcolour_is_near(0x000000, 0xffffff));
}

static int begin(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
static const struct CMUnitTest tests[] = {
	TEST(what_is_hidden), TEST(characters_that_are_hidden),
	TEST(what_a_page_says_beside), TEST(how_fonts_are_told),
	TEST(how_tags_are_counted), TEST(tags_that_never_end),
	TEST(colours),
};

TAP_MAIN(tests)
