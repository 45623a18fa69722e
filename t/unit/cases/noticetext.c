#include <config.h>

#include "cases/noticeset.h"

#include "cases/noticesettings.h"

#include "unit/tap.h"

#include <string.h>

static const struct { const char *text, *why; } bad[] = {
	{ "", "x:1: there is no letter" },
	{ "Subject: a\n", "x:2: there is no letter" },
	{ "Subject: a\n\n\n \n", "there is no letter" },
	{ "Hello\n", "x:1: it must begin with" },
	{ "# x\nSubject:  \n\nb\n", "x:2: the subject is empty" },
	{ "Subject: a\nb\n", "x:2: an empty line must follow" },
	{ "Subject: {who}\n\nb\n", "x:1: {who} is no variable; there are about" },
	{ "Subject: a\n\nb {Case}\n", "x:3: {Case} is no variable" },
	{ "Subject: a\n\nb { case}\n", "x:3: { case} is no variable" },
	{ "Subject: a\n\nb {case\n", "x:3: {} is no variable" },
	{ "Subject: a\n\nb } c\n", "x:3: {} is no variable" },
	{ "Subject: a\n\nb {}\n", "x:3: {} is no variable" },
	{ "Subject: a\n\nb \033[31m\n", "x:3: a control character" },
	{ "Subject: a\n\nb \377\n", "x:1: it is not in UTF-8" },
};

static void bad_ones_are_told(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		g_autoptr(GError) why = NULL;

		if (noticetext_parse("x", span_text(bad[i].text), &why))
			fail_msg("taken: %s", bad[i].text);
		if (!strstr(why->message, bad[i].why))
			fail_msg("%s: %s", bad[i].text, why->message);
	}
}

static void limits_hold(void **unused)
{
	g_autofree char *line = g_strnfill(901, 'a');
	g_autofree char *text = g_strdup_printf("Subject: a\n\n%s\n", line);
	g_autofree char *large = g_strnfill(NOTICETEXT_BYTES_MAX + 1, '\n');
	const struct span nul = span_of("Subject: a\n\nb\0c", 15);
	struct noticetext *good;

	(void)unused;
	assert_null(noticetext_parse("x", span_text(text), NULL));
	assert_null(noticetext_parse("x", span_text(large), NULL));
	assert_null(noticetext_parse("x", nul, NULL));
	text[strlen(text) - 2] = '\0';
	good = noticetext_parse("x", span_text(text), NULL);
	assert_non_null(good);
	noticetext_free(good);
}

/* values: all empty, but for case = 2026-0001, remark = "a\nb",
 * findings as given. */
static const struct { const char *text, *findings, *subject, *body; } good[] = {
	{ "Subject: [{case}] x{name}\n\nb\n", "", "[2026-0001] x", "b\n" },
	{ "# c\n\nSubject: {{x}}\n\n {{case}} }}\n", "", "{x}", " {case} }\n" },
	{ "Subject: {remark}\n\n  {remark}\n{remark}.\n", "", "a b",
	  "  a\n  b\na\nb.\n" },
	{ "Subject: x\n\na\n\nSeen:\n{findings}\n\nb\n", "", "x",
	  "a\n\nb\n" },
	{ "Subject: x\n\na\n\nSeen:\n{findings}\n\nb\n", "f", "x",
	  "a\n\nSeen:\nf\n\nb\n" },
	{ "Subject: x\n\na {case}\nb {name}\nc\n", "", "x",
	  "a 2026-0001\nc\n" },
	{ "Subject: x\n\na\n\n{name}\n\n\n", "", "x", "a\n\n" },
	{ "Subject: x\r\n\r\na\r\n", "", "x", "a\n" },
	{ "Subject: x\n\n  {findings}\n", "a bbbbbbbbb ccccccccc ddddddddd eeeeeeeee "
	  "fffffffff ggggggggg hhhhhhhhh iiiiiiiii", "x",
	  "  a bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg "
	  "hhhhhhhhh\n  iiiiiiiii\n" },
	{ "Subject: x\n\n{findings}\n", "案案案案案案案案案案 案案案案案案案案案案 "
	  "案案案案案案案案案案 案案案案案案案案案案", "x",
	  "案案案案案案案案案案 案案案案案案案案案案 案案案案案案案案案案\n"
	  "案案案案案案案案案案\n" },
	{ "Subject: x\n\nOf {findings} we\ntell you.\n\n{case}\n",
	  "bbbbbbbbb ccccccccc ddddddddd eeeeeeeee "
	  "fffffffff ggggggggg hhhhhhhhh iii", "x",
	  "Of bbbbbbbbb ccccccccc ddddddddd eeeeeeeee "
	  "fffffffff ggggggggg hhhhhhhhh iii\n"
	  "we tell you.\n\n2026-0001\n" },
	{ "Subject: x\n\nOf {findings} we\n{case}\n",
	  "bbbbbbbbb ccccccccc ddddddddd eeeeeeeee "
	  "fffffffff ggggggggg hhhhhhhhh iii", "x",
	  "Of bbbbbbbbb ccccccccc ddddddddd eeeeeeeee "
	  "fffffffff ggggggggg hhhhhhhhh iii\n"
	  "we\n2026-0001\n" },
	{ "subject: x\n\n# no comment\n", "", "x", "# no comment\n" },
};

static void letters_are_filled_in(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		g_autoptr(GString) subject = g_string_new(NULL);
		g_autoptr(GString) body = g_string_new(NULL);
		g_autoptr(GError) why = NULL;
		const char *values[NOTICE_VARIABLES];
		struct noticetext *text = noticetext_parse(
			"x", span_text(good[i].text), &why);

		if (!text)
			fail_msg("%s: %s", good[i].text, why->message);
		for (size_t v = 0; v < NOTICE_VARIABLES; v++)
			values[v] = "";
		values[NOTICE_CASE] = "2026-0001";
		values[NOTICE_REMARK] = "a\nb";
		values[NOTICE_FINDINGS] = good[i].findings;
		noticetext_fill(text, values, subject, body);
		assert_string_equal(subject->str, good[i].subject);
		assert_string_equal(body->str, good[i].body);
		noticetext_free(text);
	}
}

static void words_are_checked(void **unused)
{
	static const struct { const char *text, *why; } wrong[] = {
		{ "", "x:1: a word is missing: kind.spam" },
		{ "kind.spam\n", "x:1: write key = text" },
		{ "# x\nkind.ham = a\n", "x:2: no such word: kind.ham" },
		{ "open = a\nopen = b\n", "x:2: it is there twice: open" },
		{ "open =\n", "x:1: empty" },
		{ "open = a\033b\n", "x:1: empty, too long, or with" },
	};

	(void)unused;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		g_autoptr(GError) why = NULL;

		assert_null(noticewords_parse("x", span_text(wrong[i].text),
					      &why));
		if (!g_str_has_prefix(why->message, wrong[i].why))
			fail_msg("%s: %s", wrong[i].text, why->message);
	}
}

static void what_is_shipped_is_whole(void **unused)
{
	struct noticeset *set = noticeset_load("", NULL);

	(void)unused;
	assert_non_null(set);
	assert_string_equal(noticeset_find(set, "en-GB")->tag, "en");
	assert_string_equal(noticeset_find(set, "ZH_cn")->tag, "zh");
	assert_null(noticeset_find(set, "de"));
	assert_null(noticeset_find(set, ""));
	assert_string_equal(notice_word(noticeset_find(set, "zh"),
					"kind.virus"), "带有恶意程序的邮件");
	assert_string_equal(notice_word(noticeset_find(set, "en"), "x"), "");
	noticeset_free(set);
}

static void addresses_are_safe(void **unused)
{
	static const char *const bad_ones[] = {
		"", "a", "@b.c", "a@", "a@b.", "a@.b", "a@b..c", "-a@b.c",
		"a b@c.d", "a@b.c\n", "a@b.c\nBcc: x@y.z", "<a@b.c>", "a@b@c",
		"a,b@c.d", "\"a\"@b.c", "ä@b.c", "a@ä.c", "a@[192.0.2.1]",
		"a;b@c.d", "|a@b.c\t",
	};
	static const char *const good_ones[] = {
		"a@b.c", "a.b+c=d@x-y.example", "o'neil@example.org", "a@b",
	};

	(void)unused;
	for (size_t i = 0; i < COUNT_OF(bad_ones); i++)
		if (notice_is_address(bad_ones[i]))
			fail_msg("taken: %s", bad_ones[i]);
	for (size_t i = 0; i < COUNT_OF(good_ones); i++)
		if (!notice_is_address(good_ones[i]))
			fail_msg("not taken: %s", good_ones[i]);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(bad_ones_are_told),
	cmocka_unit_test(limits_hold),
	cmocka_unit_test(letters_are_filled_in),
	cmocka_unit_test(words_are_checked),
	cmocka_unit_test(what_is_shipped_is_whole),
	cmocka_unit_test(addresses_are_safe),
};

TAP_MAIN(tests)
