#include <config.h>

#include "sender/spfmacro.h"

#include "unit/tap.h"

#include <glib.h>
#include <string.h>

/* The examples of RFC 7208, 7.4. */
static const struct { const char *text, *ip, *expanded; } cases[] = {
	{ "%{s}", "192.0.2.3", "strong-bad@email.example.com" },
	{ "%{o}", "192.0.2.3", "email.example.com" },
	{ "%{d}", "192.0.2.3", "email.example.com" },
	{ "%{d4}", "192.0.2.3", "email.example.com" },
	{ "%{d3}", "192.0.2.3", "email.example.com" },
	{ "%{d2}", "192.0.2.3", "example.com" },
	{ "%{d1}", "192.0.2.3", "com" },
	{ "%{dr}", "192.0.2.3", "com.example.email" },
	{ "%{d2r}", "192.0.2.3", "example.email" },
	{ "%{l}", "192.0.2.3", "strong-bad" },
	{ "%{l-}", "192.0.2.3", "strong.bad" },
	{ "%{lr}", "192.0.2.3", "strong-bad" },
	{ "%{lr-}", "192.0.2.3", "bad.strong" },
	{ "%{l1r-}", "192.0.2.3", "strong" },
	{ "%{ir}.%{v}._spf.%{d2}", "192.0.2.3",
	  "3.2.0.192.in-addr._spf.example.com" },
	{ "%{lr-}.lp._spf.%{d2}", "192.0.2.3",
	  "bad.strong.lp._spf.example.com" },
	{ "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "192.0.2.3",
	  "bad.strong.lp.3.2.0.192.in-addr._spf.example.com" },
	{ "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "192.0.2.3",
	  "3.2.0.192.in-addr.strong.lp._spf.example.com" },
	{ "%{d2}.trusted-domains.example.net", "192.0.2.3",
	  "example.com.trusted-domains.example.net" },
	{ "%{ir}.%{v}._spf.%{d2}", "2001:db8::cb01",
	  "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2."
	  "ip6._spf.example.com" },
	/* Beyond the examples. */
	{ "%{S}", "192.0.2.3", "strong-bad%40email.example.com" },
	{ "%%%_%-x.example", "192.0.2.3", "% %20x.example" },
	{ "%{p}", "192.0.2.3", "unknown" },
	{ "%{h}.", "192.0.2.3", "mx.example.org" },
};

static struct spf_macros macros_of(const char *ip)
{
	struct spf_macros macros = {
		.local = span_text("strong-bad"),
		.sender_domain = "email.example.com",
		.domain = "email.example.com", .helo = "mx.example.org",
		.receiver = "us.example", .now_s = 1000,
	};

	assert_true(netaddr_parse(span_text(ip), &macros.client));
	return macros;
}

static void examples_of_the_rfc(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct spf_macros macros = macros_of(cases[i].ip);
		const char *got = spfmacro_domain(span_text(cases[i].text),
						  &macros, &arena);

		if (strcmp(got, cases[i].expanded) != 0)
			fail_msg("%s: %s", cases[i].text, got);
	}
	arena_release(&arena);
}

static void explanations_know_more(void **state)
{
	struct spf_macros macros = macros_of("2001:db8::1");
	struct arena arena;

	(void)state;
	arena_init(&arena);
	assert_string_equal(spfmacro_explanation(
		span_text("%{c} at %{t} by %{r}"), &macros, &arena),
		"2001:db8::1 at 1000 by us.example");
	assert_null(spfmacro_explanation(span_text("100% sure"), &macros,
					 &arena));
	assert_true(spfmacro_needs_name(span_text("x%{P}")));
	assert_false(spfmacro_needs_name(span_text("p%{d}")));
	arena_release(&arena);
}

/* 7.3: the left labels go until 253 bytes are left. */
static void long_names_are_cut_on_the_left(void **state)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct spf_macros macros = macros_of("192.0.2.3");
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (int i = 0; i < 100; i++)
		g_string_append_printf(text, "label%02d.", i);
	g_string_append(text, "example");
	const char *got = spfmacro_domain(span_text(text->str), &macros,
					  &arena);

	assert_true(strlen(got) <= 253 && strlen(got) > 240);
	assert_true(g_str_has_suffix(text->str, got));
	assert_true(g_str_has_prefix(got, "label"));
	arena_release(&arena);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(examples_of_the_rfc),
	cmocka_unit_test(explanations_know_more),
	cmocka_unit_test(long_names_are_cut_on_the_left),
};

TAP_MAIN(tests)
