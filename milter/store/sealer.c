#include <config.h>

#include "store/sealer.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/day.h"
#include "store/sealkey.h"
#include "store/sealwrite.h"
#include "store/storeerror.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOOK_EVERY_MS 60000
#define AGAIN_US (INT64_C(3600) * G_USEC_PER_SEC)
#define LEAST_NICE 19

struct sealer {
	char *dir;			/* state_dir/records */
	struct sealkey *key;
	pthread_t thread;
	pthread_mutex_t lock;		/* over is_woken */
	pthread_cond_t work;
	bool is_woken;
	atomic_bool is_ending;

	/* The thread's alone. */
	int64_t failed_day, failed_us;	/* the last that failed, and when */
};

static bool is_open_day(const struct sealer *sealer, int64_t day)
{
	g_autofree char *path = day_path(sealer->dir, day);
	g_autofree char *seal = day_seal_path(path);

	return !g_file_test(seal, G_FILE_TEST_EXISTS);
}

static bool is_put_off(const struct sealer *sealer, int64_t day)
{
	return sealer->failed_us && sealer->failed_day == day &&
	       clock_monotonic_us() < sealer->failed_us + AGAIN_US;
}

static bool seal_day(struct sealer *sealer, int64_t day)
{
	const struct sealwrite how = {
		.records_dir = sealer->dir, .day = day, .key = sealer->key,
		.now_us = clock_now_us(), .is_cancelled = &sealer->is_ending,
	};
	int64_t began_us = clock_monotonic_us();
	g_autoptr(GError) why = NULL;
	char text[DAY_TEXT_MAX];
	struct seal seal;

	if (sealwrite_day(&how, &seal, &why)) {
		log_event(NULL, LOG_NOTICE, "day_sealed", "day=%s records=%"
			  PRIu64 " bytes=%" PRIu64 " ms=%" PRId64,
			  day_format(day, text), seal.records, seal.bytes,
			  (clock_monotonic_us() - began_us) / 1000);
		return true;
	}
	if (atomic_load(&sealer->is_ending) ||
	    g_error_matches(why, STORE_ERROR, STORE_ERROR_BUSY))
		return false;
	log_event(NULL, LOG_ERR, "day_not_sealed", "day=%s why=\"%s\"",
		  day_format(day, text), why->message);
	sealer->failed_day = day;
	sealer->failed_us = clock_monotonic_us();
	return false;
}

/* One that fails holds up those behind it: the links between days go forward. */
static void seal_days(struct sealer *sealer)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GArray) days = NULL;

	if (!sealwrite_recover(sealer->dir, &why))
		log_event(NULL, LOG_ERR, "day_not_sealed", "why=\"%s\"",
			  why->message);
	days = day_list(sealer->dir, NULL);
	for (guint i = 0; days && i + 1 < days->len; i++) {
		int64_t day = g_array_index(days, int64_t, i);

		if (!is_open_day(sealer, day))
			continue;
		if (is_put_off(sealer, day) || !seal_day(sealer, day))
			return;
	}
}

/* Linux has both for each thread by itself; glibc has no name for the second. */
static void step_back(void)
{
	enum { WHO_PROCESS = 1, CLASS_IDLE = 3, CLASS_SHIFT = 13 };

	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), LEAST_NICE);
	syscall(SYS_ioprio_set, WHO_PROCESS, 0, CLASS_IDLE << CLASS_SHIFT);
}

static void *run(void *data)
{
	struct sealer *sealer = data;
	struct timespec until;

	step_back();
	pthread_mutex_lock(&sealer->lock);
	while (!atomic_load(&sealer->is_ending)) {
		sealer->is_woken = false;
		pthread_mutex_unlock(&sealer->lock);
		seal_days(sealer);
		pthread_mutex_lock(&sealer->lock);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += LOOK_EVERY_MS / 1000;
		while (!sealer->is_woken && !atomic_load(&sealer->is_ending) &&
		       pthread_cond_timedwait(&sealer->work, &sealer->lock,
					      &until) != ETIMEDOUT)
			;
	}
	pthread_mutex_unlock(&sealer->lock);
	return NULL;
}

static void free_sealer(struct sealer *sealer)
{
	sealkey_close(&sealer->key);
	pthread_cond_destroy(&sealer->work);
	pthread_mutex_destroy(&sealer->lock);
	g_free(sealer->dir);
	g_free(sealer);
}

struct sealer *sealer_open(const char *state_dir, GError **error)
{
	struct sealer *sealer = g_new0(struct sealer, 1);
	pthread_condattr_t monotonic;
	int failed = 0;

	sealer->dir = g_build_filename(state_dir, "records", NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&sealer->lock, NULL);
	pthread_cond_init(&sealer->work, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (sealkey_ensure(state_dir, error))
		sealer->key = sealkey_open(state_dir, error);
	if (sealer->key)
		failed = pthread_create(&sealer->thread, NULL, run, sealer);
	if (sealer->key && !failed)
		return sealer;
	if (failed)
		store_error_set(error, "thread", failed);
	free_sealer(sealer);
	return NULL;
}

void sealer_close(struct sealer **sealer)
{
	struct sealer *old = *sealer;

	*sealer = NULL;
	if (!old)
		return;
	pthread_mutex_lock(&old->lock);
	atomic_store(&old->is_ending, true);
	pthread_cond_signal(&old->work);
	pthread_mutex_unlock(&old->lock);
	pthread_join(old->thread, NULL);
	free_sealer(old);
}

void sealer_wake(struct sealer *sealer)
{
	pthread_mutex_lock(&sealer->lock);
	sealer->is_woken = true;
	pthread_cond_signal(&sealer->work);
	pthread_mutex_unlock(&sealer->lock);
}
