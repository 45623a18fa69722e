#include <config.h>

#include "store/lists.h"

#include "store/storeerror.h"

#include "unit/store/sample.h"

struct box {
	struct sample sample;
	struct state *state;
	struct arena arena;
};

static void begin(struct box *box)
{
	g_autoptr(GError) why = NULL;

	sample_begin(&box->sample, "");
	arena_init(&box->arena);
	box->state = state_open(box->sample.dir, STATE_CREATE, &why);
	if (!box->state)
		fail_msg("%s", why->message);
}

static void end(struct box *box)
{
	state_close(&box->state);
	arena_release(&box->arena);
	sample_end(&box->sample);
}

static bool add(struct box *box, enum list_kind kind, const char *value,
		int64_t expires_us)
{
	const struct list_entry entry = {
		.which = LIST_BLOCK, .kind = kind, .value = value,
		.reason = "r", .operator_name = "o", .created_us = 1,
		.expires_us = expires_us,
	};

	return lists_add(box->state, &entry, NULL);
}

static bool has(struct box *box, enum list_kind kind, const char *value)
{
	return lists_find(box->state, LIST_BLOCK, kind, span_text(value), 100,
			  &box->arena, NULL);
}

static bool has_client(struct box *box, const char *text)
{
	struct netaddr addr;

	assert_true(netaddr_parse(span_text(text), &addr));
	return lists_find_client(box->state, LIST_BLOCK, &addr, 100,
				 &box->arena, NULL);
}

static void entries_are_found_as_they_should(void **state)
{
	struct box box;

	(void)state;
	begin(&box);
	assert_false(has_client(&box, "192.0.2.1"));
	assert_true(add(&box, LIST_ADDRESS, "192.0.2.1", 0));
	assert_true(add(&box, LIST_NETWORK, "198.51.100.0/24", 0));
	assert_true(add(&box, LIST_NETWORK, "198.51.0.0/16", 0));
	assert_true(add(&box, LIST_NETWORK, "2001:db8::/32", 0));
	assert_true(add(&box, LIST_ACCOUNT, "Alice", 0));
	assert_true(add(&box, LIST_SENDER, "Spam@Bad.EXAMPLE", 0));
	assert_true(add(&box, LIST_DOMAIN, "worse.example", 0));
	assert_true(add(&box, LIST_DOMAIN, ".below.example", 0));
	assert_true(has_client(&box, "192.0.2.1"));
	assert_false(has_client(&box, "192.0.2.2"));
	assert_true(has_client(&box, "198.51.100.9"));
	assert_true(has_client(&box, "198.51.7.9"));
	assert_false(has_client(&box, "198.52.0.1"));
	assert_true(has_client(&box, "2001:db8:1::1"));
	assert_false(has_client(&box, "2001:db9::1"));
	assert_true(has(&box, LIST_ACCOUNT, "alice"));
	assert_true(has(&box, LIST_SENDER, "SPAM@bad.example"));
	assert_false(has(&box, LIST_SENDER, "ham@bad.example"));
	assert_true(has(&box, LIST_DOMAIN, "worse.example"));
	assert_false(has(&box, LIST_DOMAIN, "sub.worse.example"));
	assert_true(has(&box, LIST_DOMAIN, "a.b.below.example"));
	assert_false(has(&box, LIST_DOMAIN, "below.example"));
	assert_false(lists_find(box.state, LIST_WELCOME, LIST_DOMAIN,
				span_text("worse.example"), 100, &box.arena,
				NULL));
	end(&box);
}

static void what_is_expired_is_not_there(void **state)
{
	struct box box;
	uint64_t gone;

	(void)state;
	begin(&box);
	assert_true(add(&box, LIST_SENDER, "old@a.example", 100));
	assert_true(add(&box, LIST_SENDER, "new@a.example", 101));
	assert_true(add(&box, LIST_SENDER, "ever@a.example", 0));
	assert_false(has(&box, LIST_SENDER, "old@a.example"));
	assert_true(has(&box, LIST_SENDER, "new@a.example"));
	assert_true(lists_expire(box.state, 100, &gone, NULL));
	assert_int_equal(gone, 1);
	assert_true(has(&box, LIST_SENDER, "ever@a.example"));
	assert_true(lists_expire(box.state, 100, &gone, NULL));
	assert_int_equal(gone, 0);
	end(&box);
}

static void bad_values_are_refused(void **state)
{
	static const struct { enum list_kind kind; const char *value; } bad[] = {
		{ LIST_ADDRESS, "1.2.3" }, { LIST_ADDRESS, "" },
		{ LIST_NETWORK, "1.2.3.4/8" }, { LIST_NETWORK, "x" },
		{ LIST_SENDER, "nobody" }, { LIST_SENDER, "<>" },
		{ LIST_DOMAIN, "a..b" }, { LIST_DOMAIN, "" },
		{ LIST_ACCOUNT, "" },
	};
	struct box box;

	(void)state;
	begin(&box);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (add(&box, bad[i].kind, bad[i].value, 0))
			fail_msg("%s", bad[i].value);
	end(&box);
}

static bool count(const struct list_entry *entry, void *context)
{
	assert_string_equal(entry->reason, "r");
	++*(int *)context;
	return true;
}

static void entries_are_replaced_shown_and_removed(void **state)
{
	g_autoptr(GError) why = NULL;
	struct box box;
	int entries = 0;

	(void)state;
	begin(&box);
	assert_true(add(&box, LIST_ADDRESS, "192.0.2.1", 0));
	assert_true(add(&box, LIST_ADDRESS, "192.0.2.1", 5));
	assert_true(add(&box, LIST_DOMAIN, "a.example", 0));
	assert_true(lists_each(box.state, 0, 0, count, &entries, NULL));
	assert_int_equal(entries, 2);
	assert_true(lists_remove(box.state, LIST_BLOCK, LIST_DOMAIN,
				 span_text("A.example"), NULL));
	assert_false(lists_remove(box.state, LIST_BLOCK, LIST_DOMAIN,
				  span_text("a.example"), &why));
	assert_true(g_error_matches(why, STORE_ERROR, STORE_ERROR_MISSING));
	end(&box);
}

static void another_opening_sees_it(void **state)
{
	g_autoptr(GError) why = NULL;
	struct box box;

	(void)state;
	begin(&box);
	assert_true(add(&box, LIST_ACCOUNT, "eve", 0));
	state_close(&box.state);
	box.state = state_open(box.sample.dir, STATE_EXISTING, NULL);
	assert_true(has(&box, LIST_ACCOUNT, "eve"));
	state_close(&box.state);
	assert_null(state_open("/nonexistent", STATE_EXISTING, &why));
	assert_non_null(why);
	box.state = state_open(box.sample.dir, STATE_CREATE, NULL);
	end(&box);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(entries_are_found_as_they_should),
	cmocka_unit_test(what_is_expired_is_not_there),
	cmocka_unit_test(bad_values_are_refused),
	cmocka_unit_test(entries_are_replaced_shown_and_removed),
	cmocka_unit_test(another_opening_sees_it),
};

TAP_MAIN(tests)
