#include <config.h>

#include "resolver/dnsanswer.h"
#include "resolver/dnsname.h"

#include "unit/tap.h"

#include <glib.h>
#include <string.h>

#define HEAD(rcode, answers) "\0\1\x81" rcode "\0\1\0" answers "\0\0\0\0"
#define NAME "\1a\7example\0"
#define ASKED NAME "\0\x10\0\1"
#define RR(type) "\xc0\x0c\0" type "\0\1\0\0\0\x3c\0"
#define PACKET(text) text, sizeof text - 1

/* "STATUS text text", as TXT records. */
static const struct {
	const char *packet;
	size_t len;
	const char *want;
} packets[] = {
	{ PACKET(HEAD("\x80", "\1") ASKED RR("\x10") "\3\2hi"), "found hi" },
	{ PACKET(HEAD("\x80", "\1") ASKED RR("\x10") "\6\2hi\2yo"),
	  "found hiyo" },
	{ PACKET(HEAD("\x80", "\2") ASKED RR("\x10") "\2\1a" RR("\x10")
		 "\2\1b"), "found a b" },
	{ PACKET(HEAD("\x80", "\1") ASKED RR("\x10") "\1\0"), "found " },
	{ PACKET(HEAD("\x80", "\1") ASKED RR("\x10") "\0"), "found " },
	/* A string that says to be longer than its record. */
	{ PACKET(HEAD("\x80", "\1") ASKED RR("\x10") "\3\x09hi"),
	  "found hi" },
	{ PACKET(HEAD("\x80", "\0") ASKED), "no data" },
	{ PACKET(HEAD("\x83", "\0") ASKED), "NXDOMAIN" },
	{ PACKET(HEAD("\x82", "\0") ASKED), "SERVFAIL" },
	{ PACKET(HEAD("\x85", "\0") ASKED), "SERVFAIL" },
	/* Shorter than it says. */
	{ PACKET(HEAD("\x80", "\2") ASKED RR("\x10") "\3\2hi"), "SERVFAIL" },
	{ PACKET(HEAD("\x80", "\1") ASKED RR("\x10") "\x09\2hi"),
	  "SERVFAIL" },
	{ PACKET("\0\1"), "SERVFAIL" },
	/* A name that points to itself. */
	{ PACKET(HEAD("\x80", "\1") "\xc0\x0c\0\x10\0\1" RR("\x10")
		 "\3\2hi"), "SERVFAIL" },
};

static void packets_are_read(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(packets); i++) {
		g_autofree struct dnsanswer *answer = dnsanswer_parse(
			span_of(packets[i].packet, packets[i].len), DNS_TXT);
		g_autoptr(GString) got = g_string_new(
			dnsanswer_status_word(answer->status));

		for (size_t j = 0; j < answer->count; j++) {
			struct span text = dnsanswer_text(answer, j, &arena);

			g_string_append_c(got, ' ');
			g_string_append_len(got, text.ptr,
					    (gssize)text.len);
		}
		if (g_ascii_strcasecmp(got->str, packets[i].want) != 0)
			fail_msg("packet %zu: %s", i, got->str);
	}
	arena_release(&arena);
}

static void names_are_known(void **state)
{
	static const struct { const char *name; bool is_valid; } of[] = {
		{ "a.example", true }, { "_dmarc.a.example", true },
		{ "", false }, { ".", false }, { "a..b", false },
		{ ".a", false }, { "a b.example", true },
	};
	g_autofree char *label = g_strnfill(64, 'x');
	g_autofree char *whole = g_strnfill(254, 'x');

	(void)state;
	for (size_t i = 0; i < COUNT_OF(of); i++)
		if (dnsname_is_valid(of[i].name) != of[i].is_valid)
			fail_msg("\"%s\"", of[i].name);
	assert_false(dnsname_is_valid(label));
	assert_true(dnsname_is_valid(label + 1));
	for (size_t i = 1; i < 252; i += 2)
		whole[i] = '.';
	assert_false(dnsname_is_valid(whole));
	whole[DNSNAME_MAX] = '\0';
	assert_true(dnsname_is_valid(whole));
}

static void addresses_have_names(void **state)
{
	struct netaddr addr;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	assert_true(netaddr_parse(span_text("192.0.2.1"), &addr));
	assert_string_equal(dnsname_of_address(&addr, &arena),
			    "1.2.0.192.in-addr.arpa");
	assert_true(netaddr_parse(span_text("2001:db8::1"), &addr));
	assert_string_equal(dnsname_of_address(&addr, &arena),
		"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1."
		"0.0.2.ip6.arpa");
	arena_release(&arena);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(packets_are_read),
	cmocka_unit_test(names_are_known),
	cmocka_unit_test(addresses_have_names),
};

TAP_MAIN(tests)
