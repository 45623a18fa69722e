#include <config.h>

#include "cases/customerbook.h"

#include "cases/customerchanges.h"
#include "cases/customerread.h"
#include "store/storeerror.h"

#include "unit/store/sample.h"

struct book {
	struct sample sample;
	struct state *state;
	struct arena arena;
};

static void book_begin(struct book *book)
{
	sample_begin(&book->sample, "");
	book->state = state_open(book->sample.dir, STATE_CREATE, NULL);
	assert_non_null(book->state);
	arena_init(&book->arena);
}

static void book_end(struct book *book)
{
	arena_release(&book->arena);
	state_close(&book->state);
	sample_end(&book->sample);
}

/* NULL when it went well. Free it. */
static char *put(struct book *book, const char *text, bool is_replaced,
		 int64_t now_us)
{
	const struct customer_editor editor = { "joe", now_us };
	g_autoptr(GError) why = NULL;
	g_autoptr(GPtrArray) entries = customerread_parse(
		span_text(text), "f", &book->arena, &why);

	if (entries && customerbook_put(book->state, entries, is_replaced,
					&editor, &why))
		return NULL;
	return g_strdup(why->message);
}

static const struct customer_editor ann = { "ann", 9 };

static const char *find(struct book *book, const char *account,
			const char *address, const char *domain)
{
	struct netaddr addr = { .family = NETADDR_NONE };
	const char *found;

	if (address)
		assert_true(netaddr_parse(span_text(address), &addr));
	found = customerbook_find(book->state, account, &addr, domain,
				  &book->arena);
	return found ? found : "nobody";
}

static const char customers[] =
	"id,networks,accounts,domains\n"
	"acme,192.0.2.0/24 2001:db8::/32,joe @acme.example,acme.example\n"
	"Bravo,192.0.2.16/28 2001:db8:7::/48,ann@acme.example,.bravo.example\n"
	"carol,192.0.2.17 0.0.0.0/0,carol,bravo.example\n";

static const struct { const char *account, *address, *domain, *want; } finds[] = {
	{ "joe", NULL, NULL, "acme" },
	{ "JOE", NULL, NULL, "acme" },
	{ "jim@acme.example", NULL, NULL, "acme" },
	{ "ann@acme.example", NULL, NULL, "Bravo" },
	{ "ann@else.example", NULL, NULL, "nobody" },
	{ "ann", "192.0.2.1", NULL, "acme" },
	{ "joe", "192.0.2.16", "bravo.example", "acme" },
	{ NULL, "192.0.2.1", NULL, "acme" },
	{ NULL, "192.0.2.16", NULL, "Bravo" },
	{ NULL, "192.0.2.17", NULL, "carol" },
	{ NULL, "192.0.2.32", NULL, "acme" },
	{ NULL, "203.0.113.1", NULL, "carol" },
	{ NULL, "2001:db8::1", NULL, "acme" },
	{ NULL, "2001:db8:7::1", NULL, "Bravo" },
	{ NULL, "2001:db9::1", NULL, "nobody" },
	{ NULL, NULL, "acme.example", "acme" },
	{ NULL, NULL, "x.acme.example", "nobody" },
	{ NULL, NULL, "bravo.example", "carol" },
	{ NULL, NULL, "x.y.bravo.example", "Bravo" },
	{ NULL, NULL, "example", "nobody" },
	{ "", NULL, "", "nobody" },
};

static void the_most_specific_is_found(void **state)
{
	struct book book;

	(void)state;
	book_begin(&book);
	assert_string_equal(find(&book, "joe", "192.0.2.1", NULL), "nobody");
	assert_null(put(&book, customers, false, 1));
	for (size_t i = 0; i < G_N_ELEMENTS(finds); i++) {
		const char *got = find(&book, finds[i].account,
				       finds[i].address, finds[i].domain);

		if (strcmp(got, finds[i].want) != 0)
			fail_msg("case %zu: %s", i, got);
	}
	book_end(&book);
}

/* Nothing of what is refused is written; both are named. */
static const struct { const char *text; bool is_replaced; const char *want; } refused[] = {
	{ "id\nnew\nacme", false, "f:3: customer acme is in the book already" },
	{ "id\nnew\nACME", false, "f:3: customer ACME is in the book already" },
	{ "id\nnew\nnew", true, "f:3: customer new is there twice" },
	{ "id,accounts\nnew,\nother,JOE", true,
	  "f:3: customer other: accounts: JOE is customer acme's" },
	{ "id,networks\nnew,192.0.2.16/28", false,
	  "f:2: customer new: networks: 192.0.2.16/28 is customer Bravo's" },
	{ "id,domains\nnew,new.example\nother,new.example", false,
	  "f:3: customer other: domains: new.example is customer new's" },
	{ "id,domains\nnew,new.example\nacme,bravo.example", true,
	  "f:3: customer acme: domains: bravo.example is customer carol's" },
};

static void a_conflict_names_both(void **state)
{
	struct book book;
	struct customer_entry entry;

	(void)state;
	book_begin(&book);
	assert_null(put(&book, customers, false, 1));
	for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
		g_autofree char *got = put(&book, refused[i].text,
					   refused[i].is_replaced, 2);

		if (!got || !g_str_has_prefix(got, refused[i].want))
			fail_msg("case %zu: %s", i, got ? got : "went well");
		assert_false(customerbook_get(book.state, "new", &book.arena,
					      &entry));
		assert_string_equal(find(&book, "joe", NULL, NULL), "acme");
	}
	book_end(&book);
}

static void what_is_replaced_is_forgotten(void **state)
{
	struct book book;
	struct customer_entry entry;
	g_autoptr(GError) why = NULL;

	(void)state;
	book_begin(&book);
	assert_null(put(&book, customers, false, 1));
	/* What was acme's becomes Bravo's, whatever the order. */
	assert_null(put(&book, "id,accounts,networks\nbravo,joe,192.0.2.0/24\n"
			"acme,new,\n", true, 5));
	assert_string_equal(find(&book, "joe", NULL, NULL), "bravo");
	assert_string_equal(find(&book, "new", NULL, NULL), "acme");
	assert_string_equal(find(&book, NULL, "192.0.2.16", NULL), "bravo");
	assert_string_equal(find(&book, NULL, NULL, "acme.example"), "nobody");
	assert_true(customerbook_get(book.state, "BRAVO", &book.arena,
				     &entry));
	assert_int_equal(entry.created_us, 1);
	assert_int_equal(entry.changed_us, 5);
	assert_true(customerbook_remove(book.state, "Bravo", &ann, NULL));
	assert_string_equal(find(&book, "joe", NULL, NULL), "nobody");
	assert_string_equal(find(&book, NULL, "192.0.2.17", NULL), "carol");
	assert_false(customerbook_remove(book.state, "bravo", &ann, &why));
	assert_true(g_error_matches(why, STORE_ERROR, STORE_ERROR_MISSING));
	book_end(&book);
}

static void who_was_changed_meanwhile_is_read_again(void **state)
{
	struct book book;
	struct customer_entry entry;
	g_autoptr(GPtrArray) one = g_ptr_array_new();
	g_autoptr(GError) why = NULL;

	(void)state;
	book_begin(&book);
	assert_null(put(&book, customers, false, 1));
	assert_true(customerbook_get(book.state, "acme", &book.arena, &entry));
	assert_null(put(&book, "id,name\nacme,other", true, 2));
	g_ptr_array_add(one, &entry);
	assert_false(customerbook_put(book.state, one, true, &ann, &why));
	assert_true(g_error_matches(why, STORE_ERROR, STORE_ERROR_BUSY));
	book_end(&book);
}

/* The longest that holds the address, by looking at all of them. */
static const char *search(const GPtrArray *entries, const struct netaddr *addr)
{
	const char *found = "nobody";
	int longest = -1;

	for (guint i = 0; i < entries->len; i++) {
		const struct customer_entry *entry = g_ptr_array_index(entries,
								       i);
		const char *const *text;

		for (text = entry->networks; *text; text++) {
			struct network net;

			assert_true(network_parse(span_text(*text), &net,
						  NULL));
			if (network_has(&net, addr) && net.bits > longest) {
				longest = net.bits;
				found = entry->id;
			}
		}
	}
	return found;
}

/* Few different bits, so that many lie in each other, side by
 * side and on the edge. */
static struct network random_network(GRand *random)
{
	bool is_ip6 = g_rand_int_range(random, 0, 3) == 0;
	struct netaddr addr = { is_ip6 ? NETADDR_IP6 : NETADDR_IP4, { 0 } };
	uint8_t bits = (uint8_t)g_rand_int_range(random, is_ip6 ? 0 : 96, 129);

	if (!is_ip6)
		addr.bytes[10] = addr.bytes[11] = 0xFF;
	for (int i = is_ip6 ? 0 : 12; i < 16; i++)
		addr.bytes[i] = (uint8_t)(g_rand_int_range(random, 0, 4) *
					  0x55 & (i % 2 ? 0xC1 : 0x83));
	return network_around(&addr, bits);
}

static char *random_book(GRand *random)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, NULL);
	GString *text = g_string_new("id,networks\n");

	for (int i = 0; i < 300; i++) {
		struct network net = random_network(random);
		char buffer[NETADDR_TEXT_MAX];

		network_format(&net, buffer);
		if (g_hash_table_add(seen, g_strdup(buffer)))
			g_string_append_printf(text, "c%d,%s\n", i, buffer);
	}
	return g_string_free(text, FALSE);
}

static void any_network_is_found(void **state)
{
	GRand *random = g_rand_new_with_seed(11);

	(void)state;
	for (int round = 0; round < 10; round++) {
		g_autofree char *text = random_book(random);
		struct book book;

		book_begin(&book);
		g_autoptr(GPtrArray) entries = customerread_parse(
			span_text(text), "f", &book.arena, NULL);
		assert_null(put(&book, text, false, 1));
		for (int i = 0; i < 1000; i++) {
			struct netaddr addr = random_network(random).base;
			const char *got = customerbook_find(book.state, NULL,
				&addr, NULL, &book.arena);

			assert_string_equal(got ? got : "nobody",
					    search(entries, &addr));
		}
		book_end(&book);
	}
	g_rand_free(random);
}

static bool note(const struct customer_entry *entry, void *context)
{
	GString *seen = context;

	g_string_append_printf(seen, "%s ", entry->id);
	return strcmp(entry->id, "Bravo") != 0;
}

static void by_id_and_in_pages(void **state)
{
	struct book book;
	g_autoptr(GString) seen = g_string_new(NULL);

	(void)state;
	book_begin(&book);
	assert_true(customerbook_each(book.state, NULL, note, seen, NULL));
	assert_null(put(&book, customers, false, 1));
	assert_true(customerbook_each(book.state, NULL, note, seen, NULL));
	assert_string_equal(seen->str, "acme Bravo ");
	assert_true(customerbook_each(book.state, "BRAVO", note, seen, NULL));
	assert_string_equal(seen->str, "acme Bravo carol ");
	book_end(&book);
}

static bool note_change(const struct customer_change *change, void *context)
{
	struct arena arena;

	arena_init(&arena);
	g_string_append_printf(context, "%d %s>%s %s: %s|",
		(int)change->when_us, change->before.id, change->after.id,
		change->operator_name, customerchanges_fields(change, &arena));
	arena_release(&arena);
	return true;
}

static char *changes(struct book *book, int64_t since_us)
{
	GString *seen = g_string_new(NULL);

	assert_true(customerchanges_each(book->state, since_us, note_change,
					 seen, NULL));
	return g_string_free(seen, FALSE);
}

static void changes_are_kept(void **state)
{
	struct book book;
	g_autofree char *first = NULL, *second = NULL, *third = NULL;
	g_autofree char *failed = NULL;

	(void)state;
	book_begin(&book);
	assert_null(put(&book, "id,name\nacme,A\nBravo,B", false, 1));
	assert_null(put(&book, "id,name,notes\nACME,A2,x\nbravo,B,", true, 5));
	assert_true(customerbook_remove(book.state, "bravo", &ann, NULL));
	first = changes(&book, 0);
	assert_string_equal(first, "1 >acme joe: id, name|"
		"1 >Bravo joe: id, name|5 acme>ACME joe: id, name, notes|"
		"5 Bravo>bravo joe: id|9 bravo> ann: id, name|");
	second = changes(&book, 6);
	assert_string_equal(second, "9 bravo> ann: id, name|");
	/* What is refused changed nothing. */
	failed = put(&book, "id,name\nnew,N\nacme,B", false, 20);
	assert_non_null(failed);
	assert_true(customerchanges_expire(book.state, 5, NULL));
	third = changes(&book, 0);
	assert_string_equal(third, strstr(first, "5 acme"));
	book_end(&book);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(changes_are_kept),
	cmocka_unit_test(the_most_specific_is_found),
	cmocka_unit_test(any_network_is_found),
	cmocka_unit_test(a_conflict_names_both),
	cmocka_unit_test(what_is_replaced_is_forgotten),
	cmocka_unit_test(who_was_changed_meanwhile_is_read_again),
	cmocka_unit_test(by_id_and_in_pages),
};
TAP_MAIN(tests)
