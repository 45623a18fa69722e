#include <config.h>

#include "bulk/campaigns.h"

#include "unit/store/sample.h"

#define HOUR INT64_C(3600000000)

/* Number n, of which others share a part of the marks. */
static struct fingerprint print_of(uint64_t n, unsigned shared)
{
	struct fingerprint print = { .count = FINGERPRINT_MARKS };
	uint64_t unshared = shared < 10 ? 2 : 1;

	for (unsigned i = 0; i < FINGERPRINT_MARKS; i++)
		print.marks[i] = ((uint64_t)(i + 1) << 56) +
				 (i < shared ? n : n + (unshared << 40));
	return print;
}

static void what_is_alike_is_one(void **state)
{
	struct campaigns *campaigns = campaigns_new(100);
	struct campaign first, other;
	struct fingerprint print = print_of(1, FINGERPRINT_MARKS);
	struct fingerprint near = print_of(1, 20), far = print_of(1, 3);
	struct fingerprint tiny = { .marks = { 1, 2 }, .count = 2 };
	bool is_new;

	(void)state;
	assert_true(campaigns_meet(campaigns, &print, "one", 10, NULL, &first,
				   &is_new));
	assert_true(is_new);
	assert_true(campaigns_meet(campaigns, &near, "two", 20, NULL, &other,
				   &is_new));
	assert_false(is_new);
	assert_true(first.id == other.id);
	assert_string_equal(other.subject, "one");
	assert_int_equal(other.first_us, 10);
	assert_int_equal(other.last_us, 20);
	assert_true(campaigns_meet(campaigns, &far, "three", 30, NULL, &other,
				   &is_new));
	assert_true(is_new);
	assert_false(campaigns_meet(campaigns, &tiny, "", 30, NULL, &other,
				    &is_new));
	assert_true(campaigns_find(campaigns, &near, &other));
	assert_true(first.id == other.id);
	assert_int_equal(campaigns_count(campaigns), 2);
	campaigns_free(campaigns);
}

static void the_oldest_leave(void **state)
{
	struct campaigns *campaigns = campaigns_new(50);
	struct campaign met;
	struct fingerprint kept = print_of(7, FINGERPRINT_MARKS);
	bool is_new;

	(void)state;
	assert_true(campaigns_meet(campaigns, &kept, "", 0, NULL, &met, &is_new));
	for (uint64_t n = 1000; n < 3000; n++) {
		struct fingerprint print = print_of(n, FINGERPRINT_MARKS);

		assert_true(campaigns_meet(campaigns, &print, "",
					   (int64_t)n, NULL, &met, &is_new));
		assert_true(is_new);
		assert_true(campaigns_meet(campaigns, &kept, "", (int64_t)n,
					   NULL, &met, &is_new));
		assert_false(is_new);
	}
	assert_int_equal(campaigns_count(campaigns), 50);
	kept = print_of(2999, FINGERPRINT_MARKS);
	assert_true(campaigns_find(campaigns, &kept, &met));
	kept = print_of(2000, FINGERPRINT_MARKS);
	assert_false(campaigns_find(campaigns, &kept, &met));
	campaigns_free(campaigns);
	campaigns = campaigns_new(0);
	assert_true(campaigns_meet(campaigns, &kept, "", 0, NULL, &met, &is_new));
	assert_true(campaigns_meet(campaigns, &kept, "", 0, NULL, &met, &is_new));
	assert_true(is_new);
	campaigns_free(campaigns);
}

static void see(const struct campaign *campaign, void *context)
{
	(void)campaign;
	++*(int *)context;
}

static void they_outlive_the_daemon(void **state)
{
	struct sample sample;
	struct state *store;
	struct campaigns *campaigns = campaigns_new(1000);
	struct campaign met;
	bool is_new;
	int count = 0;

	(void)state;
	sample_begin(&sample, "");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	for (uint64_t n = 0; n < 500; n++) {
		struct fingerprint print = print_of(n, FINGERPRINT_MARKS);

		assert_true(campaigns_meet(campaigns, &print, "Läufer",
					   (int64_t)n * HOUR, NULL, &met,
					   &is_new));
	}
	assert_true(campaigns_save(campaigns, store, 100 * HOUR, NULL));
	assert_int_equal(campaigns_count(campaigns), 400);
	/* Places that are free again are used again. */
	for (uint64_t n = 500; n < 1100; n++) {
		struct fingerprint print = print_of(n, FINGERPRINT_MARKS);

		assert_true(campaigns_meet(campaigns, &print, "Läufer",
					   (int64_t)n * HOUR, NULL, &met,
					   &is_new));
	}
	assert_int_equal(campaigns_count(campaigns), 1000);
	assert_true(campaigns_save(campaigns, store, 0, NULL));
	campaigns_free(campaigns);
	assert_true(campaigns_each(store, see, &count, NULL));
	assert_int_equal(count, 1000);
	campaigns = campaigns_new(5000);
	assert_true(campaigns_load(campaigns, store, NULL));
	assert_int_equal(campaigns_count(campaigns), 1000);
	struct fingerprint print = print_of(600, 15);
	assert_true(campaigns_find(campaigns, &print, &met));
	assert_string_equal(met.subject, "Läufer");
	assert_int_equal(met.first_us, 600 * HOUR);
	campaigns_free(campaigns);
	state_close(&store);
	sample_end(&sample);
}

/* What its only message is counted by is told once, also after a start. */
static void the_second_counts_the_first(void **state)
{
	static const uint64_t things[CAMPAIGN_THINGS] = { 1, 2, 3, 0, 5 };
	static const uint64_t none[CAMPAIGN_THINGS];
	struct campaigns *campaigns = campaigns_new(10);
	struct fingerprint print = print_of(1, FINGERPRINT_MARKS);
	struct sample sample;
	struct state *store;
	struct campaign met;
	bool is_new;

	(void)state;
	sample_begin(&sample, "");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	assert_true(campaigns_meet(campaigns, &print, "", 1, things, &met,
				   &is_new));
	assert_true(is_new);
	assert_true(campaigns_save(campaigns, store, 0, NULL));
	campaigns_free(campaigns);
	campaigns = campaigns_new(10);
	assert_true(campaigns_load(campaigns, store, NULL));
	for (int i = 0; i < 2; i++) {
		assert_true(campaigns_meet(campaigns, &print, "", 2, things,
					   &met, &is_new));
		assert_false(is_new);
		assert_memory_equal(met.only, i ? none : things,
				    sizeof met.only);
	}
	campaigns_free(campaigns);
	state_close(&store);
	sample_end(&sample);
}

/* By when they were met, not by their keys. */
static void the_oldest_leave_after_a_start(void **state)
{
	struct campaigns *campaigns = campaigns_new(100);
	struct fingerprint print;
	struct sample sample;
	struct state *store;
	struct campaign met;
	bool is_new;

	(void)state;
	sample_begin(&sample, "");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	for (uint64_t n = 1; n <= 100; n++) {
		print = print_of(n, FINGERPRINT_MARKS);
		assert_true(campaigns_meet(campaigns, &print, "",
			(int64_t)n * HOUR, NULL, &met, &is_new));
	}
	assert_true(campaigns_save(campaigns, store, 0, NULL));
	campaigns_free(campaigns);
	campaigns = campaigns_new(30);
	assert_true(campaigns_load(campaigns, store, NULL));
	assert_int_equal(campaigns_count(campaigns), 30);
	for (uint64_t n = 1; n <= 100; n++) {
		print = print_of(n, FINGERPRINT_MARKS);
		assert_int_equal(campaigns_find(campaigns, &print, &met),
				 n > 70);
	}
	assert_true(campaigns_save(campaigns, store, 81 * HOUR, NULL));
	assert_int_equal(campaigns_count(campaigns), 20);
	campaigns_free(campaigns);
	state_close(&store);
	sample_end(&sample);
}

static void damaged_rows_are_none(void **state)
{
	static const char *const rows[] = { "", "x", "\x0a\x03\x61\x62",
		"\x0a\x10\2\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0" };
	struct sample sample;
	struct state *store;
	struct state_txn *txn;
	int count = 0;

	(void)state;
	sample_begin(&sample, "");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	txn = state_begin_write(store, NULL);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_true(state_put(txn, STATE_CAMPAIGNS, span_of(
			(const char *)&i, sizeof i), span_of(rows[i],
			i == 3 ? 18 : strlen(rows[i])), NULL));
	assert_true(state_commit(&txn, NULL));
	assert_true(campaigns_each(store, see, &count, NULL));
	assert_int_equal(count, 0);
	state_close(&store);
	sample_end(&sample);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_is_alike_is_one),
	cmocka_unit_test(the_oldest_leave),
	cmocka_unit_test(they_outlive_the_daemon),
	cmocka_unit_test(the_second_counts_the_first),
		cmocka_unit_test(the_oldest_leave_after_a_start),
		cmocka_unit_test(damaged_rows_are_none),
};

TAP_MAIN(tests)
