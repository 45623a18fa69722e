#include <config.h>

#include "bulk/listhealth.h"

#include "base/clock.h"

#include "unit/tap.h"

#define PAUSE_MS 40

static const struct listhealth *facts_of(const GArray *all, const char *zone)
{
	for (guint i = 0; i < all->len; i++) {
		const struct listhealth *one = &g_array_index(
			all, struct listhealth, i);

		if (g_str_equal(one->zone, zone))
			return one;
	}
	fail_msg("no %s", zone);
	return NULL;
}

static const char *trouble_of(const char *zone)
{
	g_autoptr(GArray) all = listhealth_all();

	return facts_of(all, zone)->why;
}

static void fail_times(const char *zone, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		assert_true(listhealth_is_due(zone));
		listhealth_failed(zone, "time-out", 3, PAUSE_MS);
	}
}

static void wait_out(int64_t since_us)
{
	while (clock_monotonic_us() < since_us + PAUSE_MS * 1000)
		g_usleep(1000);
}

static void it_is_passed_over(void **state)
{
	int64_t began_us;

	(void)state;
	fail_times("a.example", 2);
	listhealth_answered("a.example");	/* none in a row */
	fail_times("a.example", 2);
	assert_false(listhealth_is_passed_over("a.example"));
	assert_null(trouble_of("a.example"));
	fail_times("a.example", 1);
	began_us = clock_monotonic_us();
	assert_true(listhealth_is_passed_over("a.example"));
	assert_false(listhealth_is_due("a.example"));
	assert_true(listhealth_is_due("other.example"));
	assert_string_equal(trouble_of("a.example"), "time-out");
	wait_out(began_us);
	assert_false(listhealth_is_passed_over("a.example"));
	assert_true(listhealth_is_due("a.example"));
	assert_false(listhealth_is_due("a.example"));	/* one tries */
	listhealth_answered("a.example");
	assert_true(listhealth_is_due("a.example"));
	assert_null(trouble_of("a.example"));
}

/* A try that fails begins another pause, at once. */
static void it_stays_dead(void **state)
{
	int64_t began_us;

	(void)state;
	fail_times("dead.example", 3);
	began_us = clock_monotonic_us();
	wait_out(began_us);
	assert_true(listhealth_is_due("dead.example"));
	listhealth_failed("dead.example", "time-out", 3, 60000);
	assert_false(listhealth_is_due("dead.example"));
	assert_true(listhealth_is_passed_over("dead.example"));
}

static void it_is_believed_once_tested(void **state)
{
	(void)state;
	assert_false(listhealth_is_trusted("new.example"));
	listhealth_answered("new.example");
	assert_false(listhealth_is_trusted("new.example"));
	listhealth_doubt("new.example", NULL);
	assert_true(listhealth_is_trusted("new.example"));
	listhealth_doubt("new.example", "it-lists-what-none-may");
	assert_false(listhealth_is_trusted("new.example"));
	assert_string_equal(trouble_of("new.example"),
			    "it-lists-what-none-may");
	listhealth_answered("new.example");
	assert_false(listhealth_is_trusted("new.example"));
	listhealth_doubt("new.example", NULL);
	assert_true(listhealth_is_trusted("new.example"));
	assert_null(trouble_of("new.example"));
}

static void what_was_asked_is_counted(void **state)
{
	g_autoptr(GArray) all = NULL;

	(void)state;
	fail_times("counted.example", 2);
	assert_true(listhealth_is_due("counted.example"));
	listhealth_answered("counted.example");
	all = listhealth_all();
	assert_int_equal(facts_of(all, "counted.example")->asked, 3);
	assert_int_equal(facts_of(all, "counted.example")->failed, 2);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(it_is_passed_over),
	cmocka_unit_test(it_stays_dead),
	cmocka_unit_test(it_is_believed_once_tested),
	cmocka_unit_test(what_was_asked_is_counted),
};

TAP_MAIN(tests)
