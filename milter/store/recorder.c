#include <config.h>

#include "store/recorder.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/pidfile.h"
#include "store/anchor.h"
#include "store/day.h"
#include "store/housekeeper.h"
#include "store/openday.h"
#include "store/storeerror.h"
#include "store/storesettings.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#define GATHER_MS 200		/* that queued records may wait for others */
#define RETRY_MS 1000		/* between tries while the store is unwell */
#define PATIENT_FROM 4			/* waiters in a group */
#define PATIENCE_MS 1		/* to gather more of them */
#define GROUP_MAX 1000		/* records of one transaction (keep it small) */
#define DROP_REPORT_US (60 * G_USEC_PER_SEC)
#define CHECK_EVERY_US (60 * G_USEC_PER_SEC)

/* A record on its way; a waiter's lives on the waiter's stack, and has a
 * semaphore of its own: one condition for all would wake those of the next
 * group too, who only find that it is not their turn. */
struct entry {
	struct packed_record *record;
	bool is_waited_for;
	bool is_written;
	sem_t decided;
};

struct recorder {
	char *dir;			/* state_dir/records */
	pthread_t thread;
	pthread_mutex_t lock;		/* over all down to the blank line */
	pthread_cond_t work, done;
	GQueue waited, queued;		/* of struct entry * */
	int64_t queued_since_us;	/* monotonic; of the oldest queued */
	int64_t queue_max;
	char *anchor_command;
	struct housekeeper *keeper;
	bool is_ending;
	struct recorder_stats stats;
	int64_t dropped_told_us;
	uint64_t dropped_told;

	atomic_bool is_healthy;

	/* The thread's alone. */
	struct openday *openday;
	int64_t readers_checked_us;
	guint last_waiters;		/* of the group before */
};

static bool fail_at(GError **error, const char *path, int number)
{
	store_error_set(error, path, number);
	return false;
}

/* The folder, and the lock that says that this process writes in it. */
static bool take_folder(struct recorder *recorder, GError **error)
{
	g_autofree char *lock = g_build_filename(recorder->dir, "lock", NULL);
	g_autoptr(GError) why = NULL;

	if (mkdir(recorder->dir, 0700) != 0 && errno != EEXIST)
		return fail_at(error, recorder->dir, errno);
	if (pidfile_take(lock, &why))
		return true;
	store_error_set_text(error, pidfile_owner(lock) ? STORE_ERROR_BUSY :
			     STORE_ERROR_PERM, "%s", why->message);
	return false;
}

/* Of a day that is over, now that its successor is there. */
static void publish(struct recorder *recorder,
		    const struct chain_anchor *anchor)
{
	g_autofree char *command = NULL;

	if (anchor->head.sequence == 0)
		return;
	pthread_mutex_lock(&recorder->lock);
	command = g_strdup(recorder->anchor_command);
	if (recorder->keeper)
		housekeeper_wake(recorder->keeper);
	pthread_mutex_unlock(&recorder->lock);
	anchor_publish(anchor, command);
}

/* Told as it begins and as it ends. lock held. */
static void note_ahead(struct recorder *recorder)
{
	int64_t ahead = openday_ahead(recorder->openday);
	char day[DAY_TEXT_MAX];

	if (ahead == recorder->stats.ahead_day)
		return;
	if (ahead)
		log_event(NULL, LOG_ERR, "clock_behind", "records_go_to=%s was "
			  "the clock ahead, or is it wrong now? No day is "
			  "sealed until it gets there",
			  day_format(ahead, day));
	else
		log_event(NULL, LOG_NOTICE, "clock_caught_up", "day=%s",
			  day_format(recorder->stats.ahead_day, day));
	recorder->stats.ahead_day = ahead;
}

static bool begin_day(struct recorder *recorder, GError **error)
{
	struct chain_anchor over;
	bool is_open = openday_begin(recorder->openday, clock_now_us(), &over,
				     error);

	publish(recorder, &over);
	return is_open;
}

/* reevectl may have died while it read: its slot holds pages back. */
static void check_readers(struct recorder *recorder)
{
	int64_t now_us = clock_monotonic_us();

	if (now_us < recorder->readers_checked_us + CHECK_EVERY_US)
		return;
	recorder->readers_checked_us = now_us;
	openday_check_readers(recorder->openday);
}

static bool write_group(struct recorder *recorder,
			struct packed_record *const *records, size_t count,
			GError **error)
{
	if (!begin_day(recorder, error))
		return false;
	check_readers(recorder);
	if (!count && atomic_load(&recorder->is_healthy))
		return true;		/* a day began, that is all */
	return openday_append(recorder->openday, records, count, error);
}

static void free_entry(struct entry *entry)
{
	recordform_free(entry->record);
	g_free(entry);
}

/* lock held. */
static void tell_of_drops(struct recorder *recorder)
{
	int64_t now_us = clock_monotonic_us();

	if (recorder->stats.dropped == recorder->dropped_told ||
	    (recorder->dropped_told_us &&
	     now_us < recorder->dropped_told_us + DROP_REPORT_US))
		return;
	log_event(NULL, LOG_ERR, "records_dropped",
		  "count=%" G_GUINT64_FORMAT " the queue (records.queue) is "
		  "full", recorder->stats.dropped - recorder->dropped_told);
	recorder->dropped_told = recorder->stats.dropped;
	recorder->dropped_told_us = now_us;
}

/* lock held. */
static void trim_queue(struct recorder *recorder)
{
	while (recorder->queued.length > recorder->queue_max) {
		free_entry(g_queue_pop_head(&recorder->queued));
		recorder->stats.dropped++;
	}
	tell_of_drops(recorder);
}

static void note_health(struct recorder *recorder, const GError *why)
{
	bool was_healthy = atomic_exchange(&recorder->is_healthy, !why);

	if (why)
		g_strlcpy(recorder->stats.last_error, why->message,
			  sizeof recorder->stats.last_error);
	if (why && was_healthy)
		log_event(NULL, LOG_CRIT, "store_failed",
			  "why=\"%s\" no record can be written", why->message);
	else if (!why && !was_healthy)
		log_event(NULL, LOG_NOTICE, "store_recovered", "dir=%s",
			  recorder->dir);
}

/* lock held. Whether those that nobody waits for have gathered long enough, or
 * are enough. */
static bool is_queue_due(const struct recorder *recorder)
{
	return recorder->queued.length &&
	       (recorder->queued.length >= GROUP_MAX || recorder->is_ending ||
		!atomic_load(&recorder->is_healthy) ||
		clock_monotonic_us() - recorder->queued_since_us >=
		GATHER_MS * 1000);
}

static int by_end(const void *a, const void *b)
{
	const struct entry *x = *(struct entry *const *)a;
	const struct entry *y = *(struct entry *const *)b;

	return (x->record->ended_us > y->record->ended_us) -
	       (x->record->ended_us < y->record->ended_us);
}

/* lock held. Those waited for first: someone holds a connection for each.
 * Within the group the order is that of time, as those who search expect it. */
static GPtrArray *take_group(struct recorder *recorder)
{
	GPtrArray *group = g_ptr_array_new();
	struct entry *entry;

	while (group->len < GROUP_MAX &&
	       (entry = g_queue_pop_head(&recorder->waited)))
		g_ptr_array_add(group, entry);
	recorder->last_waiters = group->len;
	while (group->len < GROUP_MAX &&
	       (entry = g_queue_pop_head(&recorder->queued)))
		g_ptr_array_add(group, entry);
	g_ptr_array_sort(group, by_end);
	return group;
}

/* lock held. Waiters are told; what was queued is gone, or waits in front. */
static void end_group(struct recorder *recorder, GPtrArray *group,
		      bool is_done)
{
	for (guint i = group->len; i > 0; i--) {
		struct entry *entry = g_ptr_array_index(group, i - 1);

		if (entry->is_waited_for) {
			entry->is_written = is_done;
			sem_post(&entry->decided);	/* and it is gone */
		} else if (is_done) {
			free_entry(entry);
		} else {
			g_queue_push_head(&recorder->queued, entry);
		}
	}
	if (is_done) {
		recorder->stats.committed += group->len;
		recorder->stats.groups += group->len > 0;
		recorder->stats.largest_group = MAX(
			recorder->stats.largest_group, group->len);
	} else {
		recorder->stats.failures++;
		trim_queue(recorder);
	}
	pthread_cond_broadcast(&recorder->done);
}

/* lock held, and given up while the disk works. */
static void write_some(struct recorder *recorder)
{
	g_autoptr(GPtrArray) group = take_group(recorder);
	g_autoptr(GPtrArray) records = g_ptr_array_new();
	g_autoptr(GError) why = NULL;
	bool is_done;

	for (guint i = 0; i < group->len; i++)
		g_ptr_array_add(records, ((struct entry *)
				g_ptr_array_index(group, i))->record);
	pthread_mutex_unlock(&recorder->lock);
	is_done = write_group(recorder,
			      (struct packed_record *const *)records->pdata,
			      records->len, &why);
	pthread_mutex_lock(&recorder->lock);
	note_health(recorder, why);
	note_ahead(recorder);
	end_group(recorder, group, is_done);
}

static struct timespec after_ms(int64_t wait_ms)
{
	struct timespec when;

	clock_gettime(CLOCK_MONOTONIC, &when);
	when.tv_sec += wait_ms / 1000;
	when.tv_nsec += wait_ms % 1000 * 1000000;
	if (when.tv_nsec >= 1000000000) {
		when.tv_sec++;
		when.tv_nsec -= 1000000000;
	}
	return when;
}

/* lock held. How long the thread may sleep; 0: there is work now. */
static int64_t sleep_ms(const struct recorder *recorder)
{
	int64_t age_ms;

	if (recorder->waited.length || recorder->is_ending ||
	    is_queue_due(recorder))
		return 0;
	if (!recorder->queued.length)
		return RETRY_MS;
	age_ms = (clock_monotonic_us() - recorder->queued_since_us) / 1000;
	return MAX(GATHER_MS - age_ms, 1);
}

/*
 * lock held. A transaction costs more than the records in it. When the last one
 * had many waiters the next will, too: a moment's patience then makes the
 * groups larger and the rate higher. A lone message never waits.
 */
static void gather_waiters(struct recorder *recorder)
{
	struct timespec until;

	if (recorder->last_waiters < PATIENT_FROM || recorder->is_ending)
		return;
	until = after_ms(PATIENCE_MS);
	while (recorder->waited.length < recorder->last_waiters * 2 &&
	       pthread_cond_timedwait(&recorder->work, &recorder->lock,
				      &until) != ETIMEDOUT)
		;
}

/* lock held. While the store is unwell nobody is let in to wait, and what is
 * queued (or a mebibyte of nothing) is tried once a second. */
static void wait_and_retry(struct recorder *recorder)
{
	struct timespec until = after_ms(RETRY_MS);

	while (!recorder->is_ending &&
	       pthread_cond_timedwait(&recorder->work, &recorder->lock,
				      &until) != ETIMEDOUT)
		;
	write_some(recorder);
}

/* A day begins though there is no mail, so that the one before
 * it can be sealed. */
static bool is_day_over(const struct recorder *recorder)
{
	return openday_is_over(recorder->openday, clock_now_us());
}

static void *run(void *data)
{
	struct recorder *recorder = data;

	pthread_mutex_lock(&recorder->lock);
	while (!recorder->is_ending || recorder->waited.length ||
	       (recorder->queued.length &&
		atomic_load(&recorder->is_healthy))) {
		int64_t wait_ms = sleep_ms(recorder);
		struct timespec until;

		if (!atomic_load(&recorder->is_healthy)) {
			wait_and_retry(recorder);
		} else if (wait_ms == 0) {
			gather_waiters(recorder);
			write_some(recorder);
		} else if (is_day_over(recorder)) {
			write_some(recorder);
		} else {
			until = after_ms(wait_ms);
			pthread_cond_timedwait(&recorder->work,
					       &recorder->lock, &until);
		}
	}
	pthread_mutex_unlock(&recorder->lock);
	return NULL;
}

static void init_conditions(struct recorder *recorder)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&recorder->lock, NULL);
	pthread_cond_init(&recorder->work, &monotonic);
	pthread_cond_init(&recorder->done, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

static void free_recorder(struct recorder *recorder)
{
	struct entry *entry;

	while ((entry = g_queue_pop_head(&recorder->queued)))
		free_entry(entry);
	openday_free(&recorder->openday);
	pthread_cond_destroy(&recorder->work);
	pthread_cond_destroy(&recorder->done);
	pthread_mutex_destroy(&recorder->lock);
	g_free(recorder->anchor_command);
	g_free(recorder->dir);
	g_free(recorder);
}

/* A disk that is full or failing passes; all else needs an admin. */
static bool open_first_day(struct recorder *recorder, GError **error)
{
	g_autoptr(GError) why = NULL;

	atomic_store(&recorder->is_healthy, true);
	if (begin_day(recorder, &why)) {
		note_ahead(recorder);
		return true;
	}
	if (why->domain == STORE_ERROR && why->code == STORE_ERROR_TEMP) {
		note_health(recorder, why);
		return true;
	}
	g_propagate_error(error, g_steal_pointer(&why));
	return false;
}

struct recorder *recorder_open(const char *state_dir,
			       const struct settings *settings,
			       GError **error)
{
	struct recorder *recorder = g_new0(struct recorder, 1);

	recorder->dir = g_build_filename(state_dir, "records", NULL);
	recorder->openday = openday_new(recorder->dir,
		store_settings_of(settings)->map_bytes);
	init_conditions(recorder);
	recorder_set_settings(recorder, settings);
	if (take_folder(recorder, error) && open_first_day(recorder, error)) {
		if (pthread_create(&recorder->thread, NULL, run, recorder) ==
		    0)
			return recorder;
		fail_at(error, "thread", EAGAIN);
	}
	free_recorder(recorder);
	return NULL;
}

void recorder_close(struct recorder **recorder, int64_t wait_ms)
{
	struct recorder *old = *recorder;
	struct timespec until = after_ms(wait_ms);

	*recorder = NULL;
	if (!old)
		return;
	pthread_mutex_lock(&old->lock);
	old->is_ending = true;
	pthread_cond_signal(&old->work);
	while ((old->waited.length || old->queued.length) &&
	       atomic_load(&old->is_healthy) &&
	       pthread_cond_timedwait(&old->done, &old->lock, &until) !=
	       ETIMEDOUT)
		;
	if (old->queued.length)
		log_event(NULL, LOG_ERR, "records_lost",
			  "count=%u they could not be written before the end",
			  old->queued.length);
	pthread_mutex_unlock(&old->lock);
	pthread_join(old->thread, NULL);
	free_recorder(old);
}

void recorder_set_housekeeper(struct recorder *recorder,
			      struct housekeeper *keeper)
{
	pthread_mutex_lock(&recorder->lock);
	recorder->keeper = keeper;
	pthread_mutex_unlock(&recorder->lock);
}

void recorder_set_settings(struct recorder *recorder,
			   const struct settings *settings)
{
	const struct store_settings *store = store_settings_of(settings);

	pthread_mutex_lock(&recorder->lock);
	recorder->queue_max = store->queue;
	g_free(recorder->anchor_command);
	recorder->anchor_command = g_strdup(store->anchor_command);
	pthread_mutex_unlock(&recorder->lock);
}

void recorder_submit(struct recorder *recorder, struct packed_record *record)
{
	struct entry *entry = g_new0(struct entry, 1);

	entry->record = record;
	pthread_mutex_lock(&recorder->lock);
	if (!recorder->queued.length)
		recorder->queued_since_us = clock_monotonic_us();
	g_queue_push_tail(&recorder->queued, entry);
	trim_queue(recorder);
	if (recorder->queued.length == 1 ||
	    recorder->queued.length == GROUP_MAX)
		pthread_cond_signal(&recorder->work);
	pthread_mutex_unlock(&recorder->lock);
}

bool recorder_commit(struct recorder *recorder, struct packed_record *record)
{
	struct entry entry = { .record = record, .is_waited_for = true };

	if (recorder_is_healthy(recorder)) {
		sem_init(&entry.decided, 0, 0);
		pthread_mutex_lock(&recorder->lock);
		g_queue_push_tail(&recorder->waited, &entry);
		if (recorder->waited.length == 1)
			pthread_cond_signal(&recorder->work);
		pthread_mutex_unlock(&recorder->lock);
		while (sem_wait(&entry.decided) != 0)
			;			/* a signal came */
		sem_destroy(&entry.decided);
	}
	recordform_free(record);
	return entry.is_written;
}

bool recorder_is_healthy(const struct recorder *recorder)
{
	return atomic_load_explicit(&recorder->is_healthy,
				    memory_order_relaxed);
}

void recorder_stats(struct recorder *recorder,
		    struct recorder_stats *stats_out)
{
	pthread_mutex_lock(&recorder->lock);
	*stats_out = recorder->stats;
	stats_out->queued = recorder->queued.length + recorder->waited.length;
	pthread_mutex_unlock(&recorder->lock);
}
