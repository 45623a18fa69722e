#include <config.h>

#include "alert/outbox.h"

#include "unit/tap.h"

#include <pthread.h>
#include <unistd.h>

static atomic_int ran, freed;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static bool run(void *context, const atomic_bool *is_cancelled, GError **error)
{
	(void)is_cancelled;
	(void)error;
	atomic_fetch_add(&ran, 1);
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return context == NULL;
}

static void count_free(void *context)
{
	(void)context;
	atomic_fetch_add(&freed, 1);
}

static void put(const char *once, void *context)
{
	outbox_put(&(struct outbox_job){ "test", g_strdup(once), run,
					 count_free, context });
}

static void wait_for(atomic_int *what, int count)
{
	for (int i = 0; i < 10000 && atomic_load(what) < count; i++)
		usleep(1000);
	assert_int_equal(atomic_load(what), count);
}

static int begin(void **unused)
{
	(void)unused;
	atomic_store(&ran, 0);
	atomic_store(&freed, 0);
	return !outbox_open(NULL, NULL);
}

static int end(void **unused)
{
	(void)unused;
	outbox_close();
	return 0;
}

static void closed_it_frees(void **unused)
{
	(void)unused;
	atomic_store(&freed, 0);
	put(NULL, NULL);
	assert_int_equal(atomic_load(&freed), 1);
	assert_false(outbox_is_open());
	outbox_close();
}

static void each_job_runs(void **unused)
{
	(void)unused;
	for (int i = 0; i < 10; i++)
		put(NULL, NULL);
	wait_for(&freed, 10);
	assert_int_equal(outbox_counts().done, 10);
}

/* While one runs, which the gate keeps. */
static void what_is_there_once_is_enough_and_no_more_than_fit(void **unused)
{
	(void)unused;
	pthread_mutex_lock(&gate);
	put("hook", NULL);
	wait_for(&ran, 1);
	put("hook", NULL);
	put("hook", NULL);
	assert_int_equal(outbox_counts().waiting, 1);
	for (int i = 1; i < OUTBOX_MAX + 7; i++)
		put(NULL, NULL);
	assert_int_equal(outbox_counts().waiting, OUTBOX_MAX);
	assert_int_equal(outbox_counts().dropped, 7);
	pthread_mutex_unlock(&gate);
	wait_for(&ran, OUTBOX_MAX + 1);
}

static atomic_int order, hook_was;

static bool run_hook(void *context, const atomic_bool *is_cancelled,
		     GError **error)
{
	(void)context;
	(void)is_cancelled;
	(void)error;
	atomic_store(&hook_was, atomic_load(&ran));
	atomic_fetch_add(&order, 1);
	return true;
}

/* Alerts without end, whose way hangs: a hook is dropped by
 * none, and the next. */
static void what_is_there_once_goes_first(void **unused)
{
	(void)unused;
	atomic_store(&order, 0);
	pthread_mutex_lock(&gate);
	put(NULL, NULL);
	wait_for(&ran, 1);
	for (int i = 0; i < OUTBOX_MAX; i++)
		put(NULL, NULL);
	outbox_put(&(struct outbox_job){ "hook", g_strdup("hook"), run_hook,
					 count_free, NULL });
	assert_int_equal(outbox_counts().dropped, 0);
	pthread_mutex_unlock(&gate);
	wait_for(&order, 1);
	assert_int_equal(atomic_load(&hook_was), 1);
	wait_for(&ran, OUTBOX_MAX + 1);
}

static void what_fails_waits_to_be_tried_again(void **unused)
{
	(void)unused;
	put(NULL, &ran);
	put(NULL, NULL);
	wait_for(&ran, 2);
	wait_for(&freed, 1);
	assert_int_equal(outbox_counts().waiting, 1);
	outbox_close();
	assert_int_equal(atomic_load(&freed), 2);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(closed_it_frees),
	cmocka_unit_test_setup_teardown(each_job_runs, begin, end),
	cmocka_unit_test_setup_teardown(
		what_is_there_once_is_enough_and_no_more_than_fit, begin, end),
	cmocka_unit_test_setup_teardown(what_is_there_once_goes_first, begin,
					end),
	cmocka_unit_test_setup_teardown(what_fails_waits_to_be_tried_again,
					begin, end),
};

TAP_MAIN(tests)
