#include <config.h>

#include "cases/complaintbook.h"

#include "store/storeerror.h"
#include "unit/store/sample.h"

#define DAY_US (INT64_C(86400) * 1000000)

static struct complaint_entry entry_of(const char *domain, const char *id,
				       int64_t when_us)
{
	return (struct complaint_entry){
		.complaint = {
			.kind = "abuse", .reporter = "r@x",
			.reporter_domain = domain, .agent = "", .subject = "",
			.message_id = id, .sender = "s@x", .recipient = "",
			.queue_ids = { "Q1" }, .queue_id_count = 1,
			.original = { "bytes", 5 },
		},
		.match = { .how = "", .account = "", .client = "",
			   .customer = "" },
		.last_us = when_us, .operator_name = "", .note = "",
	};
}

/* Adds one; its number, or 0 when it was throttled. */
static uint64_t add(struct state *state, const char *domain, const char *id,
		    int64_t when_us, enum complaint_outcome want)
{
	struct complaint_entry entry = entry_of(domain, id, when_us);
	enum complaint_outcome outcome;

	assert_true(complaintbook_add(state, &entry, 2, &outcome, NULL));
	assert_int_equal(outcome, want);
	return entry.number;
}

static bool is_now_matched(struct state *state, const char *id,
			   size_t record_count)
{
	struct complaint_entry entry = entry_of("a", id, DAY_US);
	enum complaint_outcome outcome;

	entry.match.record_count = record_count;
	assert_true(complaintbook_add(state, &entry, 9, &outcome, NULL));
	return entry.is_now_matched;
}

/* Once: that is when it is an incident. */
static void one_that_comes_again_may_be_the_first_with_a_record(void **unused)
{
	struct sample sample;
	struct state *state;

	(void)unused;
	sample_begin(&sample, "");
	state = state_open(sample.dir, STATE_CREATE, NULL);
	assert_non_null(state);
	assert_false(is_now_matched(state, "1", 0));
	assert_false(is_now_matched(state, "1", 0));
	assert_true(is_now_matched(state, "1", 1));
	assert_false(is_now_matched(state, "1", 1));
	assert_true(is_now_matched(state, "2", 1));
	assert_false(is_now_matched(state, "2", 1));
	state_close(&state);
	sample_end(&sample);
}

struct seen {
	uint64_t numbers[10];
	size_t count;
};

static bool see(const struct complaint_entry *entry, void *context)
{
	struct seen *seen = context;

	seen->numbers[seen->count++] = entry->number;
	return true;
}

static size_t count_of(struct state *state, bool is_unmatched)
{
	struct seen seen = { .count = 0 };

	assert_true(complaintbook_each(state, is_unmatched, see, &seen, NULL));
	for (size_t i = 1; i < seen.count; i++)
		assert_true(seen.numbers[i - 1] > seen.numbers[i]);
	return seen.count;
}

static size_t count(struct state *state)
{
	return count_of(state, false);
}

static void the_same_joins_and_floods_end(void **state)
{
	struct sample sample;
	struct state *store;

	(void)state;
	sample_begin(&sample, "");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	assert_int_equal(add(store, "a", "1", DAY_US, COMPLAINT_ADDED), 1);
	assert_int_equal(add(store, "a", "1", DAY_US, COMPLAINT_JOINED), 1);
	assert_int_equal(add(store, "b", "1", DAY_US, COMPLAINT_ADDED), 2);
	assert_int_equal(add(store, "a", "2", DAY_US, COMPLAINT_ADDED), 3);
	add(store, "a", "3", DAY_US, COMPLAINT_THROTTLED);
	assert_int_equal(add(store, "a", "1", DAY_US, COMPLAINT_JOINED), 1);
	assert_int_equal(add(store, "b", "3", DAY_US, COMPLAINT_ADDED), 4);
	assert_int_equal(add(store, "a", "3", 2 * DAY_US, COMPLAINT_ADDED), 5);
	/* Without a Message-ID it is the original that tells. */
	assert_int_equal(add(store, "c", "", DAY_US, COMPLAINT_ADDED), 6);
	assert_int_equal(add(store, "c", "", 2 * DAY_US, COMPLAINT_JOINED), 6);
	assert_int_equal(count(store), 6);
	assert_int_equal(count_of(store, true), 6);
	state_close(&store);
	sample_end(&sample);
}

static void what_was_kept_is_read(void **state)
{
	const struct complaint_match match = {
		.records = { 7, 8 }, .record_count = 2, .how = "by hand",
		.account = "alice", .client = "192.0.2.7", .customer = "C1",
	};
	struct complaint_entry got;
	g_autoptr(GError) why = NULL;
	struct sample sample;
	struct state *store;
	struct arena arena;

	(void)state;
	sample_begin(&sample, "");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	arena_init(&arena);
	add(store, "a", "1", DAY_US, COMPLAINT_ADDED);
	assert_true(complaintbook_match(store, 1, &match, "joe", NULL));
	add(store, "a", "1", 2 * DAY_US, COMPLAINT_JOINED);
	assert_int_equal(count_of(store, true), 0);
	assert_int_equal(count(store), 1);
	assert_true(complaintbook_get(store, 1, &arena, &got, NULL));
	assert_int_equal(got.count, 2);
	assert_int_equal(got.first_us, DAY_US);
	assert_int_equal(got.last_us, 2 * DAY_US);
	assert_int_equal(got.match.record_count, 2);
	assert_int_equal(got.match.records[1], 8);
	assert_string_equal(got.match.account, "alice");
	assert_string_equal(got.match.customer, "C1");
	assert_string_equal(got.operator_name, "joe");
	assert_string_equal(got.complaint.queue_ids[0], "Q1");
	assert_int_equal(got.complaint.original.len, 5);
	assert_false(complaintbook_get(store, 2, &arena, &got, &why));
	assert_true(g_error_matches(why, STORE_ERROR, STORE_ERROR_MISSING));
	arena_release(&arena);
	state_close(&store);
	sample_end(&sample);
}

static void what_is_erased_names_nobody(void **state)
{
	const struct complaint_match match = {
		.records = { 7 }, .record_count = 1, .how = "queue id",
		.account = "alice", .client = "192.0.2.1", .customer = "C1",
	};
	g_autoptr(GError) why = NULL;
	struct complaint_entry got;
	struct sample sample;
	struct state *store;
	struct arena arena;

	(void)state;
	sample_begin(&sample, "");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	arena_init(&arena);
	add(store, "a", "1", DAY_US, COMPLAINT_ADDED);
	add(store, "b", "2", DAY_US, COMPLAINT_ADDED);
	assert_true(complaintbook_match(store, 1, &match, "joe", NULL));
	for (uint64_t i = 1; i <= 2; i++)
		assert_true(complaintbook_erase(store, i, "ann", 5, NULL));
	assert_true(complaintbook_get(store, 1, &arena, &got, NULL));
	assert_string_equal(got.complaint.reporter, "");
	assert_string_equal(got.complaint.reporter_domain, "");
	assert_string_equal(got.complaint.sender, "");
	assert_string_equal(got.complaint.message_id, "");
	assert_int_equal(got.complaint.queue_id_count, 0);
	assert_int_equal(got.complaint.original.len, 0);
	assert_string_equal(got.match.account, "");
	assert_string_equal(got.match.client, "");
	assert_string_equal(got.match.customer, "");
	assert_string_equal(got.complaint.kind, "abuse");
	assert_int_equal(got.match.records[0], 7);
	assert_string_equal(got.operator_name, "ann");
	assert_int_equal(got.erased_us, 5);
	/* Nobody is to look for its record; and the same is a new one. */
	assert_int_equal(count_of(store, true), 0);
	assert_false(complaintbook_match(store, 1, &match, "joe", &why));
	assert_int_equal(add(store, "a", "1", DAY_US, COMPLAINT_ADDED), 3);
	assert_true(complaintbook_expire(store, 99 * DAY_US, NULL));
	assert_int_equal(count(store), 0);
	arena_release(&arena);
	state_close(&store);
	sample_end(&sample);
}

static void old_ones_go(void **state)
{
	struct sample sample;
	struct state *store;

	(void)state;
	sample_begin(&sample, "");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	add(store, "a", "1", DAY_US, COMPLAINT_ADDED);
	add(store, "a", "2", DAY_US, COMPLAINT_ADDED);
	add(store, "a", "2", 9 * DAY_US, COMPLAINT_JOINED);
	assert_true(complaintbook_expire(store, 5 * DAY_US, NULL));
	assert_int_equal(count(store), 1);
	/* It is new again, and the day's count is gone. */
	assert_int_equal(add(store, "a", "1", DAY_US, COMPLAINT_ADDED), 3);
	assert_int_equal(add(store, "a", "9", DAY_US, COMPLAINT_ADDED), 4);
	assert_true(complaintbook_expire(store, 99 * DAY_US, NULL));
	assert_int_equal(count(store), 0);
	assert_int_equal(count_of(store, true), 0);
	assert_true(complaintbook_expire(store, 99 * DAY_US, NULL));
	state_close(&store);
	sample_end(&sample);
}

/* Rows of no kind that is read. */
static void fill(struct state *state)
{
	struct state_txn *txn = state_begin_write(state, NULL);

	for (uint32_t i = 0; i < 4 * COMPLAINTS_MAX; i++) {
		uint32_t wire = GUINT32_TO_BE(i);
		char key[5] = "z";

		memcpy(key + 1, &wire, sizeof wire);
		assert_true(state_put(txn, STATE_COMPLAINTS,
				      span_of(key, sizeof key),
				      span_text("-"), NULL));
	}
	assert_true(state_commit(&txn, NULL));
}

static void a_full_book_says_so(void **unused)
{
	struct complaint_entry entry = entry_of("a", "1", DAY_US);
	struct sample sample;
	struct state *store;

	(void)unused;
	sample_begin(&sample, "");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	add(store, "a", "1", DAY_US, COMPLAINT_ADDED);
	fill(store);
	add(store, "b", "1", DAY_US, COMPLAINT_FULL);
	add(store, "a", "1", DAY_US, COMPLAINT_JOINED);
	assert_true(complaintbook_has_room(store, &entry.complaint));
	entry.complaint.message_id = "2";
	assert_false(complaintbook_has_room(store, &entry.complaint));
	state_close(&store);
	sample_end(&sample);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
		one_that_comes_again_may_be_the_first_with_a_record),
	cmocka_unit_test(the_same_joins_and_floods_end),
	cmocka_unit_test(what_was_kept_is_read),
	cmocka_unit_test(what_is_erased_names_nobody),
	cmocka_unit_test(old_ones_go),
	cmocka_unit_test(a_full_book_says_so),
};

TAP_MAIN(tests)
