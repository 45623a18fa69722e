#include <config.h>

#include "bulk/counts.h"

#include "bulk/countentry.h"
#include "bulk/countsnapshot.h"
#include "unit/store/sample.h"

#include <pthread.h>

#define SECOND INT64_C(1000000)
#define BEGAN_US (INT64_C(1700000000) * SECOND)
#define FILLED_US (BEGAN_US + 300 * SECOND)
#define THREADS 100

static struct counts_key key_of(const char *text, enum counts_kind kind)
{
	return (struct counts_key){ kind, 600, span_text(text) };
}

static void things_are_counted(void **state)
{
	struct counts *counts = counts_new(1000);
	struct counts_key amount = key_of("a", COUNTS_AMOUNT);
	struct counts_key things = key_of("d", COUNTS_DISTINCT);
	struct counts_answer answer;

	(void)state;
	assert_int_equal(counts_add(counts, &amount, 5, BEGAN_US), 5);
	assert_int_equal(counts_add(counts, &amount, 2, BEGAN_US), 7);
	assert_int_equal(counts_get(counts, &amount, BEGAN_US), 7);
	answer = counts_take(counts, &amount, 3, 10, BEGAN_US);
	assert_true(answer.is_taken);
	assert_int_equal(answer.count, 10);
	answer = counts_take(counts, &amount, 1, 10, BEGAN_US);
	assert_false(answer.is_taken);
	assert_true(answer.frees_us > BEGAN_US &&
		    answer.frees_us <= BEGAN_US + 600 * SECOND);
	assert_true(counts_take(counts, &amount, 1, 10,
				answer.frees_us).is_taken);
	counts_give_back(counts, &amount, 1, answer.frees_us);
	assert_true(counts_clear(counts, &amount));
	assert_int_equal(counts_get(counts, &amount, BEGAN_US), 0);
	assert_true(counts_take(counts, &amount, 50, 10, BEGAN_US).is_taken);
	for (int i = 0; i < 20; i++) {
		g_autofree char *thing = g_strdup_printf("%d", i % 10);

		answer = counts_take_thing(counts, &things, span_text(thing),
					   5, BEGAN_US);
		assert_int_equal(answer.is_taken, i % 10 < 5);
	}
	assert_int_equal(counts_get(counts, &things, BEGAN_US), 5);
	counts_free(counts);
}

/* The last bytes of long keys tell, too. */
static void long_keys_are_told_apart(void **state)
{
	struct counts *counts = counts_new(1000);
	g_autofree char *one = g_strnfill(1000, 'x'), *other = g_strdup(one);
	struct counts_key a = key_of(one, COUNTS_AMOUNT),
			  b = key_of(other, COUNTS_AMOUNT);

	(void)state;
	other[999] = 'y';
	counts_add(counts, &a, 1, BEGAN_US);
	assert_int_equal(counts_add(counts, &b, 1, BEGAN_US), 1);
	assert_int_equal(counts_add(counts, &a, 1, BEGAN_US), 2);
	counts_free(counts);
}

/* Exact up to 1,536, within 3 errors of 2.3 % past it, and all of it leaves. */
static void different_things_slide_too(void **state)
{
	static const uint64_t sizes[] = { 1, 3, 4, 100, 1536, 1537, 5000,
					  100000 };
	struct counts *counts = counts_new(100000);
	struct counts_key key = key_of("d", COUNTS_DISTINCT);
	struct counts_stats stats;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		int64_t now_us = BEGAN_US + (int64_t)i * 3600 * SECOND;
		uint64_t count = 0;
		double error;

		for (uint64_t n = 0; n < 2 * sizes[i]; n++) {
			uint64_t thing = n / 2;

			count = counts_add_thing(counts, &key,
				span_of((const char *)&thing, sizeof thing),
				now_us);
		}
		error = (double)count / (double)sizes[i] - 1;
		print_message("# %" G_GUINT64_FORMAT " things: %+.2f %%\n",
			      sizes[i], error * 100);
		if (sizes[i] <= 100)
			assert_int_equal(count, sizes[i]);
		assert_true(ABS(error) < (sizes[i] <= DISTINCT_EXACT ?
					  0.002 : 3 * 0.023));
		assert_int_equal(counts_get(counts, &key,
					    now_us + 500 * SECOND), count);
		assert_int_equal(counts_get(counts, &key,
					    now_us + 601 * SECOND), 0);
	}
	for (int i = 0; i < 64; i++)
		counts_sweep(counts, BEGAN_US + 86400 * SECOND);
	counts_stats(counts, &stats);
	assert_int_equal(stats.entries, 0);
	counts_free(counts);
}

struct race {
	struct counts *counts;
	int taken, refused;
};

static void *run_race(void *context)
{
	struct race *race = context;
	struct counts_key amount = key_of("a", COUNTS_AMOUNT);
	struct counts_key limited = key_of("l", COUNTS_AMOUNT);
	struct counts_key things = key_of("d", COUNTS_DISTINCT);

	for (uint64_t i = 0; i < 100; i++) {
		g_autofree char *thing = g_strdup_printf("%p %d",
							 context, (int)i);

		counts_add(race->counts, &amount, 1, BEGAN_US);
		if (counts_take(race->counts, &limited, 1, 5000,
				BEGAN_US).is_taken)
			race->taken++;
		else
			race->refused++;
		if (i < 10)
			counts_take_thing(race->counts, &things,
					  span_text(thing), 500, BEGAN_US);
		if (i % 10 == 0)
			counts_sweep(race->counts, BEGAN_US);
	}
	return NULL;
}

/* A hundred at once on one key: not one too many or too few. */
static void races_are_exact(void **state)
{
	/* Room for all, whichever shards the secret puts them in. */
	struct counts *counts = counts_new(100000);
	struct counts_key amount = key_of("a", COUNTS_AMOUNT);
	struct counts_key limited = key_of("l", COUNTS_AMOUNT);
	struct counts_key things = key_of("d", COUNTS_DISTINCT);
	struct race races[THREADS];
	pthread_t threads[THREADS];
	int taken = 0, refused = 0;

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		races[i] = (struct race){ counts, 0, 0 };
		assert_int_equal(pthread_create(&threads[i], NULL, run_race,
						&races[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		taken += races[i].taken;
		refused += races[i].refused;
	}
	assert_int_equal(counts_get(counts, &amount, BEGAN_US), THREADS * 100);
	assert_int_equal(counts_get(counts, &limited, BEGAN_US), 5000);
	assert_int_equal(counts_get(counts, &things, BEGAN_US), 500);
	assert_int_equal(taken, 5000);
	assert_int_equal(refused, 5000);
	counts_free(counts);
}

/* A flood of keys pushes out its like, not the one that counted much. */
static void the_least_useful_leave(void **state)
{
	struct counts *counts = counts_new(1024);
	struct counts_stats stats;
	int kept = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		g_autofree char *text = g_strdup_printf("busy %d", i);
		struct counts_key key = key_of(text, COUNTS_AMOUNT);

		counts_add(counts, &key, 50, BEGAN_US);
	}
	for (int i = 0; i < 100000; i++) {
		g_autofree char *text = g_strdup_printf("flood %d", i);
		struct counts_key key = key_of(text, COUNTS_AMOUNT);

		counts_add(counts, &key, 1, BEGAN_US + i);
	}
	counts_stats(counts, &stats);
	assert_true(stats.entries <= 1024);
	assert_true(stats.pushed_out >= 100100 - 1024);
	for (int i = 0; i < 100; i++) {
		g_autofree char *text = g_strdup_printf("busy %d", i);
		struct counts_key key = key_of(text, COUNTS_AMOUNT);

		kept += counts_get(counts, &key, BEGAN_US) == 50;
	}
	print_message("# %d of 100 busy ones kept\n", kept);
	assert_true(kept >= 95);
	counts_free(counts);
}

/* One thing many times over is one; many large ones are not more memory. */
static void memory_has_an_end(void **state)
{
	struct counts *counts = counts_new(2560);
	struct counts_stats stats;

	(void)state;
	for (int i = 0; i < 500; i++) {
		g_autofree char *text = g_strdup_printf("large %d", i);
		struct counts_key key = key_of(text, COUNTS_DISTINCT);

		for (int n = 0; n < 2000; n++)
			counts_add_thing(counts, &key,
				span_of((const char *)&n, sizeof n), BEGAN_US);
	}
	counts_stats(counts, &stats);
	/* A shard holds at least the one that came last. */
	assert_true(stats.bytes < 256 * 4000);
	counts_free(counts);
}

static struct counts *load(struct state *state, int64_t now_us)
{
	struct counts *counts = counts_new(100000);
	g_autoptr(GError) why = NULL;
	uint64_t damaged;

	if (!countsnapshot_load(counts, state, STATE_COUNTS, now_us, &damaged,
				&why))
		fail_msg("%s", why->message);
	assert_int_equal(damaged, 0);
	return counts;
}

static uint64_t save(struct counts *counts, struct state *state)
{
	g_autoptr(GError) why = NULL;
	uint64_t written;

	if (!countsnapshot_save(counts, state, STATE_COUNTS, &written, &why))
		fail_msg("%s", why->message);
	return written;
}

static void sum_up(const struct countsnapshot_entry *seen, void *context)
{
	*(uint64_t *)context += seen->count;
}

static void fill(struct counts *counts)
{
	for (int i = 0; i < 5000; i++) {
		g_autofree char *text = g_strdup_printf("key %d", i);
		struct counts_key key = key_of(text, i % 5 ? COUNTS_AMOUNT :
							     COUNTS_DISTINCT);

		for (int n = 0; n <= i % 7; n++)
			if (i % 5)
				counts_add(counts, &key, 1,
					   BEGAN_US + n * 50 * SECOND);
			else
				counts_add_thing(counts, &key,
					span_of((const char *)&n, sizeof n),
					BEGAN_US + n * 50 * SECOND);
	}
}

static void check_same(struct counts *a, struct counts *b)
{
	for (int i = 0; i < 5000; i++) {
		g_autofree char *text = g_strdup_printf("key %d", i);
		struct counts_key key = key_of(text, i % 5 ? COUNTS_AMOUNT :
							     COUNTS_DISTINCT);

		for (int64_t at = 0; at < 900; at += 100)
			assert_int_equal(
				counts_get(a, &key, FILLED_US + at * SECOND),
				counts_get(b, &key, FILLED_US + at * SECOND));
	}
}

static void snapshots_bring_all_back(void **state)
{
	struct sample sample;
	struct state *store;
	struct counts *counts = counts_new(100000), *again;
	struct counts_key one = key_of("key 1", COUNTS_AMOUNT);
	struct counts_key large = key_of("large", COUNTS_DISTINCT);
	uint64_t sum = 0;

	(void)state;
	sample_begin(&sample, "");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	assert_non_null(store);
	fill(counts);
	for (int n = 0; n < 3000; n++)
		counts_add_thing(counts, &large,
				 span_of((const char *)&n, sizeof n), BEGAN_US);
	assert_true(save(counts, store) > 1000);
	assert_int_equal(save(counts, store), 0);
	assert_true(countsnapshot_each(store, STATE_COUNTS, FILLED_US, sum_up,
				       &sum, NULL));
	assert_in_range(sum, 19995 + 2800, 19995 + 3200);
	again = load(store, FILLED_US);
	check_same(counts, again);
	assert_int_equal(counts_get(again, &large, FILLED_US),
			 counts_get(counts, &large, FILLED_US));
	assert_int_equal(save(again, store), 0);
	counts_add(again, &one, 1, FILLED_US);
	assert_int_equal(save(again, store), 1);
	counts_free(counts);
	counts = load(store, BEGAN_US + 86400 * SECOND);
	for (int i = 0; i < 64; i++)
		counts_sweep(again, BEGAN_US + 86400 * SECOND);
	assert_true(save(again, store) > 1000);
	counts_free(again);
	sum = 0;
	assert_true(countsnapshot_each(store, STATE_COUNTS, FILLED_US, sum_up,
				       &sum, NULL));
	assert_int_equal(sum, 0);
	counts_free(counts);
	state_close(&store);
	sample_end(&sample);
}

/* The clock was set back by a day before the start, and after it by
 * another: what is there is gone one window later at the latest, and
 * forward it is gone at once. */
static void a_clock_set_between_starts_holds_nobody(void **state)
{
	struct counts_key amount = key_of("a", COUNTS_AMOUNT);
	struct counts_key things = key_of("d", COUNTS_DISTINCT);
	struct counts *counts = counts_new(100000);
	int64_t now_us = BEGAN_US;
	struct sample sample;
	struct state *store;

	(void)state;
	sample_begin(&sample, "");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	counts_add(counts, &amount, 9, now_us);
	counts_add_thing(counts, &things, span_text("x"), now_us);
	for (int i = 0; i < 2; i++) {
		save(counts, store);
		counts_free(counts);
		now_us -= 86400 * SECOND;
		counts = load(store, now_us);
		assert_int_equal(counts_get(counts, &amount, now_us), 9);
		assert_int_equal(counts_get(counts, &things, now_us), 1);
	}
	assert_int_equal(counts_get(counts, &amount, now_us + 600 * SECOND), 0);
	assert_int_equal(counts_get(counts, &things, now_us + 600 * SECOND), 0);
	counts_add(counts, &amount, 9, now_us);
	assert_int_equal(counts_get(counts, &amount, now_us + 86400 * SECOND),
			 0);
	counts_free(counts);
	state_close(&store);
	sample_end(&sample);
}

/* A lost secret moves the entries; the old pages do not come back. */
static void a_lost_secret_is_no_loss(void **state)
{
	struct sample sample;
	struct state *store;
	struct state_txn *txn;
	struct counts *counts = counts_new(100000), *again;
	uint64_t sum = 0;

	(void)state;
	sample_begin(&sample, "");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	fill(counts);
	save(counts, store);
	txn = state_begin_write(store, NULL);
	assert_true(state_delete(txn, STATE_COUNTS, span_text("secret")));
	assert_true(state_commit(&txn, NULL));
	again = load(store, FILLED_US);
	save(again, store);
	assert_true(countsnapshot_each(store, STATE_COUNTS, FILLED_US, sum_up,
				       &sum, NULL));
	assert_int_equal(sum, 19995);
	check_same(counts, again);
	counts_free(counts);
	counts = load(store, FILLED_US);
	counts_free(again);
	again = load(store, FILLED_US);
	check_same(counts, again);
	counts_free(counts);
	counts_free(again);
	state_close(&store);
	sample_end(&sample);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(things_are_counted),
	cmocka_unit_test(long_keys_are_told_apart),
	cmocka_unit_test(different_things_slide_too),
	cmocka_unit_test(races_are_exact),
	cmocka_unit_test(the_least_useful_leave),
	cmocka_unit_test(memory_has_an_end),
	cmocka_unit_test(snapshots_bring_all_back),
	cmocka_unit_test(a_clock_set_between_starts_holds_nobody),
	cmocka_unit_test(a_lost_secret_is_no_loss),
};

TAP_MAIN(tests)
