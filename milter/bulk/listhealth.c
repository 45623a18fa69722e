#include <config.h>

#include "bulk/listhealth.h"

#include "base/clock.h"
#include "base/log.h"

#include <inttypes.h>
#include <pthread.h>

struct state_of_list {
	struct listhealth facts;
	int64_t failures;		/* in a row */
	int64_t pause_us;
	int64_t until_us;		/* monotonic; of the pause */
	const char *failure, *doubt;	/* or NULL */
	bool is_tested;			/* doubt says what came of it */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static GPtrArray *all;			/* of struct state_of_list *,
					 * for ever */

/* The lock is held. */
static struct state_of_list *find(const char *zone)
{
	struct state_of_list *list;

	if (!all)
		all = g_ptr_array_new();
	for (guint i = 0; i < all->len; i++) {
		list = g_ptr_array_index(all, i);
		if (g_str_equal(list->facts.zone, zone))
			return list;
	}
	list = g_new0(struct state_of_list, 1);
	list->facts.zone = g_intern_string(zone);
	g_ptr_array_add(all, list);
	return list;
}

bool listhealth_is_due(const char *zone)
{
	int64_t now = clock_monotonic_us();
	struct state_of_list *list;
	bool is_due;

	pthread_mutex_lock(&lock);
	list = find(zone);
	is_due = !list->until_us || now >= list->until_us;
	if (is_due && list->until_us)
		list->until_us = now + list->pause_us;
	list->facts.asked += is_due;
	pthread_mutex_unlock(&lock);
	return is_due;
}

bool listhealth_is_passed_over(const char *zone)
{
	const struct state_of_list *list;
	bool is_passed_over;

	pthread_mutex_lock(&lock);
	list = find(zone);
	is_passed_over = list->until_us &&
			 clock_monotonic_us() < list->until_us;
	pthread_mutex_unlock(&lock);
	return is_passed_over;
}

void listhealth_answered(const char *zone)
{
	struct state_of_list *list;
	bool was_paused;

	pthread_mutex_lock(&lock);
	list = find(zone);
	was_paused = list->until_us != 0;
	list->until_us = list->failures = 0;
	list->failure = NULL;
	pthread_mutex_unlock(&lock);
	if (was_paused)
		log_event(NULL, LOG_NOTICE, "dns_list_back", "zone=%s", zone);
}

void listhealth_failed(const char *zone, const char *why, int64_t max,
		       int64_t pause_ms)
{
	struct state_of_list *list;
	bool is_new;

	pthread_mutex_lock(&lock);
	list = find(zone);
	list->facts.failed++;
	list->failures++;
	list->failure = why;
	is_new = list->failures >= max && !list->until_us;
	if (list->failures >= max) {
		list->pause_us = pause_ms * 1000;
		list->until_us = clock_monotonic_us() + list->pause_us;
	}
	pthread_mutex_unlock(&lock);
	if (is_new)
		log_event(NULL, LOG_WARNING, "dns_list_passed_over",
			  "zone=%s why=%s pause_s=%" PRId64, zone, why,
			  pause_ms / 1000);
}

void listhealth_doubt(const char *zone, const char *why)
{
	struct state_of_list *list;
	bool is_new;

	pthread_mutex_lock(&lock);
	list = find(zone);
	is_new = list->doubt != why;
	list->doubt = why;
	list->is_tested = true;
	pthread_mutex_unlock(&lock);
	if (is_new && why)
		log_event(NULL, LOG_ALERT, "dns_list_off", "zone=%s why=%s its "
			  "answers are not believed", zone, why);
	else if (is_new)
		log_event(NULL, LOG_NOTICE, "dns_list_on", "zone=%s", zone);
}

bool listhealth_is_trusted(const char *zone)
{
	const struct state_of_list *list;
	bool is_trusted;

	pthread_mutex_lock(&lock);
	list = find(zone);
	is_trusted = list->is_tested && !list->doubt;
	pthread_mutex_unlock(&lock);
	return is_trusted;
}

GArray *listhealth_all(void)
{
	GArray *facts = g_array_new(FALSE, FALSE, sizeof(struct listhealth));

	pthread_mutex_lock(&lock);
	for (guint i = 0; all && i < all->len; i++) {
		const struct state_of_list *list = g_ptr_array_index(all, i);
		struct listhealth one = list->facts;

		one.is_passed_over = list->until_us != 0;
		one.why = list->doubt ? list->doubt :
			  one.is_passed_over ? list->failure : NULL;
		g_array_append_val(facts, one);
	}
	pthread_mutex_unlock(&lock);
	return facts;
}
