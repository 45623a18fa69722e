#include <config.h>

#include "message/received.h"

#include "catalog.h"
#include "unit/tap.h"

#include <string.h>

/* "ip rdns helo by id auth", "-" for what is not there; "local" and so on. */
static const struct { const char *value, *want; } fields[] = {
	/* Postfix, with a name and without. */
	{ "from mail.a.example (mx.a.example [192.0.2.1])\n\tby mx.b.example "
	  "(Postfix) with ESMTP id 4F1A2\n\tfor <u@b.example>; Mon, 23 Nov "
	  "2026 10:00:00 +0000 (UTC)",
	  "192.0.2.1 mx.a.example mail.a.example mx.b.example 4F1A2 -" },
	{ "from x (unknown [192.0.2.1]) by y (Postfix) with SMTP id ABC",
	  "192.0.2.1 - x y ABC -" },
	{ "from x (x.example [IPv6:2001:db8::1]) by y (Postfix) with ESMTPSA "
	  "id ABC", "2001:db8::1 x.example x y ABC ESMTPSA" },
	{ "from x (unknown [192.0.2.1]) (Authenticated sender: u) by y "
	  "(Postfix) with ESMTP id ABC", "192.0.2.1 - x y ABC Postfix" },
	/* Sendmail. */
	{ "from x (IDENT:u@h.example [192.0.2.1]) by y (8.11.6/8.11.6) with "
	  "ESMTP id g7M for <z>", "192.0.2.1 h.example x y g7M -" },
	{ "from x ([192.0.2.1]) by y (8.9.3/8.9.3) with SMTP id KAA",
	  "192.0.2.1 - x y KAA -" },
	/* Exim. */
	{ "from h.example ([192.0.2.1] helo=said) by y with esmtp (Exim 3.35 "
	  "#1) id 17h-1", "192.0.2.1 h.example said y 17h-1 -" },
	{ "from [192.0.2.1] (helo=said ident=root) by y with smtp (Exim 4.94) "
	  "id 1k", "192.0.2.1 - said y - -" },
	/* qmail. */
	{ "from unknown (HELO said) (192.0.2.1) by y with SMTP; 22 Aug 2002",
	  "192.0.2.1 - said y - -" },
	{ "from h.example (HELO said) (u@192.0.2.1) by y with SMTP; 1 Jan 2002",
	  "192.0.2.1 h.example said y - -" },
	/* No hand-over. */
	{ "by y (Postfix, from userid 1000) id ABC; x", "local" },
	{ "from u by y with local (Exim 4.94) id 1k", "local" },
	{ "from localhost [127.0.0.1] by localhost with POP3 (fetchmail-5.9.0)",
	  "fetched" },
	{ "(qmail 1234 invoked by uid 500); x", "local" },
	{ "from x to y", "unreadable" }, { "", "local" },
};

static const char *shown(const char *word)
{
	return *word ? word : "-";
}

static char *text_of(const struct relay *relay)
{
	static const char *const kinds[] = {
		"unreadable", "local", "fetched",
	};

	return relay->kind != RECEIVED_RELAY ? g_strdup(kinds[relay->kind]) :
	       g_strjoin(" ", shown(relay->ip), shown(relay->rdns),
			 shown(relay->helo), shown(relay->by),
			 shown(relay->id), shown(relay->auth), NULL);
}

static void fields_are_read(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		struct relay relay = received_parse(
			span_text(fields[i].value), &arena);
		g_autofree char *got = text_of(&relay);

		if (strcmp(got, fields[i].want) != 0)
			fail_msg("%s: %s", fields[i].value, got);
	}
	arena_release(&arena);
}

/* Private hosts in front are ours; the first that is not ends it. */
static void relays_are_trusted_or_not(void **state)
{
	static const struct session_facts session = { .messages = 0 };
	static const char *const values[] = {
		"from a (a [10.0.0.1]) by b (Postfix) with ESMTP id AAA",
		"by b (Postfix, from userid 1) id BBB",
		"from c (c [192.0.2.1]) by d (Postfix) with ESMTP id CCC",
		"from e (e [10.0.0.2]) by f (Postfix) with ESMTP id DDD",
	};
	struct settings *settings = settings_parse("test", span_text(""),
						   catalog, NULL);
	struct transaction tx;
	struct relays relays;

	(void)state;
	assert_non_null(settings);
	transaction_init(&tx, settings, &session);
	tx.sender = mailaddr_parse(span_text("<a@b.example>"), &tx.arena);
	for (size_t i = 0; i < COUNT_OF(values); i++)
		transaction_add_header(&tx, span_text("Received"),
				       span_text(values[i]));
	relays = received_collect(&tx, NULL, &tx.arena);
	assert_int_equal(relays.all->len, 3);
	assert_int_equal(relays.trusted, 1);
	assert_int_equal(relays.trusted_fields, 2);
	g_array_unref(relays.all);
	/* A client that is known is the last hop. */
	assert_true(netaddr_parse(span_text("198.51.100.1"), &tx.client.addr));
	relays = received_collect(&tx, NULL, &tx.arena);
	assert_int_equal(relays.all->len, 4);
	assert_int_equal(relays.trusted, 0);
	assert_string_equal(g_array_index(relays.all, struct relay, 0).ip,
			    "198.51.100.1");
	g_array_unref(relays.all);
	transaction_release(&tx);
	settings_unref(settings);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(fields_are_read),
	cmocka_unit_test(relays_are_trusted_or_not),
};

TAP_MAIN(tests)
