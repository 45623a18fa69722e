#include <config.h>

#include "session/reportclock.h"

#include "base/clock.h"
#include "base/log.h"
#include "report/dmarcsender.h"
#include "report/dmarcsettings.h"
#include "session/service.h"
#include "settings/global.h"
#include "store/storeerror.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOOK_EVERY_S 60
#define AGAIN_US (INT64_C(3600) * G_USEC_PER_SEC)
#define LEAST_NICE 19

static pthread_t thread;
/* For ended alone. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended;
static atomic_bool is_running, is_ending;
static int64_t failed_us;	/* when days could not be read; the
				 * thread's alone */

static void tell(const GError *why)
{
	/* An operator sends just now. */
	if (!atomic_load(&is_ending) &&
	    !g_error_matches(why, STORE_ERROR, STORE_ERROR_BUSY))
		log_event(NULL, LOG_ERR, "dmarc_reports_failed", "why=\"%s\"",
			  why->message);
}

static void make(const struct dmarcsender *sender)
{
	g_autoptr(GError) why = NULL;
	int64_t now_us = clock_monotonic_us();

	if (failed_us && now_us < failed_us + AGAIN_US)
		return;
	failed_us = 0;
	if (dmarcsender_make_due(sender, &why))
		return;
	failed_us = now_us;
	tell(why);
}

static void look(const struct settings *settings)
{
	const struct dmarcsender sender = {
		.settings = settings, .state = service_state(),
		.state_dir = global_settings_of(settings)->state_dir,
		.resolver = service_resolver(), .is_cancelled = &is_ending,
	};
	g_autoptr(GError) why = NULL;
	int held = dmarcoutbox_lock(sender.state_dir, &why);

	if (held >= 0) {
		make(&sender);
		if (!dmarcsender_send_due(&sender, &why))
			tell(why);
		close(held);
	} else {
		tell(why);
	}
}

static void wait_a_while(void)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LOOK_EVERY_S;
	pthread_mutex_lock(&lock);
	while (!atomic_load(&is_ending) &&
	       pthread_cond_timedwait(&ended, &lock, &until) != ETIMEDOUT)
		;
	pthread_mutex_unlock(&lock);
}

static void *run(void *unused)
{
	(void)unused;
	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), LEAST_NICE);
	while (!atomic_load(&is_ending)) {
		struct settings *settings = service_settings();

		if (dmarcsettings_of(settings)->is_enabled)
			look(settings);
		settings_unref(settings);
		wait_a_while();
	}
	return NULL;
}

bool reportclock_open(GError **error)
{
	pthread_condattr_t monotonic;
	int failed;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
	failed = pthread_create(&thread, NULL, run, NULL);
	atomic_store(&is_running, !failed);
	if (failed)
		store_error_set(error, "thread", failed);
	return !failed;
}

void reportclock_close(void)
{
	if (!atomic_load(&is_running))
		return;
	pthread_mutex_lock(&lock);
	atomic_store(&is_ending, true);
	pthread_cond_signal(&ended);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
	atomic_store(&is_running, false);
}
