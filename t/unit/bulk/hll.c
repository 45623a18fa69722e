#include <config.h>

#include "bulk/hll.h"

#include "bulk/keyhash.h"

#include "unit/tap.h"

#include <glib.h>
#include <math.h>

static uint32_t hash_of(uint64_t round, uint64_t number)
{
	const struct keyhash_secret secret = { round, 1 };

	return (uint32_t)keyhash_of(&secret, span_of((const char *)&number,
						     sizeof number));
}

/* The root of the mean square of the relative errors, over many tables. */
static double error_at(uint64_t count)
{
	const int rounds = 200;
	double squares = 0;

	for (int round = 0; round < rounds; round++) {
		uint8_t registers[HLL_REGISTERS] = { 0 };
		double error;

		for (uint64_t i = 0; i < count; i++)
			hll_add(registers, hash_of((uint64_t)round, i));
		error = (double)hll_estimate(registers) / (double)count - 1;
		squares += error * error;
	}
	return sqrt(squares / rounds);
}

static void the_error_is_as_stated(void **state)
{
	static const uint64_t counts[] = {
		1, 10, 100, 1000, 2000, 5000, 10000, 50000,
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
		double error = error_at(counts[i]);

		print_message("# %" G_GUINT64_FORMAT " things: error %.2f %%\n",
			      counts[i], error * 100);
		/* Of 200 rounds the figure itself is only known to 5 %. */
		assert_true(error < 0.023 * 1.15);
	}
}

static void merged_is_as_seen_by_one(void **state)
{
	uint8_t one[HLL_REGISTERS] = { 0 }, a[HLL_REGISTERS] = { 0 },
		b[HLL_REGISTERS] = { 0 };

	(void)state;
	assert_int_equal(hll_estimate(one), 0);
	for (uint64_t i = 0; i < 3000; i++) {
		hll_add(one, hash_of(0, i));
		hll_add(i % 2 ? a : b, hash_of(0, i));
		hll_add(a, hash_of(0, i / 2));
	}
	hll_merge(a, b);
	assert_memory_equal(a, one, sizeof one);
}

static void the_most_it_can_see_is_a_number(void **state)
{
	uint8_t registers[HLL_REGISTERS];

	(void)state;
	memset(registers, 22, sizeof registers);
	assert_true(hll_estimate(registers) > 0);
	memset(registers, 0xff, sizeof registers);	/* from a disk */
	assert_true(hll_estimate(registers) > 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_error_is_as_stated),
	cmocka_unit_test(merged_is_as_seen_by_one),
	cmocka_unit_test(the_most_it_can_see_is_a_number),
};

TAP_MAIN(tests)
