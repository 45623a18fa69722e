#include <config.h>

#include "message/domaintable.h"

#include "base/clock.h"
#include "unit/tap.h"

#include <glib/gstdio.h>
#include <string.h>

static void is_bare(void **state)
{
	struct domaintable *table = domaintable_new();

	(void)state;
	assert_false(domaintable_has(table, ""));
	assert_false(domaintable_has(table, "example.org"));
	assert_int_equal(domaintable_size(table), 0);
	domaintable_free(table);
	domaintable_free(NULL);
}

static const char *const patterns[] = {
	"Example.ORG", ".sub.example.org", (".b\xc3\xbc" "cher.example"),
	" padded.example ", "dot.example.", "localhost",
	"xn--fa-hia.example", ".sub.example.org",
};

static const struct { const char *domain; bool is_in; } lookups[] = {
	{ "example.org", true }, { "a.example.org", false },
	{ "xexample.org", false }, { "org", false },
	{ "sub.example.org", false }, { "a.sub.example.org", true },
	{ "b.a.sub.example.org", true }, { "xsub.example.org", false },
	{ "xn--bcher-kva.example", false },
	{ "a.xn--bcher-kva.example", true }, { "padded.example", true },
	{ "dot.example", true }, { "localhost", true }, { "", false },
	{ ".", false }, { "example", false }, { "xn--fa-hia.example", true },
};

static void exact_and_below(void **state)
{
	struct domaintable *table = domaintable_new();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(patterns); i++)
		assert_true(domaintable_add(table, span_text(patterns[i]),
					    NULL));
	for (size_t i = 0; i < COUNT_OF(lookups); i++)
		if (domaintable_has(table, lookups[i].domain) !=
		    lookups[i].is_in)
			fail_msg("%s", lookups[i].domain);
	assert_int_equal(domaintable_size(table), COUNT_OF(patterns) - 1);
	domaintable_free(table);
}

static const char *const bad[] = {
	"", ".", "..org", "a..b", "*.example.org", "a b", "@example.org",
	"user@example.org", "[192.0.2.1]", "exa\001mple.org", "\xff.org",
	"a/b", "xn--.example",
};

static void what_is_no_domain(void **state)
{
	struct domaintable *table = domaintable_new();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		g_autoptr(GError) why = NULL;

		if (domaintable_add(table, span_text(bad[i]), &why))
			fail_msg("%s", bad[i]);
		assert_non_null(strstr(why->message, "is not a domain"));
		for (const char *c = why->message; *c; c++)
			assert_in_range((unsigned char)*c, 0x20, 0x7e);
	}
	assert_int_equal(domaintable_size(table), 0);
	domaintable_free(table);
}

/* A file of that text; its path, to be removed and freed by file_end(). */
static char *file_of(const char *text, gssize len)
{
	g_autofree char *folder = g_dir_make_tmp("domaintable-XXXXXX", NULL);
	char *path = g_build_filename(folder, "domains", NULL);

	assert_true(g_file_set_contents(path, text, len, NULL));
	return path;
}

static void file_end(char *path)
{
	g_autofree char *folder = g_path_get_dirname(path);

	g_unlink(path);
	g_rmdir(folder);
	g_free(path);
}

static const struct {
	const char *text;
	gssize len;		/* -1: to the NUL */
	size_t count;
	const char *why;	/* behind the path; NULL: it is read */
} files[] = {
	{ "", -1, 0, NULL },
	{ "\n\n# ours\n", -1, 0, NULL },
	{ "example.org\n.example.org # all below\n  b.example\t\r\n", -1, 3,
	  NULL },
	{ "a.example\nb.example", -1, 2, NULL },	/* no last newline */
	{ "\xef\xbb\xbf" "a.example\n", -1, 1, NULL },
	{ "a.example\na.example\n", -1, 1, NULL },
	{ "a.example\n\nb..example\n", -1, 0, ":3: \"b..example\" is not" },
	{ "a.example b.example\n", -1, 0, ":1: " },
	{ "a.exam\0ple\n", 11, 0, ":1: \"a.exam\\x00ple\" is not" },
};

static void files_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		struct domaintable *table = domaintable_new();
		char *path = file_of(files[i].text, files[i].len);
		g_autofree char *want = g_strconcat(path, files[i].why, NULL);
		g_autoptr(GError) why = NULL;
		bool is_read = domaintable_add_file(table, path, &why);

		if (is_read != !files[i].why)
			fail_msg("file %zu", i);
		if (is_read)
			assert_int_equal(domaintable_size(table),
					 files[i].count);
		else if (strncmp(why->message, want, strlen(want)) != 0)
			fail_msg("%s, not %s", why->message, want);
		file_end(path);
		domaintable_free(table);
	}
}

static void a_missing_file_is_named(void **state)
{
	struct domaintable *table = domaintable_new();
	g_autoptr(GError) why = NULL;

	(void)state;
	assert_false(domaintable_add_file(table, "/nowhere/domains", &why));
	assert_non_null(strstr(why->message, "/nowhere/domains"));
	domaintable_free(table);
}

static void tens_of_thousands(void **state)
{
	enum { MANY = 50000 };
	struct domaintable *table = domaintable_new();
	g_autoptr(GString) text = g_string_new(NULL);
	int64_t began_us;
	char *path;

	(void)state;
	for (int i = 0; i < MANY; i++)
		g_string_append_printf(text, "%scustomer-%d.example\n",
				       i % 2 ? "." : "", i);
	path = file_of(text->str, (gssize)text->len);
	began_us = clock_monotonic_us();
	assert_true(domaintable_add_file(table, path, NULL));
	print_message("# read in %d ms\n",
		      (int)((clock_monotonic_us() - began_us) / 1000));
	assert_int_equal(domaintable_size(table), MANY);
	assert_true(domaintable_has(table, "customer-49998.example"));
	assert_false(domaintable_has(table, "customer-49999.example"));
	assert_true(domaintable_has(table, "a.customer-49999.example"));
	file_end(path);
	domaintable_free(table);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(is_bare),
	cmocka_unit_test(exact_and_below),
	cmocka_unit_test(what_is_no_domain),
	cmocka_unit_test(files_are_read),
	cmocka_unit_test(a_missing_file_is_named),
	cmocka_unit_test(tens_of_thousands),
};

TAP_MAIN(tests)
