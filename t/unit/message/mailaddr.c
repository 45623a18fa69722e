#include <config.h>

#include "message/mailaddr.h"

#include "base/clock.h"
#include "unit/tap.h"

#include <string.h>

#define F(name) MAILADDR_FLAW_##name

static const struct {
	const char *text, *local, *domain;
	unsigned flaws;
	const char *hidden;		/* NULL: none */
} cases[] = {
	{ "<user@example.org>", "user", "example.org", 0, NULL },
	{ "user@example.org", "user", "example.org", 0, NULL },
	{ "<USER@Example.ORG>", "USER", "example.org", 0, NULL },
	{ "<user@example.org.>", "user", "example.org", F(TRAILING_DOT),
	  NULL },
	{ "<postmaster>", "postmaster", "", 0, NULL },
	{ "<\"john doe\"@example.org>", "john doe", "example.org", 0, NULL },
	{ "<\"a\\\"b\"@example.org>", "a\"b", "example.org", 0, NULL },
	{ "<\"a@b.example\"@example.org>", "a@b.example", "example.org",
	  F(INNER_AT), "b.example" },
	{ "<user%remote.example@example.org>", "user%remote.example",
	  "example.org", F(PERCENT), "remote.example" },
	{ "<50%@example.org>", "50%", "example.org", 0, NULL },
	{ "<a%b%c@example.org>", "a%b%c", "example.org", F(PERCENT), "" },
	{ "<remote.example!user@example.org>", "remote.example!user",
	  "example.org", F(BANG), "remote.example" },
	{ "<a!b%c@example.org>", "a!b%c", "example.org",
	  F(PERCENT) | F(BANG), "" },
	{ "<a@b.example@example.org>", "a@b.example", "example.org",
	  F(SYNTAX) | F(INNER_AT), "b.example" },
	{ "<@a.example,@b.example:user@example.org>", "user", "example.org",
	  F(ROUTE), NULL },
	{ "<@[IPv6:2001:db8::1]:user@example.org>", "user", "example.org",
	  F(ROUTE), NULL },
	{ "<@example.org>", "", "example.org", F(EMPTY_LOCAL), NULL },
	{ "<user@>", "user", "", F(DOMAIN), NULL },
	{ "<user@a..example>", "user", "", F(DOMAIN), NULL },
	{ "<user@.example>", "user", "", F(DOMAIN), NULL },
	{ "<user@-a_b.example>", "user", "-a_b.example", 0, NULL },
	{ "<user@exa mple.org>", "user", "", F(DOMAIN), NULL },
	{ "<.user.@example.org>", ".user.", "example.org", F(LOCAL_DOTS),
	  NULL },
	{ "<a..b@example.org>", "a..b", "example.org", F(LOCAL_DOTS), NULL },
	{ "<\"<user@b.example>\"@example.org>", "<user@b.example>",
	  "example.org", F(INNER_AT) | F(BRACKETS), "" },
	{ "<<user@example.org>>", "<user", "", F(BRACKETS) | F(SYNTAX) |
	  F(DOMAIN), NULL },
	{ "<us\ner@example.org>", "us\ner", "example.org", F(CONTROL), NULL },
	{ "<\"unclosed@example.org>", "\"unclosed@example.org", "",
	  F(SYNTAX) | F(INNER_AT), "example.org" },
	{ "<a\"b\"c@example.org>", "a\"b\"c", "example.org", F(SYNTAX),
	  NULL },
	{ "<u@b\xc3\xbc" "cher.example>", "u", "xn--bcher-kva.example",
	  F(8BIT), NULL },
	{ "<u@XN--BCHER-KVA.example>", "u", "xn--bcher-kva.example", 0,
	  NULL },
	{ "<\xff@example.org>", "\xff", "example.org", F(8BIT) | F(UTF8),
	  NULL },
	/* Hidden hosts wherever they stand, and what is none. */
	{ "<user%remote%@example.org>", "user%remote%", "example.org",
	  F(PERCENT), "" },
	{ "<!remote!user@example.org>", "!remote!user", "example.org",
	  F(BANG), "" },
	{ "<\"u%[192.0.2.1]\"@example.org>", "u%[192.0.2.1]", "example.org",
	  F(PERCENT), "" },
	{ "<\"u%[x]\"@example.org>", "u%[x]", "example.org", 0, NULL },
	{ "<\"a%b c\"@example.org>", "a%b c", "example.org", 0, NULL },
	{ "<\"a b!c\"@example.org>", "a b!c", "example.org", 0, NULL },
	{ "<u%B\xc3\xbc" "cher.x@example.org>", "u%B\xc3\xbc" "cher.x",
	  "example.org", F(PERCENT) | F(8BIT), "xn--bcher-kva.x" },
	{ "<user%remote.example.@example.org>", "user%remote.example.",
	  "example.org", F(PERCENT) | F(LOCAL_DOTS), "remote.example" },
	{ "<\"user@[192.0.2.1]\"@example.org>", "user@[192.0.2.1]",
	  "example.org", F(INNER_AT), "" },
	{ "<a@@example.org>", "a@", "example.org", F(SYNTAX) | F(INNER_AT),
	  "" },
	{ "<a\\@b@example.org>", "a\\@b", "example.org",
	  F(SYNTAX) | F(INNER_AT), "b" },
	/* Quotes, brackets and routes that do not close. */
	{ "<\"a\\\"@example.org>", "\"a\\\"@example.org", "",
	  F(SYNTAX) | F(INNER_AT), "example.org" },
	{ "<\">", "\"", "", F(SYNTAX), NULL },
	{ "<u@[192.0.2.1>", "u", "", F(SYNTAX) | F(DOMAIN), NULL },
	{ "<user@example.org", "<user", "example.org",
	  F(SYNTAX) | F(BRACKETS), NULL },
	{ "<@a.example,@b.example>", "@a.example,", "b.example",
	  F(SYNTAX) | F(INNER_AT), "" },
	{ "<@[IPv6:::1:user@example.org>", "", "", F(SYNTAX) |
	  F(EMPTY_LOCAL) | F(DOMAIN), NULL },
	{ "<@:user@example.org>", "user", "example.org", F(ROUTE), NULL },
	{ "<\"\"@example.org>", "", "example.org", F(EMPTY_LOCAL), NULL },
	{ "< >", " ", "", F(SYNTAX), NULL },
	/* Domains. */
	{ "<u@example.org..>", "u", "", F(TRAILING_DOT) | F(DOMAIN), NULL },
	{ "<u@.>", "u", "", F(DOMAIN), NULL },
	{ "<u@xn--zzzzzzzzz9999999.example>", "u", "", F(DOMAIN), NULL },
	{ "<u@xn--.example>", "u", "", F(DOMAIN), NULL },
	{ "<u@xn--i-7iq.ws>", "u", "xn--i-7iq.ws", 0, NULL },
	{ "<u@a\xe3\x80\x82" "example>", "u", "a.example", F(8BIT), NULL },
	{ "<u@\xff.example>", "u", "", F(8BIT) | F(UTF8) | F(DOMAIN), NULL },
	{ "<u@\x7f.example>", "u", "", F(CONTROL) | F(DOMAIN), NULL },
	{ "<u@127.0.0.1>", "u", "127.0.0.1", 0, NULL },
};

static void addresses_and_their_games(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct mailaddr addr = mailaddr_parse(span_text(cases[i].text),
						      &arena);
		const char *hidden = addr.hidden_domain;
		unsigned seen = addr.flaws;

		/* What is no address has a hidden domain of any kind. */
		if (seen != cases[i].flaws)
			fail_msg("%s: flaws %#x", cases[i].text, seen);
		if (!span_is(addr.local, cases[i].local))
			fail_msg("%s: local %.*s", cases[i].text,
				 (int)addr.local.len, addr.local.ptr);
		assert_string_equal(addr.domain_ascii, cases[i].domain);
		if (!hidden != !cases[i].hidden ||
		    (hidden && strcmp(hidden, cases[i].hidden) != 0))
			fail_msg("%s: hidden %s", cases[i].text, hidden);
	}
	arena_release(&arena);
}

static void the_null_sender(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	assert_true(mailaddr_parse(span_text("<>"), &arena).is_null);
	assert_true(mailaddr_parse(span_text(""), &arena).is_null);
	arena_release(&arena);
}

static const struct { const char *text, *shown; } literals[] = {
	{ "u@[192.0.2.1]", "192.0.2.1" },
	{ "u@[IPv6:2001:db8::1]", "2001:db8::1" },
	{ "u@[ipv6:::1]", "::1" },
	{ "u@[::1]", "::1" },
	{ "u@[192.0.2.1].", "192.0.2.1" }, { "u@[IPv6:192.0.2.1]", "" },
	{ "u@[IPv6:::ffff:192.0.2.1]", "192.0.2.1" }, { "u@[]", "" },
	{ "u@[300.1.1.1]", "" }, { "u@[tag:x]", "" }, { "u@[192.0.2.1", "" },
};

static void literals_are_read(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(literals); i++) {
		struct mailaddr addr = mailaddr_parse(
			span_text(literals[i].text), &arena);
		char text[NETADDR_TEXT_MAX];

		assert_string_equal(netaddr_format(&addr.literal, text),
				    literals[i].shown);
		assert_string_equal(addr.domain_ascii, "");
	}
	arena_release(&arena);
}

static void lengths(void **state)
{
	struct arena arena;
	g_autofree char *local = g_strnfill(65, 'a');
	g_autofree char *label = g_strnfill(64, 'b');
	g_autofree char *huge = g_strnfill(1 << 20, '@');
	g_autofree char *text = g_strdup_printf("<%s@example.org>", local);
	g_autofree char *bad = g_strdup_printf("<u@%s.example>", label);
	g_autofree char *far = g_strdup_printf("<u@%.60s.%.60s.%.60s.%.60s."
					       "%.60s>", label, label, label,
					       label, label);

	(void)state;
	arena_init(&arena);
	assert_int_equal(mailaddr_parse(span_text(text), &arena).flaws,
			 F(LONG_LOCAL));
	assert_int_equal(mailaddr_parse(span_text(bad), &arena).flaws,
			 F(DOMAIN) | F(LONG_DOMAIN));
	assert_int_equal(mailaddr_parse(span_text(far), &arena).flaws,
			 F(DOMAIN) | F(LONG_DOMAIN));
	assert_true(mailaddr_parse(span_text(huge), &arena).flaws &
		    F(SYNTAX));
	arena_release(&arena);
}

static const struct { const char *text, *shown; } formats[] = {
	{ "<>", "<>" },
	{ "<User@EXAMPLE.org.>", "User@example.org" },
	{ "<\"a b\"@example.org>", "a b@example.org" },
	{ "<a@b@c>", "a@b@c" },
	{ "<u\033[1m@example.org>", "u?[1m@example.org" },
	{ "<\xff@example.org>", "?@example.org" },
	{ "<postmaster>", "postmaster" },
	{ "<\xc3\xbc@example.org>", "\xc3\xbc@example.org" },
	{ "<\xc2\x85\xe2\x80\xae\xe2\x80\xa8@example.org>",
	  "???@example.org" },		/* NEL, right-to-left, line separator */
	{ "<u@[192.0.2.1]>", "u@[192.0.2.1]" },
};

static void formats_are_harmless(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(formats); i++) {
		struct mailaddr addr = mailaddr_parse(
			span_text(formats[i].text), &arena);

		assert_string_equal(mailaddr_format(&addr, &arena),
				    formats[i].shown);
	}
	arena_release(&arena);
}

/* 64 KiB of what a parser could go over again and again. */
static const char *const dull[] = {
	"@", "%", "!", "a%", "@a,", "[", "@[:", "\"", "\\", ".", "a.", "<",
	":", "\xc3\xbc%", "\xc3\xbc.", "xn--a.", "\xff", " ",
};

static void long_input_takes_linear_time(void **state)
{
	enum { BYTES = 64 << 10 };
	struct arena arena;
	int64_t began_us = clock_monotonic_us();

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(dull); i++) {
		g_autoptr(GString) text = g_string_new("@[");

		while (text->len < BYTES)
			g_string_append(text, dull[i]);
		for (int start = 0; start < 3; start++) {
			struct mailaddr addr = mailaddr_parse(span_of(
				text->str + start, text->len - (size_t)start),
				&arena);

			assert_non_null(mailaddr_format(&addr, &arena));
		}
	}
	arena_release(&arena);
	/* A pass over all is some milliseconds, a squared one minutes. */
	assert_true(clock_monotonic_us() - began_us < 5 * G_USEC_PER_SEC);
}

static const struct { const char *domain, *ascii; } domains[] = {
	{ "Example.ORG", "example.org" }, { "example.org.", "example.org" },
	{ "localhost", "localhost" },
	{ "B\xc3\x9c" "CHER.x", "xn--bcher-kva.x" },
	{ "fa\xc3\x9f.de", "xn--fa-hia.de" },	/* nontransitional */
	{ "", NULL }, { ".", NULL }, { "a..b", NULL }, { ".a", NULL },
	{ "a b", NULL }, { "a/b", NULL }, { "[192.0.2.1]", NULL },
	{ "\xff", NULL }, { "a%b", NULL }, { "*.example.org", NULL },
};

static void domains_have_one_form(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(domains); i++) {
		const char *ascii = mailaddr_domain_ascii(
			span_text(domains[i].domain), &arena);

		if (g_strcmp0(ascii, domains[i].ascii) != 0)
			fail_msg("%s: %s", domains[i].domain, ascii);
	}
	arena_release(&arena);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(long_input_takes_linear_time),
	cmocka_unit_test(domains_have_one_form),
	cmocka_unit_test(addresses_and_their_games),
	cmocka_unit_test(the_null_sender),
	cmocka_unit_test(literals_are_read),
	cmocka_unit_test(lengths),
	cmocka_unit_test(formats_are_harmless),
};

TAP_MAIN(tests)
