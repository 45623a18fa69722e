#include <config.h>

#include "session/service.h"

#include "alert/alerts.h"
#include "base/log.h"
#include "bulk/bulk.h"
#include "resolver/resolver.h"
#include "resolver/resolversettings.h"
#include "sender/contacts.h"
#include "sender/sendersettings.h"
#include "settings/global.h"
#include "store/diskwatch.h"
#include "store/evidencetree.h"
#include "store/housekeeper.h"
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
static struct diskwatch *disk;	/* stays: libmilter's threads ask it to
				 * the end */
static struct housekeeper *keeper;
static struct resolver *resolver;
static struct bulk *bulk;
static struct contacts *contacts;
static char *contacts_path;
static atomic_bool is_draining;
static atomic_int_fast64_t counters[COUNTERS];

bool service_open(struct settings *settings, GError **error)
{
	const char *dir = global_settings_of(settings)->state_dir;

	state = state_open(dir, STATE_CREATE, error);
	if (!state)
		goto fail;
	resolver = resolver_open(resolver_settings_of(settings), error);
	if (!resolver)
		goto fail;
	recorder = recorder_open(dir, settings, error);
	if (!recorder)
		goto fail;
	keeper = housekeeper_open(dir, settings, state, error);
	if (!keeper)
		goto fail;
	recorder_set_housekeeper(recorder, keeper);
	disk = diskwatch_new(dir, state);
	evidencetree_clean(dir);
	contacts = contacts_new((size_t)sender_settings_of(settings)->contacts);
	contacts_path = g_build_filename(dir, "contacts", NULL);
	contacts_load(contacts, contacts_path);
	current = settings;
	if (!alerts_open(settings, error))
		goto fail;
	bulk = bulk_open(state, service_settings);
	return true;
fail:
	recorder_close(&recorder, CLOSE_WAIT_MS);
	resolver_close(&resolver);
	state_close(&state);
	settings_unref(settings);
	return false;
}

void service_close(void)
{
	recorder_close(&recorder, CLOSE_WAIT_MS);
	housekeeper_close(&keeper);
	service_save_contacts();
	bulk_close(&bulk);
	alerts_close();
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
	resolver_set_times(resolver,
			   resolver_settings_of(settings)->timeout_ms,
			   resolver_settings_of(settings)->failure_ttl_ms);
	recorder_set_settings(recorder, settings);
	housekeeper_set_settings(keeper, settings);
	alerts_set_settings(settings);
	settings_unref(old);
}

struct state *service_state(void)
{
	return state;
}

struct resolver *service_resolver(void)
{
	return resolver;
}

struct bulk *service_bulk(void)
{
	return bulk;
}

struct contacts *service_contacts(void)
{
	return contacts;
}

void service_save_contacts(void)
{
	g_autoptr(GError) why = NULL;

	if (!contacts_save(contacts, contacts_path, &why))
		log_event(NULL, LOG_WARNING, "contacts_not_saved",
			  "why=\"%s\"", why->message);
}

struct recorder *service_recorder(void)
{
	return recorder;
}

struct diskwatch *service_disk(void)
{
	return disk;
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
