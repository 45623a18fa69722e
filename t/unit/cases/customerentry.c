#include <config.h>

#include "cases/customerentry.h"

#include "unit/tap.h"

#include <string.h>

/* What is kept of a value; NULL: it is refused. */
static const struct {
	enum customer_field field;
	const char *text, *want;
} cases[] = {
	{ CUSTOMER_FIELD_ID, "acme", "acme" },
	{ CUSTOMER_FIELD_ID, "A.c_m-3", "A.c_m-3" },
	{ CUSTOMER_FIELD_ID, "", NULL },
	{ CUSTOMER_FIELD_ID, "-rf", NULL },
	{ CUSTOMER_FIELD_ID, "../x", NULL },
	{ CUSTOMER_FIELD_ID, "a b", NULL },
	{ CUSTOMER_FIELD_NAME, "北京公司", "北京公司" },
	{ CUSTOMER_FIELD_NAME, "a\tb", NULL },
	{ CUSTOMER_FIELD_NAME, "a\033[2Jb", NULL },
	{ CUSTOMER_FIELD_NAME, "a\xC2\x9B" "2J", NULL },
	{ CUSTOMER_FIELD_NAME, "\xFF", NULL },
	{ CUSTOMER_FIELD_NOTES, "a\nb\tc", "a\nb\tc" },
	{ CUSTOMER_FIELD_LANGUAGE, "pt-BR", "pt-BR" },
	{ CUSTOMER_FIELD_LANGUAGE, "", "" },
	{ CUSTOMER_FIELD_LANGUAGE, "e", NULL },
	{ CUSTOMER_FIELD_LANGUAGE, "../en", NULL },
	{ CUSTOMER_FIELD_CONTACTS, "Joe@Example.ORG", "Joe@example.org" },
	{ CUSTOMER_FIELD_CONTACTS, "joe", NULL },
	{ CUSTOMER_FIELD_CONTACTS, "<joe@example.org>", NULL },
	{ CUSTOMER_FIELD_CONTACTS, "-t@example.org", NULL },
	{ CUSTOMER_FIELD_CONTACTS, "a@b@example.org", NULL },
	{ CUSTOMER_FIELD_CONTACTS, "joe@[192.0.2.1]", NULL },
	{ CUSTOMER_FIELD_NETWORKS, "192.0.2.0/24", "192.0.2.0/24" },
	{ CUSTOMER_FIELD_NETWORKS, "192.0.2.7", "192.0.2.7/32" },
	{ CUSTOMER_FIELD_NETWORKS, "2001:DB8:0::/48", "2001:db8::/48" },
	{ CUSTOMER_FIELD_NETWORKS, "192.0.2.7/24", NULL },
	{ CUSTOMER_FIELD_NETWORKS, "acme", NULL },
	{ CUSTOMER_FIELD_ACCOUNTS, "joe", "joe" },
	{ CUSTOMER_FIELD_ACCOUNTS, "@acme.example", "@acme.example" },
	{ CUSTOMER_FIELD_ACCOUNTS, "@", NULL },
	{ CUSTOMER_FIELD_ACCOUNTS, "a b", NULL },
	{ CUSTOMER_FIELD_DOMAINS, "Acme.Example.", "acme.example" },
	{ CUSTOMER_FIELD_DOMAINS, ".acme.example", ".acme.example" },
	{ CUSTOMER_FIELD_DOMAINS, "bücher.example", "xn--bcher-kva.example" },
	{ CUSTOMER_FIELD_DOMAINS, "a..b", NULL },
	{ CUSTOMER_FIELD_DOMAINS, ".", NULL },
};

static void values(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) why = NULL;
		const char *got = customerentry_value(cases[i].field,
			cases[i].text, &arena, &why);
		const char *want = cases[i].want;

		if (!got != !want || (got && strcmp(got, want) != 0))
			fail_msg("case %zu, \"%s\": %s", i, cases[i].text,
				 got ? got : why->message);
		if (!got && !g_str_has_prefix(why->message,
				customerentry_word(cases[i].field)))
			fail_msg("case %zu: %s", i, why->message);
	}
	arena_release(&arena);
}

static void lists_are_sets(void **state)
{
	struct customer_entry entry;
	g_autoptr(GError) why = NULL;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	customerentry_init(&entry);
	assert_null(entry.networks[0]);
	assert_true(customerentry_set(&entry, CUSTOMER_FIELD_NETWORKS,
		" 192.0.2.0/28, 2001:db8::/32;192.0.2.0/28\n", &arena, NULL));
	assert_string_equal(entry.networks[0], "192.0.2.0/28");
	assert_string_equal(entry.networks[1], "2001:db8::/32");
	assert_null(entry.networks[2]);
	assert_false(customerentry_set(&entry, CUSTOMER_FIELD_NETWORKS,
				       "192.0.2.0/28 x\033y", &arena, &why));
	assert_string_equal(entry.networks[1], "2001:db8::/32");
	assert_null(strchr(why->message, '\033'));
	arena_release(&arena);
}

static void a_long_value_is_refused(void **state)
{
	g_autofree char *text = g_strnfill(CUSTOMER_ID_MAX + 1, 'a');
	g_autoptr(GError) why = NULL;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	assert_null(customerentry_value(CUSTOMER_FIELD_ID, text, &arena, &why));
	text[CUSTOMER_ID_MAX] = '\0';
	assert_non_null(customerentry_value(CUSTOMER_FIELD_ID, text, &arena,
					    NULL));
	arena_release(&arena);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(values),
	cmocka_unit_test(lists_are_sets),
	cmocka_unit_test(a_long_value_is_refused),
};
TAP_MAIN(tests)
