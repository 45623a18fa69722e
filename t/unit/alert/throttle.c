#include <config.h>

#include "alert/throttle.h"

#include "unit/tap.h"

#define HOUR_US INT64_C(3600000000)

static const struct throttle_terms terms = { HOUR_US, 3 };

static bool take(struct throttle *throttle, const char *kind, const char *key,
		 int64_t now_us, uint64_t *held_out)
{
	return throttle_take(throttle, &terms, kind, key, key, now_us,
			     held_out);
}

struct swept {
	unsigned count;
	uint64_t held;
	char key[32], text[32];
};

static void see(const char *kind, const char *key, const char *text,
		uint64_t held, void *context)
{
	struct swept *swept = context;

	(void)kind;
	swept->count++;
	swept->held += held;
	g_strlcpy(swept->key, key, sizeof swept->key);
	g_strlcpy(swept->text, text, sizeof swept->text);
}

static void the_same_is_held_back_and_counted(void **unused)
{
	struct throttle *throttle = throttle_new();
	uint64_t held;

	(void)unused;
	assert_true(take(throttle, "disk", "a", 1, &held));
	assert_false(take(throttle, "disk", "a", 2, &held));
	assert_false(take(throttle, "disk", "a", HOUR_US, &held));
	assert_true(take(throttle, "clock", "a", 3, &held));
	assert_int_equal(held, 0);
	assert_true(take(throttle, "disk", "a", HOUR_US + 1, &held));
	assert_int_equal(held, 2);
	throttle_free(&throttle);
	assert_null(throttle);
}

static void many_keys_of_a_kind_are_one(void **unused)
{
	struct throttle *throttle = throttle_new();
	struct swept swept = { 0 };
	unsigned went = 0;
	uint64_t held;

	(void)unused;
	for (int i = 0; i < 1000; i++) {
		g_autofree char *key = g_strdup_printf("key %d", i);

		went += take(throttle, "incident", key, i, &held);
	}
	assert_int_equal(went, 4);
	throttle_sweep(throttle, &terms, HOUR_US, see, &swept);
	assert_int_equal(swept.count, 0);
	throttle_sweep(throttle, &terms, HOUR_US + 1000, see, &swept);
	assert_int_equal(swept.count, 1);
	assert_int_equal(swept.held, 996);
	assert_string_equal(swept.key, "");
	assert_string_equal(swept.text, "key 999");
	/* The keys are forgotten, and may go again. */
	assert_true(take(throttle, "incident", "key 5", HOUR_US + 1001, &held));
	throttle_free(&throttle);
}

static void a_clock_set_back_holds_nothing_for_ever(void **unused)
{
	struct throttle *throttle = throttle_new();
	uint64_t held;

	(void)unused;
	assert_true(take(throttle, "disk", "", 50 * HOUR_US, &held));
	assert_true(take(throttle, "disk", "", HOUR_US, &held));
	assert_false(take(throttle, "disk", "", HOUR_US + 5, &held));
	throttle_free(&throttle);
}

static void no_time_holds_nothing(void **unused)
{
	static const struct throttle_terms none = { 0, 1 };
	struct throttle *throttle = throttle_new();
	uint64_t held;

	(void)unused;
	for (int i = 0; i < 5; i++)
		assert_true(throttle_take(throttle, &none, "a", "b", "c", 1,
					  &held));
	throttle_free(&throttle);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_same_is_held_back_and_counted),
	cmocka_unit_test(many_keys_of_a_kind_are_one),
	cmocka_unit_test(a_clock_set_back_holds_nothing_for_ever),
	cmocka_unit_test(no_time_holds_nothing),
};

TAP_MAIN(tests)
