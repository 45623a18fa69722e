#include <config.h>

#include "sender/lookalike.h"

#include "unit/shared.h"
#include "unit/tap.h"

#include <string.h>

static const struct {
	const char *domain, *organisation;
	enum lookalike kind;
} cases[] = {
	{ "paypal.com", "paypal.com", LOOKALIKE_NONE },
	{ "x.paypal.com", "paypal.com", LOOKALIKE_NONE },
	{ "paypa1.com", "paypa1.com", LOOKALIKE_CONFUSABLE },
	{ "xn--pypal-4ve.com", "xn--pypal-4ve.com", LOOKALIKE_CONFUSABLE },
	{ "paypall.com", "paypall.com", LOOKALIKE_EDIT },
	{ "aypal.com", "aypal.com", LOOKALIKE_EDIT },
	{ "paylap.com", "paylap.com", LOOKALIKE_NONE },
	{ "papyal.com", "papyal.com", LOOKALIKE_EDIT },
	{ "paypal.co", "paypal.co", LOOKALIKE_EDIT },
	{ "paypal.net", "paypal.net", LOOKALIKE_NONE },
	{ "paypal.com.evil.test", "evil.test", LOOKALIKE_LABEL },
	{ "www.paypal-login.test", "paypal-login.test", LOOKALIKE_LABEL },
	{ "my-paypal.test", "my-paypal.test", LOOKALIKE_LABEL },
	{ "abc.test", "abc.test", LOOKALIKE_NONE },
	{ "abd.test", "abd.test", LOOKALIKE_NONE },	/* too short a name */
	{ "other.example", "other.example", LOOKALIKE_NONE },
};

static void each_kind(void **state)
{
	struct lookalikes *all = lookalikes_new();

	(void)state;
	assert_true(lookalikes_add(all, "paypal.com", NULL));
	assert_true(lookalikes_add(all, ".abc.test", NULL));
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *ours = NULL;
		enum lookalike got = lookalikes_find(all, cases[i].domain,
			cases[i].organisation, &ours);

		if (got != cases[i].kind)
			fail_msg("%s: %d", cases[i].domain, got);
		if (got)
			assert_string_equal(ours, "paypal.com");
	}
	assert_false(lookalikes_add(all, "no domain", NULL));
	lookalikes_free(all);
	lookalikes_free(NULL);
}

static bool is_word(const char *text)
{
	for (const char *c = text; *c; c++)
		if (!g_ascii_isalnum(*c))
			return false;
	return *text;
}

/* Unicode's table: what is shown like a letter or digit of
 * ASCII has its skeleton. */
static void all_of_the_table(void **state)
{
	g_autofree char *text = shared_text("unicode/confusables-to-ascii.tsv");
	unsigned count = 0, words = 0;

	(void)state;
	if (!text) {
		print_message("# skipped, no shared/data/unicode\n");
		return;
	}
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines + 1; *line && **line; line++) {
		g_auto(GStrv) cells = g_strsplit(*line, "\t", -1);
		char from[8] = "";

		count++;
		g_unichar_to_utf8((gunichar)g_ascii_strtoull(cells[0], NULL,
							     16), from);
		g_autofree char *a = lookalike_skeleton(from);
		g_autofree char *b = lookalike_skeleton(cells[1]);

		if (!is_word(cells[1]))
			continue;
		words++;
		if (!a || !b || strcmp(a, b) != 0)
			fail_msg("%s: \"%s\" is not \"%s\"", *line, a, b);
	}
	assert_true(count >= 1798 && words >= 1400);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(each_kind),
	cmocka_unit_test(all_of_the_table),
};

TAP_MAIN(tests)
