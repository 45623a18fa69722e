#include <config.h>

#include "cases/csvtext.h"

#include "unit/tap.h"

#include <stdio.h>
#include <string.h>

/* Rows by "/", fields by "|"; or what is wrong, and in which line. */
static const struct { const char *text, *want; } cases[] = {
	{ "", "" },
	{ "a", "a" },
	{ "a,b\nc,d\n", "a|b/c|d" },
	{ "a,b\r\nc,d\r\n", "a|b/c|d" },
	{ "\xEF\xBB\xBFid,name\n", "id|name" },
	{ "\n\na\n\r\n\nb", "a/b" },
	{ "a,,\n,b\n", "a||/|b" },
	{ ",", "|" },
	{ "\"a\",\"b,c\"\n", "a|b,c" },
	{ "\"a\nb\"\r\nc", "a\nb/c" },
	{ "\"a \"\"b\"\"\",\"\"", "a \"b\"|" },
	{ "a\rb,c", "a\rb|c" },
	{ " a , b ", " a | b " },
	{ "a\n\"b", "a/!2 a quote that is opened here is never closed" },
	{ "\"a\n\n\",b\n\"c\"d", "a\n\n|b/!4 something stands behind" },
	{ "a\"b", "!1 a quote within a field" },
	{ "\"", "!1 a quote that is opened here is never closed" },
};

static char *read_all(const char *text)
{
	GString *out = g_string_new(NULL);
	g_autoptr(GPtrArray) row = g_ptr_array_new();
	g_autoptr(GError) why = NULL;
	enum csvtext_result result;
	struct csvtext csv;
	struct arena arena;

	arena_init(&arena);
	csvtext_init(&csv, span_text(text));
	while ((result = csvtext_next(&csv, &arena, row, &why)) ==
	       CSVTEXT_ROW) {
		g_string_append(out, out->len ? "/" : "");
		for (guint i = 0; i < row->len; i++)
			g_string_append_printf(out, "%s%s", i ? "|" : "",
				(char *)g_ptr_array_index(row, i));
	}
	if (result == CSVTEXT_BROKEN)
		g_string_append_printf(out, "%s!%u %s", out->len ? "/" : "",
				       csv.row_line, why->message);
	arena_release(&arena);
	return g_string_free(out, FALSE);
}

static void rows_and_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = read_all(cases[i].text);

		if (!strchr(cases[i].want, '!'))
			assert_string_equal(got, cases[i].want);
		else if (!g_str_has_prefix(got, cases[i].want))
			fail_msg("case %zu: %s", i, got);
	}
}

static void a_row_has_an_end(void **state)
{
	g_autofree char *commas = g_strnfill(CSVTEXT_FIELDS_MAX, ',');
	g_autofree char *got = read_all(commas);

	(void)state;
	assert_string_equal(got, "!1 more than 100 fields");
	got[0] = '\0';
	commas[CSVTEXT_FIELDS_MAX - 1] = '\0';
	g_autofree char *fits = read_all(commas);

	assert_null(strchr(fits, '!'));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(rows_and_fields),
	cmocka_unit_test(a_row_has_an_end),
};
TAP_MAIN(tests)
