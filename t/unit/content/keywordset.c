#include <config.h>

#include "content/keywordset.h"

#include "unit/tap.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define ZWSP "\xe2\x80\x8b"
#define FULL_FREE "\xef\xbd\x86\xef\xbd\x92\xef\xbd\x85\xef\xbd\x85"

/* A file of that text; the name is to be removed and freed. */
static char *file_of(const char *text, gssize len)
{
	char *name = NULL;
	int fd = g_file_open_tmp("keywords-XXXXXX", &name, NULL);

	assert_true(fd >= 0);
	close(fd);
	assert_true(g_file_set_contents(name, text, len, NULL));
	return name;
}

static struct keywordset *load(const char *text, gssize len, bool is_simplified,
			       GError **error)
{
	g_autoptr(GPtrArray) lists = g_ptr_array_new();
	g_autoptr(GPtrArray) files = g_ptr_array_new();
	char *name = file_of(text, len);
	struct keywordset *set;

	g_ptr_array_add(files, name);
	g_ptr_array_add(lists, files);
	set = keywordset_load(lists, is_simplified, error);
	g_unlink(name);
	g_free(name);
	return set;
}

static bool is_in(const struct keywordset *set, struct span text)
{
	struct keywordtext *reader = keywordset_text(set);
	struct keyword_hits hits = { .count = 0 };

	(void)keywordset_scan(set, reader, text, 0, &hits);
	keywordtext_free(reader);
	return hits.count > 0;
}

static const struct { const char *phrase, *text; bool is_found; } cases[] = {
	{ "free", "free", true }, { "free", "get it FREE!", true },
	{ "free", "f r e e", true }, { "free", FULL_FREE, true },
	{ "free", "f" ZWSP "r" ZWSP "e" ZWSP "e", true },
	{ "free", "F-R-E-E", true }, { "free", "now: f.r.e.e, ok", true },
	{ "free", "f_r*ee", true }, { "free", "f - r - e - e", true },
	{ "free", "fr\xc2\xad" "ee", true },		/* soft hyphen */
	{ "free", "f\xcc\xb6r\xcc\xb6" "e\xcc\xb6" "e", true },	/* struck out */
	{ "free", "\xe2\x93\x95\xe2\x93\xa1\xe2\x93\x94\xe2\x93\x94", true },
	{ "free", "\xf0\x9d\x93\xaf\xf0\x9d\x93\xbb\xf0\x9d\x93\xae"
		  "\xf0\x9d\x93\xae", true },			/* script */
	{ "free", "\xf0\x9f\x85\xb5\xf0\x9f\x86\x81\xf0\x9f\x85\xb4"
		  "\xf0\x9f\x85\xb4", true },			/* in squares */
	{ "free", "F\xc2\xa0R\xc2\xa0" "E\xc2\xa0" "E", true },
	{ FULL_FREE, "free", true }, { "F-R-E-E", "free", true },
	{ "F-R-E-E", "f r e e", true }, { "f r e e", "free", true },
	{ "free", "sugar-free", true }, { "free", "\"free\"", true },
	{ "free", "freedom", false }, { "free", "coffee break", false },
	{ "free", "off reed", false }, { "free", "carefree", false },
	{ "free", "f r e e d o m", false }, { "free", "fr ee", false },
	{ "free", "f r ee", false }, { "free", "off, reed", false },
	{ "free", "fr, ee", false }, { "free", "of-free-d", true },
	{ "free", "f r e e  d o m", true },	/* a wider gap parts */
	{ "free", "F-R-E-E M-O-N-E-Y", true },
	{ "free", "get a f r e e car", true },
	{ "free", "a f-r-e-e car", true }, { "free", "b f r e e", false },
	{ "rape", "g r a p e", false },
	{ "free", "we got f r e e stuff", true },
	{ "cialis", "s p e c i a l i s t", false },
	{ "free money", "free money", true },
	{ "free money", "FREE   MONEY", true },
	{ "free money", "free-money", true },
	{ "free money", "free, money", true },
	{ "free money", "f r e e  m o n e y", true },
	{ "free money", "F-R-E-E M-O-N-E-Y", true },
	{ "free money", "freemoney", false },
	{ "free money", "free moneyback", false },
	{ "e-mail", "e-mail", true }, { "e-mail", "email", true },
	{ "email", "e-mail", true }, { "email", "e mail", false },
	{ "100", "1,100", false }, { "1100", "1,100", true },
	{ "1,100", "1100", true }, { "100", "= 100.", true },
	{ "plan b", "plan b is good", true },
	{ "\xc3\xa9t\xc3\xa9", "\xc3\x89T\xc3\x89", true },	/* été */
	{ "\xc3\xa9t\xc3\xa9", "e\xcc\x81te\xcc\x81", true },
	{ "\xc3\xa9t\xc3\xa9", "ete", false },
	{ "stra\xc3\x9f" "e", "STRASSE", true },
	{ "\xd1\x81\xd0\xba\xd0\xb8\xd0\xb4\xd0\xba\xd0\xb0",	/* скидка */
	  "\xd0\xa1\xd0\x9a\xd0\x98\xd0\x94\xd0\x9a\xd0\x90!", true },
	{ "\xd1\x81\xd0\xba\xd0\xb8\xd0\xb4\xd0\xba\xd0\xb0",
	  "\xd1\x81 \xd0\xba \xd0\xb8 \xd0\xb4 \xd0\xba \xd0\xb0", true },
	/* 发票: within a sentence, apart, decorated, with Latin beside it. */
	{ "\xe5\x8f\x91\xe7\xa5\xa8",
	  "\xe4\xbb\xa3\xe5\xbc\x80\xe5\x8f\x91\xe7\xa5\xa8\xe5\x90\x97", true },
	{ "\xe5\x8f\x91\xe7\xa5\xa8", "\xe5\x8f\x91 \xe7\xa5\xa8", true },
	{ "\xe5\x8f\x91\xe7\xa5\xa8", "\xe5\x8f\x91*\xe7\xa5\xa8", true },
	{ "\xe5\x8f\x91\xe7\xa5\xa8", "\xe5\x8f\x91.-\xe7\xa5\xa8", true },
	{ "\xe5\x8f\x91 \xe7\xa5\xa8", "\xe5\x8f\x91\xe7\xa5\xa8", true },
	{ "\xe5\x8f\x91\xe7\xa5\xa8", "a\xe5\x8f\x91\xe7\xa5\xa8z", true },
	{ "\xe5\x8f\x91\xe7\xa5\xa8", "\xe5\x8f\x91\xef\xbc\x8c\xe7\xa5\xa8",
	  false },						/* 发，票 */
	{ "\xe5\x8f\x91\xe7\xa5\xa8", "\xe5\x8f\x91\xe3\x80\x82\xe7\xa5\xa8",
	  false },						/* 发。票 */
	{ "\xe5\x8f\x91\xe7\xa5\xa8", "\xe7\x99\xbc\xe7\xa5\xa8", true },
	{ "\xe7\x99\xbc\xe7\xa5\xa8", "\xe5\x8f\x91\xe7\xa5\xa8", true },
	/* 加QQ群, and qq beside Chinese letters. */
	{ "\xe5\x8a\xa0qq\xe7\xbe\xa4", "\xe5\x8a\xa0 Q Q \xe7\xbe\xa4", true },
	{ "qq", "\xe5\x8a\xa0QQ\xe7\xbe\xa4", true },
	{ "qq", "\xe5\x8a\xa0QQA\xe7\xbe\xa4", false },
	/* Half-width katakana: ビデオ by ﾋﾞﾃﾞｵ; the long vowel stays. */
	{ "\xe3\x83\x93\xe3\x83\x87\xe3\x82\xaa",
	  "\xef\xbe\x8b\xef\xbe\x9e\xef\xbe\x83\xef\xbe\x9e\xef\xbd\xb5", true },
	{ "\xe3\x83\x93\xe3\x83\xab", "\xe3\x83\x93\xe3\x83\xbc\xe3\x83\xab",
	  false },
	/* 무료 with a particle behind it. */
	{ "\xeb\xac\xb4\xeb\xa3\x8c", "\xeb\xac\xb4\xeb\xa3\x8c\xeb\xa1\x9c",
	  true },
	/* Bytes that are no UTF-8 part words. */
	{ "free", "\xff" "free\xfe", true },
	{ "\xe5\x8f\x91\xe7\xa5\xa8", "\xe5\x8f\xe5\x8f\x91\xe7\xa5\xa8", true },
};

static void phrases_are_found_where_they_stand(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct keywordset *set = load(cases[i].phrase, -1, true, NULL);

		assert_non_null(set);
		if (is_in(set, span_text(cases[i].text)) != cases[i].is_found)
			fail_msg("\"%s\" in \"%s\": want %d", cases[i].phrase,
				 cases[i].text, cases[i].is_found);
		keywordset_free(set);
	}
}

static void traditional_is_another_when_it_is_said(void **state)
{
	struct keywordset *set = load("\xe5\x8f\x91\xe7\xa5\xa8", -1, false,
				      NULL);

	(void)state;
	assert_false(is_in(set, span_text("\xe7\x99\xbc\xe7\xa5\xa8")));
	assert_true(is_in(set, span_text("\xe5\x8f\x91\xe7\xa5\xa8")));
	keywordset_free(set);
}

static const struct { const char *text, *error; } broken[] = {
	{ "ok\n\xff\xfe\n", ":2: not in UTF-8" },
	{ "# \xff in a comment\nok\r\n\n***\n",
	  ":4: there is no letter or digit in this phrase" },
	{ "\xd0\xd0\xce\n", ":1: not in UTF-8" },
};

static void broken_lists_are_told(void **state)
{
	g_autofree char *longest = g_strnfill(KEYWORDSET_LINE_MAX, 'a');
	g_autofree char *longer = g_strconcat("x\n", longest, "a\n", NULL);
	g_autoptr(GError) error = NULL;
	struct keywordset *set;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(broken); i++) {
		assert_null(load(broken[i].text, -1, true, &error));
		if (!g_str_has_suffix(error->message, broken[i].error))
			fail_msg("%s: want %s", error->message,
				 broken[i].error);
		g_clear_error(&error);
	}
	assert_null(load(longer, -1, true, &error));
	assert_non_null(strstr(error->message, ":2: longer than 500 bytes"));
	g_clear_error(&error);
	assert_null(load("a\0b", 3, true, &error));
	set = load(longest, -1, true, NULL);
	assert_int_equal(keywordset_phrases(set, 0), 1);
	assert_true(is_in(set, span_text(longest)));
	keywordset_free(set);
}

static void empty_lists_find_nothing(void **state)
{
	struct keywordset *set = load("\xef\xbb\xbf# none\n\n", -1, true, NULL);

	(void)state;
	assert_non_null(set);
	assert_int_equal(keywordset_phrases(set, 0), 0);
	assert_false(is_in(set, span_text("none")));
	assert_false(is_in(set, span_of(NULL, 0)));
	keywordset_free(set);
}

/* A phrase at any place of a text of several pieces is found, and none where
 * the pieces meet is made up. */
static void long_texts_are_looked_at_in_pieces(void **state)
{
	struct keywordset *set = load("free money\n\xe5\x8f\x91\xe7\xa5\xa8", -1,
				      true, NULL);
	g_autoptr(GString) text = g_string_new(NULL);

	(void)state;
	for (size_t at = 61000; at < 66500; at += 17) {
		g_string_set_size(text, 80000);
		memset(text->str, 'x', text->len);
		memcpy(text->str + at, " free money ", 12);
		if (!is_in(set, span_of(text->str, text->len)))
			fail_msg("not found at %zu", at);
	}
	g_string_truncate(text, 0);
	while (text->len < 300000)
		g_string_append(text, "freemoney xfree money free moneyx ");
	assert_false(is_in(set, span_of(text->str, text->len)));
	g_string_truncate(text, 0);
	while (text->len < 150000)
		g_string_append(text, "\xe5\x8f\x91");
	assert_false(is_in(set, span_of(text->str, text->len)));
	g_string_append(text, "\xe7\xa5\xa8");
	assert_true(is_in(set, span_of(text->str, text->len)));
	keywordset_free(set);
}

static void hits_are_told_once_and_few(void **state)
{
	struct keywordset *set = load("a1\nb2\nc3\nd4\n", -1, true, NULL);
	struct keywordtext *reader = keywordset_text(set);
	struct keyword_hits hits = { .count = 0 };

	(void)state;
	assert_true(keywordset_scan(set, reader, span_text("b2 b2 zz b2"), 7,
				    &hits));
	assert_int_equal(hits.count, 1);
	assert_string_equal(hits.phrases[0]->text, "b2");
	assert_int_equal(hits.phrases[0]->line, 2);
	assert_int_equal(hits.places[0], 7);
	assert_false(keywordset_scan(set, reader, span_text("d4 c3 b2 a1"), 8,
				     &hits));
	assert_int_equal(hits.count, KEYWORDSET_SHOWN);
	assert_string_equal(hits.phrases[1]->text, "d4");
	assert_string_equal(hits.phrases[2]->text, "c3");
	keywordtext_free(reader);
	keywordset_free(set);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(phrases_are_found_where_they_stand),
	cmocka_unit_test(traditional_is_another_when_it_is_said),
	cmocka_unit_test(broken_lists_are_told),
	cmocka_unit_test(empty_lists_find_nothing),
	cmocka_unit_test(long_texts_are_looked_at_in_pieces),
	cmocka_unit_test(hits_are_told_once_and_few),
};

TAP_MAIN(tests)
