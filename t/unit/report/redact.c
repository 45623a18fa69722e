#include <config.h>

#include "report/redactheader.h"

#include "unit/tap.h"

#include <string.h>

static const uint8_t key[REDACTKEY_BYTES] = { 7 };

static void make(struct redact *redact, Reeve__Message *message,
		 Reeve__Recipient *rcpt, const char *address)
{
	static Reeve__Recipient *list[1];

	reeve__message__init(message);
	reeve__recipient__init(rcpt);
	rcpt->has_address = true;
	rcpt->address = (ProtobufCBinaryData){ strlen(address),
					       (uint8_t *)address };
	list[0] = rcpt;
	message->n_recipients = 1;
	message->recipients = list;
	redact_init(redact, key, message);
}

/* BOB stands for the hash of the recipient, ANN for that of ann@x.example. */
static const struct { const char *header, *want; } headers[] = {
	{ "From: eve@y.example\r\n\r\nbody bob@x.example\r\n",
	  "From: eve@y.example\r\n" },
	{ "To: \"Bob B.\" <bob@x.example>\r\n", "To: BOB@x.example\r\n" },
	{ "TO: BOB@x.example (Bob), =?utf-8?q?Ann?= <ann@x.example>\r\n",
	  "TO: BOB@x.example,\r\n ANN@x.example\r\n" },
	{ "Cc: undisclosed;\r\n", "Cc: (hidden)\r\n" },
	{ "Delivered-To: bob@x.example\r\n", "Delivered-To: BOB@x.example\r\n" },
	{ "X-Original-Recipient: bob@x.example\r\n",
	  "X-Original-Recipient: BOB@x.example\r\n" },
	{ "Reply-To: eve@y.example\r\nIn-Reply-To: <1@x.example>\r\n",
	  "Reply-To: eve@y.example\r\nIn-Reply-To: <1@x.example>\r\n" },
	{ "Received: from a (b [192.0.2.1])\r\n\tby c for <ann@x.example>;\r\n"
	  "\tMon, 2 Nov 2026\r\n",
	  "Received: from a (b [192.0.2.1])\r\n\tby c for <ANN@x.example>;\r\n"
	  "\tMon, 2 Nov 2026\r\n" },
	{ "Received: by c for x@bob@x.example\r\n", NULL },
	{ "Subject: bob@x.example, you won\r\n",
	  "Subject: BOB@x.example, you won\r\n" },
	{ "Subject: =?utf-8?b?Ym9iQHguZXhhbXBsZQ==?= won\r\n",
	  "Subject: (hidden)\r\n" },
	{ "Subject: =?utf-8?b?5Y+R56Wo?=\r\n", "Subject: =?utf-8?b?5Y+R56Wo?=\r\n" },
	{ "Return-Path: <news+bob=x.example@y.example>\r\n",
	  "Return-Path: <news+BOB=x.example@y.example>\r\n" },
	{ "List-Unsubscribe: <https://y.example/?a=Bob%40X.example>\r\n",
	  "List-Unsubscribe: <https://y.example/?a=BOB%40X.example>\r\n" },
	{ "bob@x.example: odd\r\nno colon bob@x.example\r\n",
	  "BOB@x.example: odd\r\nno colon BOB@x.example\r\n" },
	{ "", "" }, { "\r\nTo: bob@x.example", "" },
};

static char *with_names(const struct redact *redact, const char *text,
			struct arena *arena)
{
	GString *out = g_string_new(text);
	g_autofree char *bob = g_strndup(redact_address(
		redact, span_text("bob@x.example"), arena),
		REDACT_HASH_DIGITS);
	g_autofree char *ann = g_strndup(redact_address(
		redact, span_text("ann@x.example"), arena),
		REDACT_HASH_DIGITS);

	/* "BOB" in capitals is also how one is written. */
	g_string_replace(out, bob, "BOB", 0);
	g_string_replace(out, ann, "ANN", 0);
	return g_string_free(out, FALSE);
}

static void recipients_are_hidden(void **state)
{
	Reeve__Message message;
	Reeve__Recipient rcpt;
	struct redact redact;
	struct arena arena;

	(void)state;
	make(&redact, &message, &rcpt, "bob@x.example");
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(headers); i++) {
		g_autoptr(GByteArray) got = redactheader_format(
			&redact, span_text(headers[i].header), &arena);
		g_autofree char *text = g_strndup(got->len ?
			(const char *)got->data : "", got->len);
		g_autofree char *named = with_names(&redact, text, &arena);

		if (headers[i].want)
			assert_string_equal(named, headers[i].want);
		assert_null(strstr(text, "bob@x.example"));
	}
	arena_release(&arena);
	redact_release(&redact);
}

static void a_hash_is_one_persons(void **state)
{
	const uint8_t other[REDACTKEY_BYTES] = { 8 };
	struct redact one, two;
	struct arena arena;
	const char *bob;

	(void)state;
	arena_init(&arena);
	redact_init(&one, key, NULL);
	redact_init(&two, other, NULL);
	bob = redact_address(&one, span_text("bob@x.example"), &arena);
	assert_int_equal(strlen(bob), REDACT_HASH_DIGITS + strlen("@x.example"));
	assert_string_equal(bob + REDACT_HASH_DIGITS, "@x.example");
	assert_string_equal(bob, redact_address(&one, span_text(
		"bob@x.example"), &arena));
	assert_memory_equal(bob, redact_address(&one, span_text(
		"Bob@X.example"), &arena), REDACT_HASH_DIGITS);
	assert_memory_not_equal(bob, redact_address(&one, span_text(
		"bob@y.example"), &arena), REDACT_HASH_DIGITS);
	assert_string_not_equal(bob, redact_address(&two, span_text(
		"bob@x.example"), &arena));
	assert_int_equal(strlen(redact_address(&one, span_text("root"),
					       &arena)), REDACT_HASH_DIGITS);
	redact_release(&one);
	redact_release(&two);
	arena_release(&arena);
}

static void a_record_is_hidden(void **state)
{
	Reeve__Record record = REEVE__RECORD__INIT;
	Reeve__Finding finding = REEVE__FINDING__INIT, *findings = &finding;
	Reeve__Message message;
	Reeve__Recipient rcpt;
	struct redact redact;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	make(&redact, &message, &rcpt, "bob@x.example");
	rcpt.has_address_raw = rcpt.has_orcpt = true;
	rcpt.address_raw = rcpt.orcpt = rcpt.address;
	finding.detail = (char *)"no such user: Bob@x.example";
	message.n_findings = 1;
	message.findings = &findings;
	record.message = &message;
	redact_record(&redact, &record, &arena);
	assert_int_equal(rcpt.address.len, REDACT_HASH_DIGITS +
			 strlen("@x.example"));
	assert_false(rcpt.has_address_raw || rcpt.has_orcpt);
	assert_null(strstr(finding.detail, "Bob@"));
	assert_non_null(strstr(finding.detail, "no such user: "));
	redact_release(&redact);
	arena_release(&arena);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(recipients_are_hidden),
	cmocka_unit_test(a_hash_is_one_persons),
	cmocka_unit_test(a_record_is_hidden),
};
TAP_MAIN(tests)
