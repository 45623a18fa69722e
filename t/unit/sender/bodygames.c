#include <config.h>

#include "sender/bodygames.h"

#include "catalog.h"
#include "unit/tap.h"

#include <glib.h>
#include <string.h>

/* Symbols that a body gives. */
static const struct { const char *body, *want; } cases[] = {
	{ "hello\r\nworld\r\n", "" },
	{ "", "" },
	{ "a\r\n.\r\nb\r\n", "" },	/* the MTA took one dot away */
	{ "a\nb\r\n", "BARE_LF" },
	{ "a\rb\r\n", "BARE_CR" },
	{ "a\r\n\r", "" },		/* may be half of a CRLF */
	{ "a\n.\nb\r\n", "BARE_LF SMUGGLING_DOT" },
	{ "a\n.\r\nMAIL FROM:<x@y>\r\n", "BARE_LF SMUGGLING" },
	{ "a\r\n.\nmail from:<x@y>\r\n", "BARE_LF SMUGGLING" },
	{ "a\r.\rRCPT TO:<x@y>\r\n", "BARE_CR SMUGGLING" },
	{ "a\r\n.\rEHLO x\r\n", "BARE_CR SMUGGLING" },
	{ "a\n.\r\nRSET", "BARE_LF SMUGGLING" },
	{ "a\n.\r\nnothing\r\nMAIL FROM:<x@y>\r\n", "BARE_LF SMUGGLING_DOT" },
	{ "a\r\n.\r\nMAIL FROM:<x@y>\r\n", "" },
	{ "a\n..\r\nMAIL FROM:<x@y>\r\n", "BARE_LF" },
};

static char *symbols(struct settings *settings, const char *body, size_t piece)
{
	static const struct session_facts session = { .messages = 0 };
	struct bodygames games = { .last = 0 };
	struct span left = span_text(body);
	GString *out = g_string_new(NULL);
	struct transaction tx;

	transaction_init(&tx, settings, &session);

	for (; left.len; left = span_from(left, piece))
		bodygames_add(&games, span_first(left, piece));
	bodygames_find(&games, &tx);
	for (guint i = 0; i < tx.findings->len; i++)
		g_string_append_printf(out, "%s%s", i ? " " : "",
			g_array_index(tx.findings, struct finding, i).symbol);
	transaction_release(&tx);
	return g_string_free(out, FALSE);
}

/* However the MTA cuts it. */
static void line_ends_are_seen(void **state)
{
	g_autoptr(GError) error = NULL;
	struct settings *settings = settings_parse("test", span_text(""),
						   catalog, &error);

	(void)state;
	assert_non_null(settings);
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		for (size_t piece = 1; piece < 40; piece += 6) {
			g_autofree char *got = symbols(settings, cases[i].body,
						       piece);

			if (strcmp(got, cases[i].want) != 0)
				fail_msg("case %zu in pieces of %zu: %s", i,
					 piece, got);
		}
	settings_unref(settings);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(line_ends_are_seen),
};

TAP_MAIN(tests)
