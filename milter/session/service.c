#include <config.h>

#include "session/service.h"

#include "base/log.h"
#include "settings/global.h"
#include "store/recorder.h"
#include "store/state.h"

#include <pthread.h>
#include <stdatomic.h>

#define CLOSE_WAIT_MS 10000

/* pthread's locks and not GLib's: ThreadSanitizer understands them. */
static pthread_mutex_t settings_lock = PTHREAD_MUTEX_INITIALIZER;
static struct settings *current;
static struct state *state;
static struct recorder *recorder;
static atomic_bool is_draining;
static atomic_int_fast64_t counters[COUNTERS];

bool service_open(struct settings *settings, GError **error)
{
	const char *dir = global_settings_of(settings)->state_dir;

	state = state_open(dir, STATE_CREATE, error);
	if (!state)
		goto fail;
	recorder = recorder_open(dir, settings, error);
	if (!recorder)
		goto fail;
	current = settings;
	return true;
fail:
	state_close(&state);
	settings_unref(settings);
	return false;
}

void service_close(void)
{
	recorder_close(&recorder, CLOSE_WAIT_MS);
	state_close(&state);
}

struct settings *service_settings(void)
{
	struct settings *settings;

	pthread_mutex_lock(&settings_lock);
	settings = settings_ref(current);
	pthread_mutex_unlock(&settings_lock);
	return settings;
}

void service_set_settings(struct settings *settings)
{
	struct settings *old;

	pthread_mutex_lock(&settings_lock);
	old = current;
	current = settings;
	pthread_mutex_unlock(&settings_lock);
	settings_unref(old);
}

struct state *service_state(void)
{
	return state;
}

struct recorder *service_recorder(void)
{
	return recorder;
}

void service_begin_draining(void)
{
	atomic_store(&is_draining, true);
}

bool service_is_draining(void)
{
	return atomic_load(&is_draining);
}

void service_count(enum service_counter counter, int64_t by)
{
	atomic_fetch_add_explicit(&counters[counter], by,
				  memory_order_relaxed);
}

int64_t service_counter(enum service_counter counter)
{
	return atomic_load_explicit(&counters[counter], memory_order_relaxed);
}

const char *service_counter_word(enum service_counter counter)
{
	static const char *const words[COUNTERS] = {
		[COUNTER_SESSIONS] = "sessions",
		[COUNTER_SESSIONS_OPEN] = "sessions_open",
		[COUNTER_MESSAGES] = "messages",
		[COUNTER_MESSAGES_OPEN] = "messages_open",
		[COUNTER_ACCEPTED] = "accepted",
		[COUNTER_TAGGED] = "tagged",
		[COUNTER_QUARANTINED] = "quarantined",
		[COUNTER_DEFERRED] = "deferred",
		[COUNTER_REJECTED] = "rejected",
		[COUNTER_DISCARDED] = "discarded",
		[COUNTER_UNFINISHED] = "unfinished",
		[COUNTER_RECIPIENTS_REFUSED] = "recipients_refused",
	};

	return words[counter];
}
