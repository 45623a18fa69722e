#include <config.h>

#include "alert/alerts.h"

#include "alert/alertways.h"
#include "alert/outbox.h"
#include "alert/throttle.h"
#include "base/clock.h"
#include "base/log.h"
#include "settings/global.h"
#include "store/incidents.h"

#include <pthread.h>
#include <string.h>

/* Lines of the log that are alerts, though no more than warnings. */
static const char *const warnings[] = {
	"disk_warning", "day_dropped", "alerts_dropped",
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct settings *current;	/* NULL: not open */
static struct throttle *throttle;

static struct settings *take_settings(void)
{
	struct settings *settings;

	pthread_mutex_lock(&lock);
	settings = current ? settings_ref(current) : NULL;
	pthread_mutex_unlock(&lock);
	return settings;
}

static struct throttle_terms terms_of(const struct settings *settings)
{
	const struct alert_settings *mine = alert_settings_of(settings);

	return (struct throttle_terms){ mine->every_ms * 1000,
					(uint64_t)mine->most };
}

static char *format_time(int64_t time_us)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(
		time_us / G_USEC_PER_SEC);

	return g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
}

/* What is no UTF-8 would be no JSON. */
static json_t *text_value(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	return json_string(valid);
}

json_t *alerts_object(const struct settings *settings, const char *kind,
		      const char *key, const char *text, json_t *detail)
{
	g_autofree char *time = format_time(clock_now_us());
	json_t *object = json_object();

	json_object_set_new(object, "alert", json_string(kind));
	json_object_set_new(object, "key", text_value(key));
	json_object_set_new(object, "text", text_value(text));
	json_object_set_new(object, "time", json_string(time));
	json_object_set_new(object, "host", text_value(
		global_settings_of(settings)->authserv_id));
	json_object_set_new(object, "held_back", json_integer(0));
	if (detail)
		json_object_update(object, detail);
	json_decref(detail);
	return object;
}

/* One way of one alert. */
struct sending {
	struct settings *settings;
	enum alert_way way;
	struct alert_text *text;
};

static bool send_it(void *context, const atomic_bool *is_cancelled,
		    GError **error)
{
	const struct sending *sending = context;

	return alertways_send(sending->settings, sending->way, sending->text,
			      is_cancelled, error);
}

static void free_sending(void *context)
{
	struct sending *sending = context;

	alertways_text_free(sending->text);
	settings_unref(sending->settings);
	g_free(sending);
}

static void send_all(struct settings *settings, const json_t *object)
{
	for (unsigned way = 0; way < ALERT_WAYS; way++) {
		struct sending *sending;

		if (!alertways_is_set(settings, (enum alert_way)way))
			continue;
		sending = g_new(struct sending, 1);
		*sending = (struct sending){ settings_ref(settings),
			(enum alert_way)way,
			alertways_text(settings, object, clock_now_us()) };
		outbox_put(&(struct outbox_job){
			alertways_word((enum alert_way)way), NULL, send_it,
			free_sending, sending });
	}
}

/* With held = those held back before it. */
static void send_one(struct settings *settings, const char *kind,
		     const char *key, const char *text, uint64_t held,
		     json_t *detail)
{
	json_t *object = alerts_object(settings, kind, key, text, detail);

	json_object_set_new(object, "held_back",
			    json_integer((json_int_t)held));
	send_all(settings, object);
	json_decref(object);
}

/* False: not now. */
static bool may_go(const struct settings *settings, const char *kind,
		   const char *key, const char *text, uint64_t *held_out)
{
	const struct throttle_terms terms = terms_of(settings);
	bool is_going;

	pthread_mutex_lock(&lock);
	is_going = throttle && throttle_take(throttle, &terms, kind, key, text,
					     clock_now_us(), held_out);
	pthread_mutex_unlock(&lock);
	return is_going;
}

void alerts_raise(const char *kind, const char *key, const char *text,
		  json_t *detail)
{
	struct settings *settings = take_settings();
	uint64_t held;

	if (settings && alert_settings_want(alert_settings_of(settings),
					    kind) &&
	    may_go(settings, kind, key, text, &held))
		send_one(settings, kind, key, text, held, detail);
	else
		json_decref(detail);
	settings_unref(settings);
}

static void send_held(const char *kind, const char *key, const char *text,
		      uint64_t held, void *context)
{
	send_one(context, kind, key, text, held, NULL);
}

static void sweep(void)
{
	struct settings *settings = take_settings();
	struct throttle_terms terms;

	if (!settings)
		return;
	terms = terms_of(settings);
	pthread_mutex_lock(&lock);
	if (throttle)
		throttle_sweep(throttle, &terms, clock_now_us(), send_held,
			       settings);
	pthread_mutex_unlock(&lock);
	settings_unref(settings);
}

static bool is_alert(int level, const char *event)
{
	if (level <= LOG_ERR)
		return true;
	for (size_t i = 0; i < G_N_ELEMENTS(warnings); i++)
		if (strcmp(warnings[i], event) == 0)
			return true;
	return false;
}

static void take_line(int level, const char *event, const char *line)
{
	if (is_alert(level, event))
		alerts_raise(event, "", line, NULL);
}

static void take_incident(const struct incident *incident)
{
	bool is_ours = incident->subject.value && *incident->subject.value;
	g_autofree char *key = g_strdup_printf("%s %s", incident->kind,
					       incident->key);
	json_t *detail = json_object(), *object = json_object();

	json_object_set_new(object, "kind", text_value(incident->kind));
	json_object_set_new(object, "key", text_value(incident->key));
	json_object_set_new(object, "text", text_value(incident->text));
	json_object_set_new(object, "first_us",
			    json_integer(incident->first_us));
	json_object_set_new(object, "count",
			    json_integer((json_int_t)incident->count));
	if (is_ours) {
		json_object_set_new(object, "subject_kind", json_string(
			list_kind_word(incident->subject.kind)));
		json_object_set_new(object, "subject",
				    text_value(incident->subject.value));
	}
	json_object_set_new(detail, "incident", object);
	alerts_raise("incident", key, incident->text, detail);
}

void alerts_set_settings(struct settings *settings)
{
	struct settings *old;

	pthread_mutex_lock(&lock);
	old = current;
	current = settings_ref(settings);
	pthread_mutex_unlock(&lock);
	settings_unref(old);
}

bool alerts_open(struct settings *settings, GError **error)
{
	pthread_mutex_lock(&lock);
	throttle = throttle_new();
	pthread_mutex_unlock(&lock);
	alerts_set_settings(settings);
	if (!outbox_open(sweep, error)) {
		alerts_close();
		return false;
	}
	log_set_listener(take_line);
	incidents_set_listener(take_incident);
	return true;
}

void alerts_close(void)
{
	struct settings *old;

	incidents_set_listener(NULL);
	log_set_listener(NULL);
	outbox_close();
	pthread_mutex_lock(&lock);
	old = current;
	current = NULL;
	throttle_free(&throttle);
	pthread_mutex_unlock(&lock);
	settings_unref(old);
}
