#include <config.h>

#include "message/orgdomain.h"

#include "message/mailaddr.h"
#include "unit/shared.h"
#include "unit/tap.h"

#include <glib/gstdio.h>
#include <string.h>

static const struct setting_group *const groups[] = {
	&orgdomain_group, NULL,
};

static void a_few_by_the_system_list(void **state)
{
	static const struct { const char *domain, *organisation; } cases[] = {
		{ "example.com", "example.com" },
		{ "a.b.example.co.uk", "example.co.uk" },
		{ "co.uk", "co.uk" }, { "com", "com" },
		{ "x.example.invalid", "example.invalid" },
		{ "a.b.xn--fiqs8s", "b.xn--fiqs8s" },
	};
	struct settings *settings = settings_parse("test", span_text(""),
						   groups, NULL);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(orgdomain_of(settings, cases[i].domain),
				    cases[i].organisation);
	assert_true(orgdomain_is_suffix(settings, "co.uk"));
	assert_false(orgdomain_is_suffix(settings, "example.co.uk"));
	settings_unref(settings);
}

/* A line of the list's own tests: domain, registrable domain or null. */
static unsigned check_line(const struct settings *settings, const char *line)
{
	g_auto(GStrv) words = g_strsplit_set(line, " \t", -1);
	struct arena arena;
	const char *domain, *want;

	if (!words[0] || !words[1] || g_str_has_prefix(line, "//"))
		return 0;
	arena_init(&arena);
	domain = mailaddr_domain_ascii(span_text(words[0]), &arena);
	want = strcmp(words[1], "null") == 0 ? NULL :
	       mailaddr_domain_ascii(span_text(words[1]), &arena);
	/* "null" itself, and a dot in front: no domains. */
	if (domain && strcmp(words[0], "null") != 0 &&
	    strcmp(orgdomain_of(settings, domain), want ? want : domain) != 0)
		fail_msg("%s: %s", line, orgdomain_of(settings, domain));
	arena_release(&arena);
	return 1;
}

static void all_that_the_list_tests(void **state)
{
	g_autofree char *text = shared_text("psl/tests.txt");
	g_autofree char *list = shared_text("psl/public_suffix_list.dat");
	g_autofree char *path = NULL, *conf = NULL;
	g_autoptr(GError) why = NULL;
	struct settings *settings;
	unsigned count = 0;
	int fd;

	(void)state;
	if (!text || !list) {
		print_message("# skipped, no shared/data/psl\n");
		return;
	}
	fd = g_file_open_tmp("psl-XXXXXX", &path, NULL);
	assert_true(fd >= 0 && g_close(fd, NULL));
	assert_true(g_file_set_contents(path, list, -1, NULL));
	conf = g_strdup_printf("dmarc { suffix_list = \"%s\" }", path);
	settings = settings_parse("test", span_text(conf), groups, &why);
	if (!settings)
		fail_msg("%s", why->message);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++)
		count += check_line(settings, *line);
	assert_int_equal(count, 78);
	settings_unref(settings);
	g_unlink(path);
}

static void a_list_that_is_none(void **state)
{
	g_autoptr(GError) why = NULL;

	(void)state;
	assert_null(settings_parse("test", span_text(
		"dmarc { suffix_list = \"/nowhere/list\" }"), groups, &why));
	assert_non_null(strstr(why->message, "test:1: dmarc.suffix_list"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_few_by_the_system_list),
	cmocka_unit_test(all_that_the_list_tests),
	cmocka_unit_test(a_list_that_is_none),
};

TAP_MAIN(tests)
