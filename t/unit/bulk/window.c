#include <config.h>

#include "bulk/window.h"

#include <glib.h>

#include "unit/tap.h"

#define SECOND INT64_C(1000000)
#define BEGAN_US (INT64_C(1700000000) * SECOND)

/* What truly came: real times, by a clock that nobody sets. */
struct came {
	int64_t real_us;
	uint32_t amount;
};

static uint64_t truly(const GArray *all, int64_t after_us, int64_t until_us)
{
	uint64_t sum = 0;

	for (guint i = 0; i < all->len; i++) {
		const struct came *came = &g_array_index(all, struct came, i);

		if (came->real_us > after_us && came->real_us <= until_us)
			sum += came->amount;
	}
	return sum;
}

static void check_bounds(struct window *window, uint32_t window_s,
			 const GArray *all, int64_t now_us)
{
	int64_t length_us = (int64_t)window_s * SECOND;
	uint64_t count = window_count(window, window_s, now_us);
	uint64_t most = truly(all, now_us - length_us - 1, now_us);
	uint64_t least = truly(all, now_us - length_us / 8 * 7, now_us);

	if (count > most || count < least)
		fail_msg("window %u: %" G_GUINT64_FORMAT " is not from %"
			 G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT, window_s,
			 count, least, most);
}

static void counts_are_within_their_bounds(void **state)
{
	static const uint32_t windows[] = { 10, 60, 3600, 86400, 31 * 86400 };
	g_autoptr(GRand) random = g_rand_new_with_seed(1);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(windows); i++) {
		g_autoptr(GArray) all = g_array_new(FALSE, FALSE,
						    sizeof(struct came));
		int64_t length_us = (int64_t)windows[i] * SECOND;
		int64_t now_us = BEGAN_US;
		struct window window = { 0 };

		for (int n = 0; n < 3000; n++) {
			struct came came = {
				now_us,
				(uint32_t)g_rand_int_range(random, 1, 9),
			};

			window_add(&window, windows[i], came.amount, now_us);
			g_array_append_val(all, came);
			check_bounds(&window, windows[i], all, now_us);
			now_us += g_rand_int_range(random, 0, 100) == 0 ?
				length_us *
					g_rand_int_range(random, 0, 20) / 10 :
				(int64_t)(g_rand_double(random) *
					  (double)length_us / 50);
			check_bounds(&window, windows[i], all, now_us);
		}
	}
}

/* An edge: fixed windows would let through twice as much. */
static void no_burst_passes_twice(void **state)
{
	struct window window = { 0 };
	int64_t edge_us = BEGAN_US / (3600 * SECOND) * 3600 * SECOND;

	(void)state;
	window_add(&window, 3600, 100, edge_us - SECOND);
	assert_int_equal(window_count(&window, 3600, edge_us + SECOND), 100);
	assert_int_equal(window_count(&window, 3600, edge_us + 3000 * SECOND),
			 100);
	assert_int_equal(window_count(&window, 3600, edge_us + 3599 * SECOND),
			 0);
}

/* The clock runs and is set: no count lasts for longer than the window, by a
 * clock that runs on; and none rises by itself while nobody sets it. */
static void jumps_hold_nobody_for_longer(void **state)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(2);
	const uint32_t window_s = 3600;
	const int64_t length_us = (int64_t)window_s * SECOND;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct window window = { 0 };
		int64_t real_us = BEGAN_US, offset_us = 0, last_us = 0;
		uint64_t before = 0;

		for (int n = 0; n < 400; n++) {
			bool is_set = g_rand_int_range(random, 0, 30) == 0;
			uint64_t count;

			if (is_set)
				offset_us += (int64_t)((g_rand_double(random) -
							0.5) * 10 *
						       (double)length_us);
			if (n < 200 && g_rand_int_range(random, 0, 2)) {
				window_add(&window, window_s, 1,
					   real_us + offset_us);
				last_us = real_us;
				before++;
			}
			count = window_count(&window, window_s,
					     real_us + offset_us);
			if (!is_set)
				assert_true(count <= before);
			if (real_us > last_us + length_us + WINDOW_JITTER_US)
				assert_int_equal(count, 0);
			before = count;
			real_us += g_rand_int_range(random, 0, 60) * SECOND;
		}
	}
}

/* Whoever asks when it frees is told a time at which it is free, and not past
 * the window; just before it was not. */
static void it_frees_when_it_says(void **state)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(3);
	struct window window = { 0 }, later;
	int64_t now_us = BEGAN_US;

	(void)state;
	for (int n = 0; n < 5000; n++) {
		uint64_t most = (uint64_t)g_rand_int_range(random, 0, 100);
		int64_t frees_us;

		window_add(&window, 600, 1, now_us);
		frees_us = window_frees_us(&window, 600, most, now_us);
		assert_true(frees_us <= now_us + 600 * SECOND);
		later = window;
		assert_true(window_count(&later, 600, frees_us) <= most);
		if (window_count(&window, 600, now_us) > most)
			assert_true(frees_us > now_us);
		else
			assert_int_equal(frees_us, now_us);
		assert_true(window_ends_us(&window, 600) <=
			    now_us + 600 * SECOND);
		now_us += g_rand_int_range(random, 0, 12) * SECOND;
	}
}

static void what_was_taken_back_is_gone(void **state)
{
	struct window window = { 0 };

	(void)state;
	window_add(&window, 60, 5, BEGAN_US);
	window_add(&window, 60, 7, BEGAN_US + 20 * SECOND);
	window_take_back(&window, 60, 9, BEGAN_US + 21 * SECOND);
	assert_int_equal(window_count(&window, 60, BEGAN_US + 21 * SECOND), 3);
	window_take_back(&window, 60, 9, BEGAN_US + 21 * SECOND);
	assert_int_equal(window_count(&window, 60, BEGAN_US + 21 * SECOND), 0);
	window_add(&window, 60, UINT32_MAX, BEGAN_US);
	window_add(&window, 60, 1, BEGAN_US);
	assert_int_equal(window_count(&window, 60, BEGAN_US), UINT32_MAX);
}

/* Threads that read the clock in one order and come in another. */
static void jitter_is_no_jump(void **state)
{
	struct window window = { 0 };
	int64_t edge_us = BEGAN_US / (10 * SECOND) * 10 * SECOND;

	(void)state;
	window_add(&window, 10, 1, edge_us);
	for (int i = 0; i < 1000; i++)
		window_add(&window, 10, 1, i % 2 ? edge_us : edge_us - 1000);
	assert_int_equal(window_count(&window, 10, edge_us), 1001);
	assert_int_equal(window_count(&window, 10, edge_us + 8 * SECOND), 1001);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(counts_are_within_their_bounds),
	cmocka_unit_test(no_burst_passes_twice),
	cmocka_unit_test(jumps_hold_nobody_for_longer),
	cmocka_unit_test(it_frees_when_it_says),
	cmocka_unit_test(what_was_taken_back_is_gone),
	cmocka_unit_test(jitter_is_no_jump),
};

TAP_MAIN(tests)
