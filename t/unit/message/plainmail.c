#include <config.h>

#include "message/plainmail.h"

#include "unit/tap.h"

#include <string.h>

static const struct { const char *name, *subject, *body, *want; } cases[] = {
	{ "", "Hello", "a\n", "From: a@b.c\nTo: b@c.d\nSubject: Hello\n" },
	{ "A \"b\" c, d", "x", "a\n", "From: \"A \\\"b\\\" c, d\"\n <a@b.c>\n" },
	{ "Störung", "x", "a\n", "From: =?UTF-8?B?U3TDtnJ1bmc=?=\n <a@b.c>\n" },
	{ "", "=?x", "a\n", "Subject: =?UTF-8?B?PT94?=\n" },
	{ "", "结案", "a\n", "Subject: =?UTF-8?B?57uT5qGI?=\n" },
	{ "", "aaaa bbbbbbbbbb cccccccccc dddddddddd eeeeeeeeee ffffffffff "
	  "gggggggggg hhhhhhhhhh iii", "a\n", "ffffffffff\n gggggggggg hhhhhhhhhh iii\n" },
	{ "", "x", "a\nb", "Content-Transfer-Encoding: 7bit\n\na\nb" },
	{ "", "x", "Hello, Mr Müller = you\n", "quoted-printable\n\n"
	  "Hello, Mr M=C3=BCller =3D you\n" },
	{ "", "x", "结案\n", "base64\n\n57uT5qGIDQo=\n" },
};

static void check_lines(const char *text)
{
	for (const char *end; *text; text = *end ? end + 1 : end) {
		end = strchrnul(text, '\n');
		if (end - text > 78)
			fail_msg("%d bytes: %.80s", (int)(end - text), text);
		for (const char *at = text; at < end; at++)
			if (!g_ascii_isprint(*at))
				fail_msg("byte %02x", (unsigned char)*at);
	}
}

static GString *format(const char *name, const char *subject,
		       const char *body)
{
	const struct plainmail mail = {
		.from = "a@b.c", .from_name = name, .to = "b@c.d",
		.subject = subject, .message_id = "1@b.c", .language = "zh",
		.date_us = INT64_C(1795780800) * G_USEC_PER_SEC, .body = body,
	};

	return plainmail_format(&mail);
}

static void mails_are_as_they_should(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		g_autoptr(GString) text = format(cases[i].name,
						 cases[i].subject,
						 cases[i].body);

		check_lines(text->str);
		if (!strstr(text->str, cases[i].want))
			fail_msg("%s\nlacks\n%s", text->str, cases[i].want);
		assert_non_null(strstr(text->str, "\nMessage-ID:\n <1@b.c>\n"));
		assert_non_null(strstr(text->str, "\nDate: Fri, 27 Nov 2026 "
				       "12:00:00 +0000\n"));
	}
}

static void long_ones_are_folded(void **unused)
{
	g_autoptr(GString) subject = g_string_new(NULL), body = NULL;
	g_autoptr(GString) text = NULL;

	(void)unused;
	for (int i = 0; i < 100; i++)
		g_string_append(subject, i % 7 ? "案" : "x");
	body = g_string_new(subject->str);
	for (int i = 0; i < 300; i++)
		g_string_append(body, "abcdefg ");
	text = format(subject->str, subject->str, body->str);
	check_lines(text->str);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(mails_are_as_they_should),
	cmocka_unit_test(long_ones_are_folded),
};

TAP_MAIN(tests)
