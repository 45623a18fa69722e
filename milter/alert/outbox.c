#include <config.h>

#include "alert/outbox.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#define TICK_US INT64_C(1000000)
#define AGAIN_US INT64_C(10000000)

struct waiting {
	struct outbox_job job;
	int64_t next_us;		/* by the monotonic clock */
	unsigned tries;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake;
static GQueue jobs = G_QUEUE_INIT;	/* of struct waiting * */
static struct outbox_counts counts;
static pthread_t thread;
static bool is_open;
static atomic_bool is_ending;
static void (*on_tick)(void);

static void free_waiting(void *data)
{
	struct waiting *waiting = data;

	waiting->job.free(waiting->job.context);
	g_free(waiting->job.once);
	g_free(waiting);
}

/* The lock is held. */
static bool is_there(const char *once)
{
	for (GList *at = jobs.head; once && at; at = at->next) {
		const struct waiting *waiting = at->data;

		if (waiting->job.once && strcmp(waiting->job.once, once) == 0)
			return true;
	}
	return false;
}

/*
 * The lock is held. One that is there once is put before the others: alerts
 * whose way hangs would keep it for hours otherwise, or for ever where they
 * fill the queue. The settings say how many there can be.
 */
static void queue(struct waiting *waiting)
{
	if (waiting->job.once)
		g_queue_push_head(&jobs, waiting);
	else
		g_queue_push_tail(&jobs, waiting);
	counts.waiting = jobs.length;
}

static bool has_room_for(const struct waiting *waiting)
{
	return waiting->job.once || jobs.length < OUTBOX_MAX;
}

/* The lock is held. Whether the job was taken over. */
static bool add(struct waiting *waiting)
{
	if (!is_open || is_there(waiting->job.once))
		return false;
	if (!has_room_for(waiting)) {
		counts.dropped++;
		return false;
	}
	queue(waiting);
	pthread_cond_signal(&wake);
	return true;
}

void outbox_put(const struct outbox_job *job)
{
	struct waiting *waiting = g_new(struct waiting, 1);
	bool is_taken;

	*waiting = (struct waiting){ *job, 0, 0 };
	pthread_mutex_lock(&lock);
	is_taken = add(waiting);
	pthread_mutex_unlock(&lock);
	if (!is_taken)
		free_waiting(waiting);
}

/* The lock is held. The first whose time has come, or NULL. */
static struct waiting *take_ready(int64_t now_us)
{
	for (GList *at = jobs.head; at; at = at->next) {
		struct waiting *waiting = at->data;

		if (waiting->next_us > now_us)
			continue;
		g_queue_delete_link(&jobs, at);
		counts.waiting = jobs.length;
		return waiting;
	}
	return NULL;
}

/* Warnings: an error here would be an alert that cannot be sent. */
static void tell(const struct waiting *waiting, const GError *why)
{
	log_event(NULL, LOG_WARNING, "alert_failed", "what=%s try=%u of=%d "
		  "why=\"%s\"", waiting->job.what, waiting->tries,
		  OUTBOX_TRIES, why ? why->message : "");
}

/* Whether it is over, one way or another. */
static bool is_over(struct waiting *waiting, bool is_done)
{
	if (is_done) {
		counts.done++;
		return true;
	}
	if (waiting->tries < OUTBOX_TRIES && has_room_for(waiting)) {
		waiting->next_us = clock_monotonic_us() +
				   (AGAIN_US << (waiting->tries - 1));
		queue(waiting);
		return false;
	}
	counts.failed++;
	return true;
}

static void do_one(struct waiting *waiting)
{
	g_autoptr(GError) why = NULL;
	bool is_done = waiting->job.run(waiting->job.context, &is_ending,
					&why);

	waiting->tries++;
	if (!is_done)
		tell(waiting, why);
	pthread_mutex_lock(&lock);
	is_done = is_over(waiting, is_done);
	pthread_mutex_unlock(&lock);
	if (is_done)
		free_waiting(waiting);
}

/* The lock is held on entry and return. */
static void wait_until(int64_t until_us)
{
	const struct timespec until = {
		.tv_sec = until_us / G_USEC_PER_SEC,
		.tv_nsec = until_us % G_USEC_PER_SEC * 1000,
	};

	pthread_cond_timedwait(&wake, &lock, &until);
}

static void tick(void)
{
	static uint64_t told;
	uint64_t dropped = outbox_counts().dropped;

	if (dropped != told)
		log_event(NULL, LOG_WARNING, "alerts_dropped", "count=%" PRIu64
			  " too many wait", dropped - told);
	told = dropped;
	if (on_tick)
		on_tick();
}

static void *run(void *unused)
{
	int64_t tick_us = clock_monotonic_us() + TICK_US;

	while (!atomic_load(&is_ending)) {
		struct waiting *waiting;

		if (clock_monotonic_us() >= tick_us) {
			tick_us = clock_monotonic_us() + TICK_US;
			tick();
		}
		pthread_mutex_lock(&lock);
		waiting = take_ready(clock_monotonic_us());
		if (!waiting && !atomic_load(&is_ending))
			wait_until(tick_us);
		pthread_mutex_unlock(&lock);
		if (waiting)
			do_one(waiting);
	}
	return unused;
}

bool outbox_open(void (*at_tick)(void), GError **error)
{
	pthread_condattr_t monotonic;
	int failed;

	on_tick = at_tick;
	atomic_store(&is_ending, false);
	counts = (struct outbox_counts){ 0, 0, 0, 0 };
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	failed = pthread_create(&thread, NULL, run, NULL);
	pthread_mutex_lock(&lock);
	is_open = !failed;
	pthread_mutex_unlock(&lock);
	if (failed)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_AGAIN,
			    "no thread for alerts: %s", g_strerror(failed));
	return !failed;
}

void outbox_close(void)
{
	guint left;

	if (!outbox_is_open())
		return;
	pthread_mutex_lock(&lock);
	is_open = false;
	atomic_store(&is_ending, true);
	pthread_cond_signal(&wake);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
	left = jobs.length;
	if (left)
		log_event(NULL, LOG_WARNING, "alerts_dropped", "count=%u the "
			  "daemon ends", left);
	g_queue_clear_full(&jobs, free_waiting);
	pthread_cond_destroy(&wake);
}

bool outbox_is_open(void)
{
	bool answer;

	pthread_mutex_lock(&lock);
	answer = is_open;
	pthread_mutex_unlock(&lock);
	return answer;
}

struct outbox_counts outbox_counts(void)
{
	struct outbox_counts copy;

	pthread_mutex_lock(&lock);
	copy = counts;
	pthread_mutex_unlock(&lock);
	return copy;
}
