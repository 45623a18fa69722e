#include <config.h>

#include "cases/customerread.h"

#include "unit/tap.h"

#include <string.h>

/* How many customers; or how the error begins. */
static const struct { const char *text; guint count; const char *error; } cases[] = {
	{ "id\nacme\n", 1, NULL },
	{ "ID, Name \nacme,Acme\nbravo,\n", 2, NULL },
	{ "id,networks\nacme,192.0.2.0/24 2001:db8::/32\n", 1, NULL },
	{ "id,notes\nacme,\"a\nb\"\nbravo,x\n", 2, NULL },
	{ "id\n", 0, NULL },
	{ "", 0, "f:1: there is nothing in it" },
	{ "acme,Acme\n", 0, "f:1: there is no field \"acme\"; there are id, " },
	{ "name\nAcme\n", 0, "f:1: no column \"id\"" },
	{ "id,ID\n", 0, "f:1: two columns \"id\"" },
	{ "id,name\nacme\n", 0, "f:2: 1 fields, but there are 2 columns" },
	{ "id,name\n,Acme\n", 0, "f:2: id: \"\" is no id" },
	{ "id,notes\na,\"x\n\ny\"\nb,c,d\n", 0, "f:5: 3 fields" },
	{ "id,networks\nacme,192.0.2.1/24\n", 0, "f:2: networks: " },
	{ "id,name\nacme,\"Acme\n", 0, "f:2: a quote that is opened" },
	{ "{\"id\":\"acme\"}\n\n{\"id\":\"bravo\"}", 2, NULL },
	{ "{\"id\":\"a\",\"networks\":[\"192.0.2.1\"],\"accounts\":\"x y\"}",
	  1, NULL },
	{ "{\"id\":\"a\",\"created_us\":1,\"changed_us\":2}", 1, NULL },
	{ "{\"id\":\"a\"}\n{\"name\":\"x\"}", 0, "f:2: the customer has no id" },
	{ "{\"id\":\"a\"}\nx", 0, "f:2: column 1: no JSON object" },
	{ "{\"id\":\"a\"}\n[]", 0, "f:2: not a JSON object" },
	{ "{\"id\":\"a\",\"id\":\"b\"}", 0, "f:1: column " },
	{ "{\"id\":7}", 0, "f:1: id: has to be a text" },
	{ "{\"id\":\"a\",\"domains\":[7]}", 0, "f:1: domains: not a text" },
	{ "{\"id\":\"a\",\"name\":[]}", 0, "f:1: name: has to be a text" },
	{ "{\"id\":\"a\",\"colour\":\"red\"}", 0, "f:1: there is no field" },
	{ "{\"id\":\"a\",\"networks\":[\"x\"]}", 0, "f:1: networks: " },
};

static void files(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) why = NULL;
		struct arena arena;

		arena_init(&arena);
		g_autoptr(GPtrArray) got = customerread_parse(
			span_text(cases[i].text), "f", &arena, &why);

		if (cases[i].error ? got || !g_str_has_prefix(why->message,
							      cases[i].error) :
				     !got || got->len != cases[i].count)
			fail_msg("case %zu: %s", i, why ? why->message : "");
		arena_release(&arena);
	}
}

static void all_fields_are_read(void **state)
{
	static const char text[] = "notes,domains,accounts,networks,language,"
		"contacts,name,id\n\"a,\n\"\"b\"\"\",acme.example,joe,192.0.2.1,"
		"zh,\"a@x.example b@x.example\",北京,acme";
	struct arena arena;

	(void)state;
	arena_init(&arena);
	g_autoptr(GPtrArray) got = customerread_parse(span_text(text), "f",
						      &arena, NULL);
	assert_non_null(got);
	const struct customer_entry *entry = g_ptr_array_index(got, 0);

	assert_string_equal(entry->id, "acme");
	assert_string_equal(entry->name, "北京");
	assert_string_equal(entry->contacts[1], "b@x.example");
	assert_string_equal(entry->language, "zh");
	assert_string_equal(entry->networks[0], "192.0.2.1/32");
	assert_string_equal(entry->accounts[0], "joe");
	assert_string_equal(entry->domains[0], "acme.example");
	assert_string_equal(entry->notes, "a,\n\"b\"");
	assert_string_equal(entry->where, "f:2");
	arena_release(&arena);
}

static void nul_bytes_are_no_text(void **state)
{
	g_autoptr(GError) why = NULL;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	assert_null(customerread_parse(span_of("id\na\0b\n", 7), "f", &arena,
				       &why));
	assert_non_null(strstr(why->message, "NUL"));
	arena_release(&arena);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(files),
	cmocka_unit_test(all_fields_are_read),
	cmocka_unit_test(nul_bytes_are_no_text),
};
TAP_MAIN(tests)
