#include <config.h>

#include "sender/canon.h"

#include "unit/tap.h"

#include <openssl/evp.h>
#include <string.h>

static char *digest_of_text(const char *text)
{
	return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
}

static char *hex(const uint8_t *digest)
{
	GString *out = g_string_new(NULL);

	for (int i = 0; i < CANON_HASH_BYTES; i++)
		g_string_append_printf(out, "%02x", digest[i]);
	return g_string_free(out, FALSE);
}

/* RFC 6376, 3.4.5, and the ends of 3.4.3 and 3.4.4. */
static const struct { const char *body, *simple, *relaxed; } bodies[] = {
	{ " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n",
	  " C\r\nD E\r\n" },
	{ "", "\r\n", "" },
	{ "\r\n\r\n", "\r\n", "" },
	{ "a", "a\r\n", "a\r\n" },
	{ "a\r\n\r\n b\r\n", "a\r\n\r\n b\r\n",
	  "a\r\n\r\n b\r\n" },
	{ "a\r\n \t \r\n", "a\r\n \t \r\n", "a\r\n" },
	{ "a\rb\r\n", "a\rb\r\n", "a\rb\r\n" },
	{ "a\r\n\r", "a\r\n\r\r\n", "a\r\n\r\r\n" },
};

/* In pieces of every length it must come out the same. */
static void check_body(const char *body, const char *want, enum canon canon)
{
	g_autofree char *digest = digest_of_text(want);

	for (size_t piece = 1; piece <= strlen(body) + 1; piece++) {
		struct bodyhash *hash = bodyhash_new(canon);
		uint8_t got[CANON_HASH_BYTES];
		struct span rest = span_text(body);

		for (; rest.len; rest = span_from(rest, piece))
			bodyhash_add(hash, span_first(rest, piece));
		bodyhash_finish(hash, got);
		bodyhash_free(hash);
		g_autofree char *shown = hex(got);

		if (strcmp(shown, digest) != 0)
			fail_msg("%s body \"%s\" in pieces of %zu",
				 canon == CANON_SIMPLE ? "simple" : "relaxed",
				 body, piece);
	}
}

static void bodies_are_hashed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		check_body(bodies[i].body, bodies[i].simple, CANON_SIMPLE);
		check_body(bodies[i].body, bodies[i].relaxed, CANON_RELAXED);
	}
}

static const struct { const char *field, *simple, *relaxed; } fields[] = {
	{ "A: X ", "A: X \r\n", "a:X\r\n" },
	{ "B : Y\t\r\n\tZ  ", "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n" },
	{ "Subject:", "Subject:\r\n", "subject:\r\n" },
	{ "X:a:b", "X:a:b\r\n", "x:a:b\r\n" },
};

static void fields_are_put_in_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		g_autoptr(GString) simple = g_string_new(NULL);
		g_autoptr(GString) relaxed = g_string_new(NULL);

		canon_header(simple, span_text(fields[i].field), CANON_SIMPLE);
		canon_header(relaxed, span_text(fields[i].field),
			     CANON_RELAXED);
		assert_string_equal(simple->str, fields[i].simple);
		assert_string_equal(relaxed->str, fields[i].relaxed);
	}
}

static void signatures_lose_their_value(void **state)
{
	static const struct { const char *field, *want; } cases[] = {
		{ "S: a=1; b=xyz; c=2", "s:a=1; b=; c=2" },
		{ "S: bh=b; b = x\r\n y", "s:bh=b; b =" },
		{ "S: a=1", "s:a=1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		g_autoptr(GString) out = g_string_new(NULL);

		canon_signature(out, span_text(cases[i].field),
				CANON_RELAXED);
		assert_string_equal(out->str, cases[i].want);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(bodies_are_hashed),
	cmocka_unit_test(fields_are_put_in_form),
	cmocka_unit_test(signatures_lose_their_value),
};

TAP_MAIN(tests)
