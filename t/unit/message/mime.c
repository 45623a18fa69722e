#include <config.h>

#include "message/mime.h"

#include "catalog.h"
#include "message/bodytext.h"
#include "message/rawmessage.h"
#include "message/uris.h"
#include "unit/tap.h"

#include <stdio.h>
#include <string.h>

/* One message, as a test sees it. */
struct bench {
	struct settings *settings;
	struct transaction tx;
	struct mime *mime;
	struct bodytext *text;
};

static void take(struct bench *bench, const char *message, size_t len)
{
	static const struct session_facts session = { .messages = 0 };

	bench->settings = settings_parse("test", span_text(""), catalog, NULL);
	assert_non_null(bench->settings);
	transaction_init(&bench->tx, bench->settings, &session);
	rawmessage_take(&bench->tx, span_of(message, len));
	bench->mime = mime_parse(&bench->tx, &bench->tx.arena);
	bench->text = bodytext_make(bench->mime, "subject");
}

static void leave(struct bench *bench)
{
	bodytext_free(bench->text);
	mime_release(bench->mime);
	transaction_release(&bench->tx);
	settings_unref(bench->settings);
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"

/* "type[charset,name]=decoded" of each leaf. */
static const struct { const char *message, *want; } messages[] = {
	{ "Subject: x\n\nhi\n", "text/plain[,]=hi\n" },
	{ "\nhi\n", "text/plain[,]=hi\n" },
	{ "Content-Type: text/html; charset=\"GB2312\"\n\nx",
	  "text/html[GB2312,]=x" },
	{ "Content-Type: TEXT/Plain;charset=koi8-r;name*=utf-8''a%20b.txt\n\nx",
	  "text/plain[koi8-r,a b.txt]=x" },
	{ "Content-Type: image/png\nContent-Disposition: attachment;\n "
	  "filename=\"=?utf-8?q?=41.png?=\"\n\nx", "image/png[,A.png]=x" },
	{ "Content-Transfer-Encoding: base64\n\naGVs\nbG8=\n",
	  "text/plain[,]=hello" },
	{ "Content-Transfer-Encoding: quoted-printable\n\na=\nb=3D=0A",
	  "text/plain[,]=ab=\n" },
	{ MIXED "pre\n--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n"
	  "--b--\npost\n", "text/plain[,]=one text/html[,]=two" },
	{ MIXED "--b\n\none\n", "text/plain[,]=one" },
	{ "Content-Type: multipart/mixed; boundary=\"a\n b\"\n\n--a b\n\n"
	  "one\n--a b--\n", "text/plain[,]=one" },
	{ MIXED "--bx\n\none\n--by\n\ntwo\n--b--\n",
	  "text/plain[,]=one text/plain[,]=two" },
	{ MIXED "--b\n\n--bx\n--b--\n", "text/plain[,]=--bx" },
	{ MIXED "none at all\n", "text/plain[,]=none at all" },
	{ MIXED "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\n"
	  "x\n--c--\n--b\n\ny\n--b--\n",
	  "text/plain[,]=x text/plain[,]=y" },
	{ MIXED "--b\nContent-Type: message/rfc822\n\nSubject: in\n\nbody\n"
	  "--b--\n", "text/plain[,]=body" },
	{ "Content-Type: multipart/mixed\n\nx\n", "text/plain[,]=x\n" },
	{ "Content-Type: nonsense\n\nx", "nonsense[,]=x" },
	{ "", "text/plain[,]=" },
};

static char *leaves_of(struct bench *bench)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < bench->mime->leaves->len; i++) {
		struct mime_part *part = g_ptr_array_index(
			bench->mime->leaves, i);
		struct span text = mime_decode(part, &bench->tx.arena);

		g_string_append_printf(out, "%s%s[%s,%s]=%.*s", i ? " " : "",
			part->type, part->charset ? part->charset : "",
			part->name ? part->name : "", (int)text.len, text.ptr);
	}
	return g_string_free(out, FALSE);
}

static void parts_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(messages); i++) {
		struct bench bench;

		take(&bench, messages[i].message,
		     strlen(messages[i].message));
		g_autofree char *got = leaves_of(&bench);

		if (strcmp(got, messages[i].want) != 0)
			fail_msg("message %zu: %s", i, got);
		leave(&bench);
	}
}

/* Bombs: bounded work, and it is told. */
static void a_thousand_levels(void **state)
{
	g_autoptr(GString) text = g_string_new(
		"Content-Type: multipart/mixed; boundary=b0\n\n");
	struct bench bench;

	(void)state;
	for (int i = 0; i < 1000; i++)
		g_string_append_printf(text, "--b%d\nContent-Type: "
			"multipart/mixed; boundary=b%d\n\n", i, i + 1);
	take(&bench, text->str, text->len);
	assert_true(bench.mime->flaws & MIME_FLAW_DEPTH);
	leave(&bench);
}

static void a_hundred_thousand_parts(void **state)
{
	g_autoptr(GString) text = g_string_new(MIXED);
	struct bench bench;

	(void)state;
	for (int i = 0; i < 100000; i++)
		g_string_append(text, "--b\n\nx\n");
	take(&bench, text->str, text->len);
	assert_true(bench.mime->flaws & MIME_FLAW_PARTS);
	assert_int_equal(bench.mime->parts->len, MIME_PARTS_MAX);
	leave(&bench);
}

/* The lines that body rules see. */
static const struct { const char *body, *want; } bodies[] = {
	{ "one\ntwo\n\nthree  \t four\n", "subject\n|one two\n|three four " },
	{ "a\xc2\xa0" "b", "subject\n|a b" },
	{ "\n\n\nx\n \n \ny", "subject\n|\n|x\n|y" },
};

static void lines_are_paragraphs(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		g_autofree char *message = g_strdup_printf("X: y\n\n%s",
							   bodies[i].body);
		g_autoptr(GString) got = g_string_new(NULL);
		struct bench bench;

		take(&bench, message, strlen(message));
		for (guint j = 0; j < bench.text->lines->len; j++) {
			struct span line = g_array_index(bench.text->lines,
							 struct span, j);

			g_string_append(got, j ? "|" : "");
			g_string_append_len(got, line.ptr, (gssize)line.len);
		}
		if (strcmp(got->str, bodies[i].want) != 0)
			fail_msg("body %zu: \"%s\"", i, got->str);
		leave(&bench);
	}
}

/* A URI of a text, and what must be among what is made of it. */
static const struct { const char *body, *want; } uris[] = {
	{ "see http://a.example/x.", "http://a.example/x" },
	{ "see www.Example.com now", "http://www.Example.com" },
	/* In Chinese no blank stands around one. */
	{ "http://b\xc3\xbc" "cher.example", "http://xn--bcher-kva.example" },
	{ "请访问www.example.com欢迎光临", "http://www.example.com" },
	{ "见http://www.example.com，欢迎", "http://www.example.com" },
	{ "请看example.com的", "http://example.com" },
	{ "电话138或abc@example.com或者", "mailto:abc@example.com" },
	{ "at example.com/path?q", "http://example.com/path?q" },
	{ "me@example.com", "mailto:me@example.com" },
	{ "mailto:me@example.com?subject=x", "mailto:me@example.com" },
	{ "http://a.example/%77%77", "http://a.example/ww" },
	{ "http://u:p@a.example/x", "http://a.example/x" },
	{ "http://2130706433/x", "http://127.0.0.1/x" },
	{ "http://0x7f.0.0.1/", "http://127.0.0.1/" },
	{ "http://b\xc3\xbc" "cher.example/", "http://xn--bcher-kva.example/" },
	{ "http://r.example/?u=http://b.example/y", "http://b.example/y" },
	{ "http://a.example?x", "http://a.example/?x" },
	{ "(http://a.example/y)", "http://a.example/y" },
	{ "http://a&#46;example/", "http://a.example/" },
};

static void uris_are_made_plain(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(uris); i++) {
		g_autofree char *message = g_strdup_printf("X: y\n\n%s\n",
							   uris[i].body);
		g_autoptr(GArray) got = NULL;
		bool is_there = false;
		struct bench bench;

		take(&bench, message, strlen(message));
		got = uris_collect(bench.settings, bench.text, NULL);
		for (guint j = 0; j < got->len; j++)
			is_there |= strcmp(g_array_index(got, struct uri,
				j).text, uris[i].want) == 0;
		if (!is_there)
			fail_msg("%s: %s is not among %u", uris[i].body,
				 uris[i].want, got->len);
		leave(&bench);
	}
}

static void what_is_no_uri(void **state)
{
	static const char *const texts[] = {
		"nothing", "file.nosuchtld", "1.2.3", "a.b", "x@y", "e.g. this",
		"http://", "//", "end.Begin", "readme.txt,",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		g_autofree char *message = g_strdup_printf("X: y\n\n%s\n",
							   texts[i]);
		g_autoptr(GArray) got = NULL;
		struct bench bench;

		take(&bench, message, strlen(message));
		got = uris_collect(bench.settings, bench.text, NULL);
		if (got->len)
			fail_msg("%s: %s", texts[i], g_array_index(
				got, struct uri, 0).text);
		leave(&bench);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(parts_are_found),
	cmocka_unit_test(a_thousand_levels),
	cmocka_unit_test(a_hundred_thousand_parts),
	cmocka_unit_test(lines_are_paragraphs),
	cmocka_unit_test(uris_are_made_plain),
	cmocka_unit_test(what_is_no_uri),
};

TAP_MAIN(tests)
