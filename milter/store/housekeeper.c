#include <config.h>

#include "store/housekeeper.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/day.h"
#include "store/diskwatch.h"
#include "store/evidencemarks.h"
#include "store/evidencesettings.h"
#include "store/evidenceterm.h"
#include "store/expiry.h"
#include "store/sealkey.h"
#include "store/sealwrite.h"
#include "store/storeerror.h"
#include "store/storesettings.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOOK_EVERY_MS 60000
#define AGAIN_US (INT64_C(3600) * G_USEC_PER_SEC)
#define LEAST_NICE 19

/* What it went by when originals were last expired: nothing more goes until one
 * of these is another. */
struct originals_seen {
	int64_t day, keep_ms, held_keep_ms;
	int64_t mark;			/* of the holds */
};

struct housekeeper {
	char *state_dir, *dir;		/* dir: of the records in it */
	struct sealkey *key;		/* NULL: it could not be made yet */
	pthread_t thread;
	pthread_mutex_t lock;		/* over is_woken */
	pthread_cond_t work;
	bool is_woken;
	atomic_bool is_ending;
	atomic_int_fast64_t keep_ms, evidence_keep_ms, held_keep_ms;
	struct state *state;

	/* The thread's alone. */
	struct expiry *expiry;
	struct originals_seen seen;
	int64_t failed_day, failed_us;	/* the last that failed, and when */
	int64_t leapt_day;		/* a leap was told of on that day */
};

static bool is_open_day(const struct housekeeper *keeper, int64_t day)
{
	g_autofree char *path = day_path(keeper->dir, day);
	g_autofree char *seal = day_seal_path(path);

	return !g_file_test(seal, G_FILE_TEST_EXISTS);
}

static bool is_put_off(const struct housekeeper *keeper, int64_t day)
{
	return keeper->failed_us && keeper->failed_day == day &&
	       clock_monotonic_us() < keeper->failed_us + AGAIN_US;
}

static bool seal_day(struct housekeeper *keeper, int64_t day)
{
	const struct sealwrite how = {
		.records_dir = keeper->dir, .day = day, .key = keeper->key,
		.now_us = clock_now_us(), .is_cancelled = &keeper->is_ending,
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
	if (atomic_load(&keeper->is_ending) ||
	    g_error_matches(why, STORE_ERROR, STORE_ERROR_BUSY))
		return false;
	log_event(NULL, LOG_ERR, "day_not_sealed", "day=%s why=\"%s\"",
		  day_format(day, text), why->message);
	keeper->failed_day = day;
	keeper->failed_us = clock_monotonic_us();
	return false;
}

/* One that fails holds up those behind it: the links between
 * days go forward. */
static void seal_days(struct housekeeper *keeper)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GArray) days = NULL;

	if (!sealwrite_recover(keeper->dir, &why))
		log_event(NULL, LOG_ERR, "day_not_sealed", "why=\"%s\"",
			  why->message);
	days = day_list(keeper->dir, NULL);
	for (guint i = 0; days && i + 1 < days->len; i++) {
		int64_t day = g_array_index(days, int64_t, i);

		if (!is_open_day(keeper, day))
			continue;
		if (is_put_off(keeper, day) || !seal_day(keeper, day))
			return;
	}
}

static void tell_expired(const struct expiry_result *result)
{
	if (result->days)
		log_event(NULL, LOG_NOTICE, "records_expired", "days=%u",
			  result->days);
	if (result->thinned)
		log_event(NULL, LOG_NOTICE, "records_expired", "days_thinned=%u "
			  "what is held of them stays", result->thinned);
}

/* Held is what the holds say now: one that cannot be read holds up all. */
static void expire_days(struct housekeeper *keeper)
{
	g_autoptr(GError) why = NULL;
	struct holdset *held = holdset_load(keeper->state, &why);
	const struct expiry_terms terms = {
		.keep_ms = atomic_load(&keeper->keep_ms),
		.now_us = clock_now_us(), .held = held, .key = keeper->key,
		.is_cancelled = &keeper->is_ending,
	};
	struct expiry_result result;

	bool is_done = held && expiry_run(keeper->expiry, &terms, &result,
					  &why);

	if (held)
		tell_expired(&result);
	if (!is_done && !atomic_load(&keeper->is_ending) &&
	    !g_error_matches(why, STORE_ERROR, STORE_ERROR_BUSY))
		log_event(NULL, LOG_ERR, "expiry_failed", "why=\"%s\"",
			  why->message);
	holdset_free(&held);
}

static bool expire_originals_of(const struct housekeeper *keeper,
				const struct holdset *holds, bool is_held,
				int64_t keep_ms, GError **error)
{
	struct evidenceterm term = {
		.is_held = is_held, .keep_ms = keep_ms,
		.now_us = clock_now_us(), .holds = holds,
	};
	int gone = -1;

	if (diskwatch_newest_dropped(keeper->state, &term.dropped_day, error))
		gone = evidenceterm_expire(keeper->state_dir, &term, error);
	if (gone > 0)
		log_event(NULL, LOG_NOTICE, is_held ? "quarantine_expired" :
			  "evidence_expired", "days=%d", gone);
	return gone >= 0;
}

/* Marks stay as long as any hold has their day: they are small. */
static bool expire_marks(const struct housekeeper *keeper, int64_t keep_ms,
			 GError **error)
{
	g_autoptr(GArray) held = holds_ranges(keeper->state, error);
	int64_t day = day_of_us(clock_now_us() - keep_ms * 1000) - 1;

	return held && evidencemarks_expire(keeper->state, day, held, error);
}

static void expire_originals(struct housekeeper *keeper)
{
	g_autoptr(GError) why = NULL;
	struct holdset *holds = holdset_load(keeper->state, &why);
	const struct originals_seen now = {
		day_of_us(clock_now_us()),
		atomic_load(&keeper->evidence_keep_ms),
		atomic_load(&keeper->held_keep_ms),
		holds ? holdset_mark(holds) : 0,
	};

	if (holds && memcmp(&now, &keeper->seen, sizeof now) != 0 &&
	    expire_originals_of(keeper, holds, false, now.keep_ms, &why) &&
	    expire_originals_of(keeper, holds, true, now.held_keep_ms, &why) &&
	    expire_marks(keeper, now.keep_ms, &why))
		keeper->seen = now;
	if (why)
		log_event(NULL, LOG_ERR, "expiry_failed", "why=\"%s\"",
			  why->message);
	holdset_free(&holds);
}

/* Linux has both for each thread by itself; glibc has no name
 * for the second. */
static void step_back(void)
{
	enum { WHO_PROCESS = 1, CLASS_IDLE = 3, CLASS_SHIFT = 13 };

	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), LEAST_NICE);
	syscall(SYS_ioprio_set, WHO_PROCESS, 0, CLASS_IDLE << CLASS_SHIFT);
}

static bool take_key(struct housekeeper *keeper, GError **error)
{
	if (!keeper->key && sealkey_ensure(keeper->state_dir, error))
		keeper->key = sealkey_open(keeper->state_dir, error);
	return keeper->key != NULL;
}

static void tell_leap(struct housekeeper *keeper, int64_t before, int64_t today)
{
	char from[DAY_TEXT_MAX], to[DAY_TEXT_MAX];

	if (keeper->leapt_day == today)
		return;
	keeper->leapt_day = today;
	log_event(NULL, LOG_ERR, "clock_leapt", "from=%s to=%s is the clock "
		  "right? Nothing expires for some days",
		  day_format(before, from), day_format(today, to));
}

/* What went by a clock that was wrong does not come back. */
static bool is_clock_steady(struct housekeeper *keeper)
{
	int64_t today = day_of_us(clock_now_us()), before;
	g_autoptr(GError) why = NULL;
	g_autoptr(GArray) days = day_list(keeper->dir, &why);

	if (!days) {
		log_event(NULL, LOG_ERR, "expiry_failed", "why=\"%s\"",
			  why->message);
		return false;
	}
	if (expiry_is_clock_steady(days, today,
				   atomic_load(&keeper->keep_ms), &before))
		return true;
	tell_leap(keeper, before, today);
	return false;
}

/* On a disk that was full at the first start there is no key yet. */
static void keep_house(struct housekeeper *keeper)
{
	bool is_steady = is_clock_steady(keeper);
	g_autoptr(GError) why = NULL;

	if (is_steady)
		expire_originals(keeper);
	if (!take_key(keeper, &why)) {
		log_event(NULL, LOG_ERR, "no_seal_key", "why=\"%s\"",
			  why->message);
		return;
	}
	seal_days(keeper);
	if (is_steady)
		expire_days(keeper);
}

static void *run(void *data)
{
	struct housekeeper *keeper = data;
	struct timespec until;

	step_back();
	pthread_mutex_lock(&keeper->lock);
	while (!atomic_load(&keeper->is_ending)) {
		keeper->is_woken = false;
		pthread_mutex_unlock(&keeper->lock);
		keep_house(keeper);
		pthread_mutex_lock(&keeper->lock);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += LOOK_EVERY_MS / 1000;
		while (!keeper->is_woken && !atomic_load(&keeper->is_ending) &&
		       pthread_cond_timedwait(&keeper->work, &keeper->lock,
					      &until) != ETIMEDOUT)
			;
	}
	pthread_mutex_unlock(&keeper->lock);
	return NULL;
}

static void free_keeper(struct housekeeper *keeper)
{
	sealkey_close(&keeper->key);
	expiry_free(keeper->expiry);
	pthread_cond_destroy(&keeper->work);
	pthread_mutex_destroy(&keeper->lock);
	g_free(keeper->dir);
	g_free(keeper->state_dir);
	g_free(keeper);
}


struct housekeeper *housekeeper_open(const char *state_dir,
				     const struct settings *settings,
				     struct state *state, GError **error)
{
	struct housekeeper *keeper = g_new0(struct housekeeper, 1);
	g_autoptr(GError) why = NULL;
	pthread_condattr_t monotonic;
	int failed;

	keeper->state_dir = g_strdup(state_dir);
	keeper->dir = g_build_filename(state_dir, "records", NULL);
	keeper->state = state;
	keeper->expiry = expiry_new(keeper->dir);
	housekeeper_set_settings(keeper, settings);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&keeper->lock, NULL);
	pthread_cond_init(&keeper->work, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (!take_key(keeper, &why) &&
	    !g_error_matches(why, STORE_ERROR, STORE_ERROR_TEMP)) {
		g_propagate_error(error, g_steal_pointer(&why));
		free_keeper(keeper);
		return NULL;
	}
	failed = pthread_create(&keeper->thread, NULL, run, keeper);
	if (!failed)
		return keeper;
	store_error_set(error, "thread", failed);
	free_keeper(keeper);
	return NULL;
}

void housekeeper_set_settings(struct housekeeper *keeper,
			      const struct settings *settings)
{
	const struct evidence_settings *evidence =
		evidence_settings_of(settings);

	atomic_store(&keeper->keep_ms, store_settings_of(settings)->keep_ms);
	atomic_store(&keeper->evidence_keep_ms, evidence->keep_ms);
	atomic_store(&keeper->held_keep_ms, MIN(evidence->held_keep_ms,
						evidence->keep_ms));
}

void housekeeper_close(struct housekeeper **keeper)
{
	struct housekeeper *old = *keeper;

	*keeper = NULL;
	if (!old)
		return;
	pthread_mutex_lock(&old->lock);
	atomic_store(&old->is_ending, true);
	pthread_cond_signal(&old->work);
	pthread_mutex_unlock(&old->lock);
	pthread_join(old->thread, NULL);
	free_keeper(old);
}

void housekeeper_wake(struct housekeeper *keeper)
{
	pthread_mutex_lock(&keeper->lock);
	keeper->is_woken = true;
	pthread_cond_signal(&keeper->work);
	pthread_mutex_unlock(&keeper->lock);
}
