#include <config.h>

#include "sender/reporturi.h"

#include "unit/tap.h"

#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What is taken off the list: "address bytes " for each, "- "
 * for one of no use. */
static const struct { const char *list, *want; } cases[] = {
	{ "mailto:a@b.example", "a@b.example 0 " },
	{ " MAILTO:A@B.Example , mailto:c@d.example ",
	  "A@b.example 0 c@d.example 0 " },
	{ "mailto:a@b.example!10", "a@b.example 10 " },
	{ "mailto:a@b.example!10k,mailto:a@b.example!10M",
	  "a@b.example 10240 a@b.example 10485760 " },
	{ "mailto:a@b.example!1g", "a@b.example 1073741824 " },
	{ "mailto:a@b.example!1t", "a@b.example 1099511627776 " },
	{ "mailto:a@b.example!999999999999999t",
	  "a@b.example 18446744073709551615 " },
	{ "mailto:a@b.example!", "- " },
	{ "mailto:a@b.example!m", "- " },
	{ "mailto:a@b.example!10mb", "- " },
	{ "mailto:a@b.example!-1", "- " },
	{ "mailto:a@b.example!1234567890123456", "- " },
	{ "mailto:a%2Bb@c.example", "a+b@c.example 0 " },
	{ "mailto:a%21b@c.example", "- " },	/* a bang path */
	{ "mailto:a%0d%0aBcc:x@c.example", "- " },
	{ "mailto:a%00@c.example", "- " },
	{ "mailto:a%2@c.example", "- " },
	{ "mailto:a@c.example%2", "- " },
	{ "mailto:a@c.example%2C", "- " },
	{ "mailto:a@b.example?subject=x", "a@b.example 0 " },
	{ "mailto:-oQ/tmp@b.example", "- " },
	{ "mailto:\"a b\"@b.example", "- " },
	{ "mailto:a@[192.0.2.1]", "- " },
	{ "mailto:a@localhost", "- " },
	{ "mailto:a", "- " },
	{ "mailto:", "- " },
	{ "https://b.example/,mailto:a@b.example", "- a@b.example 0 " },
	{ ",", "- " },
	{ "mailto:a@b\xc3\xbc.example", "- " },
	{ "mailto:\xc3\xbc@b.example", "- " },
	{ "mailto:a@b@c.example", "- " },
	{ "mailto:<a@b.example>", "a@b.example 0 " },
};

static void takes_one_after_the_other(void **unused)
{
	struct arena arena;

	(void)unused;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct span list = span_text(cases[i].list);
		GString *got = g_string_new(NULL);

		while (list.len) {
			struct report_uri uri;

			if (reporturi_next(&list, &uri, &arena))
				g_string_append_printf(got, "%s %" PRIu64 " ",
					uri.address, uri.most_bytes);
			else
				g_string_append(got, "- ");
		}
		if (strcmp(got->str, cases[i].want) != 0)
			fail_msg("%s: %s, not %s", cases[i].list, got->str,
				 cases[i].want);
		g_string_free(got, TRUE);
	}
	arena_release(&arena);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(takes_one_after_the_other),
};

TAP_MAIN(tests)
