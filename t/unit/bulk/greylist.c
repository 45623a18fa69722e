#include <config.h>

#include "bulk/greylist.h"

#include "unit/store/sample.h"

#define SECOND INT64_C(1000000)

static const struct greylist_times times = {
	300 * SECOND, 3600 * SECOND, 86400 * SECOND,
};

static void one_comes_again(void **state)
{
	struct greylist *greylist = greylist_new(100);
	int64_t frees_us, now_us = 1000000 * SECOND;

	(void)state;
	assert_false(greylist_pass(greylist, "a", &times, now_us, &frees_us));
	assert_true(frees_us == now_us + 300 * SECOND);
	assert_false(greylist_pass(greylist, "a", &times,
				   now_us + 299 * SECOND, &frees_us));
	assert_true(frees_us == now_us + 300 * SECOND);
	assert_false(greylist_is_welcome(greylist, "a", &times,
					 now_us + 299 * SECOND));
	assert_true(greylist_pass(greylist, "a", &times,
				  now_us + 300 * SECOND, &frees_us));
	assert_true(greylist_is_welcome(greylist, "a", &times,
					now_us + 80000 * SECOND));
	assert_true(greylist_is_welcome(greylist, "a", &times,
					now_us + 160000 * SECOND));
	assert_false(greylist_is_welcome(greylist, "a", &times,
					 now_us + 250000 * SECOND));
	/* Too late is a beginning. */
	assert_false(greylist_pass(greylist, "b", &times, now_us, &frees_us));
	assert_false(greylist_pass(greylist, "b", &times,
				   now_us + 3700 * SECOND, &frees_us));
	assert_true(frees_us == now_us + 4000 * SECOND);
	greylist_free(greylist);
}

/* Nobody waits longer for it. */
static void a_clock_goes_back(void **state)
{
	struct greylist *greylist = greylist_new(100);
	int64_t frees_us, now_us = 1000000 * SECOND;

	(void)state;
	assert_false(greylist_pass(greylist, "a", &times, now_us, &frees_us));
	now_us -= 500000 * SECOND;
	assert_false(greylist_pass(greylist, "a", &times, now_us, &frees_us));
	assert_true(frees_us == now_us + 300 * SECOND);
	assert_true(greylist_pass(greylist, "a", &times, frees_us, &frees_us));
	greylist_free(greylist);
}

static void the_least_leave(void **state)
{
	struct greylist *greylist = greylist_new(1000);
	int64_t frees_us, now_us = 1000000 * SECOND;
	unsigned welcome = 0;
	char key[30];

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		snprintf(key, sizeof key, "network %u", i);
		greylist_make_welcome(greylist, key, now_us);
	}
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(key, sizeof key, "tuple %u", i);
		(void)greylist_pass(greylist, key, &times, now_us + i,
				    &frees_us);
	}
	assert_int_equal(greylist_count(greylist), 1000);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(key, sizeof key, "network %u", i);
		welcome += greylist_is_welcome(greylist, key, &times, now_us);
	}
	assert_int_equal(welcome, 300);
	greylist_free(greylist);
	greylist = greylist_new(0);
	assert_true(greylist_pass(greylist, "a", &times, now_us, &frees_us));
	greylist_free(greylist);
}

static void see(const struct greylist_entry *entry, void *context)
{
	(void)entry;
	++*(int *)context;
}

static int rows_in(struct state *store)
{
	int count = 0;

	assert_true(greylist_each(store, see, &count, NULL));
	return count;
}

static void it_outlives_the_daemon(void **state)
{
	struct greylist *greylist = greylist_new(10000);
	int64_t frees_us, now_us = 1000000 * SECOND;
	struct sample sample;
	struct state *store;
	char key[1000];

	(void)state;
	sample_begin(&sample, "");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(key, sizeof key, "tuple %u", i);
		if (i == 500) {
			assert_true(greylist_save(greylist, store, &times,
						  now_us, NULL));
			assert_int_equal(rows_in(store), 500);
			now_us += 4000 * SECOND;
		}
		(void)greylist_pass(greylist, key, &times, now_us, &frees_us);
	}
	assert_true(greylist_save(greylist, store, &times,
				  now_us, NULL));
	assert_int_equal(rows_in(store), 1500);
	memset(key, 'k', sizeof key);
	key[sizeof key - 1] = '\0';
	(void)greylist_pass(greylist, key, &times, now_us,
			    &frees_us);
	assert_true(greylist_save(greylist, store, &times,
				  now_us, NULL));
	assert_int_equal(rows_in(store), 1501);
	greylist_free(greylist);
	greylist = greylist_new(10000);
	assert_true(greylist_load(greylist, store, NULL));
	assert_true(greylist_pass(greylist, "tuple 1000", &times,
				  now_us + 300 * SECOND, &frees_us));
	assert_true(greylist_ask_clear(store, "tuple 1000", NULL));
	assert_true(greylist_save(greylist, store, &times,
				  now_us + 300 * SECOND, NULL));
	assert_false(greylist_is_welcome(greylist, "tuple 1000", &times,
					 now_us + 300 * SECOND));
	assert_int_equal(rows_in(store), 1500);
	assert_true(greylist_ask_clear(store, NULL, NULL));
	assert_true(greylist_save(greylist, store, &times,
				  now_us + 300 * SECOND, NULL));
	assert_int_equal(rows_in(store), 0);
	assert_int_equal(greylist_count(greylist), 0);
	greylist_free(greylist);
	state_close(&store);
	sample_end(&sample);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(one_comes_again),
	cmocka_unit_test(a_clock_goes_back),
	cmocka_unit_test(the_least_leave),
	cmocka_unit_test(it_outlives_the_daemon),
};

TAP_MAIN(tests)
