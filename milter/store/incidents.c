#include <config.h>

#include "store/incidents.h"

#include "base/arena.h"
#include "base/log.h"
#include "store/incidentrows.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

/* One that waits, in the table by its name: "kind\nkey". */
struct waiting {
	char *kind, *key, *text;
	int64_t first_us, last_us, quiet_us;
	uint64_t count;
	struct incident_subject subject;	/* value is owned, never NULL */
	int64_t caused_us;
	unsigned case_kind;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *all_waiting;		/* name -> struct waiting *; or NULL */
static uint64_t dropped;
static _Atomic(incidents_listener_fn *) listening;

static void free_waiting(void *data)
{
	struct waiting *waiting = data;

	g_free(waiting->kind);
	g_free(waiting->key);
	g_free(waiting->text);
	g_free((char *)waiting->subject.value);
	g_free(waiting);
}

static GHashTable *new_table(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
				     free_waiting);
}

/* The lock is held. Takes what was noted over. */
static void join(char *name, struct waiting *fresh)
{
	struct waiting *old;

	if (!all_waiting)
		all_waiting = new_table();
	old = g_hash_table_lookup(all_waiting, name);
	if (old) {
		fresh->first_us = MIN(old->first_us, fresh->first_us);
		fresh->last_us = MAX(old->last_us, fresh->last_us);
		fresh->caused_us = MAX(old->caused_us, fresh->caused_us);
		fresh->count += old->count;
	} else if (g_hash_table_size(all_waiting) >= INCIDENTS_WAITING_MAX) {
		dropped++;
		g_free(name);
		free_waiting(fresh);
		return;
	}
	g_hash_table_replace(all_waiting, name, fresh);
}

void incidents_note(const char *kind, const char *key, const char *text,
		    int64_t quiet_us, int64_t now_us)
{
	incidents_note_about((struct incident_subject){ 0, "" }, kind, key,
			     text, quiet_us, now_us);
}

void incidents_note_about(struct incident_subject subject, const char *kind,
			  const char *key, const char *text, int64_t quiet_us,
			  int64_t now_us)
{
	incidents_note_late(&(struct incident){
		.kind = kind, .key = key, .text = text, .first_us = now_us,
		.last_us = now_us, .count = 1, .subject = subject }, quiet_us);
}

void incidents_note_late(const struct incident *incident, int64_t quiet_us)
{
	char *name = g_strdup_printf("%s\n%.*s", incident->kind,
				     INCIDENT_KEY_MAX, incident->key);
	struct waiting *fresh = g_new(struct waiting, 1);
	const char *value = incident->subject.value;

	*fresh = (struct waiting){
		g_strdup(incident->kind),
		g_strndup(incident->key, INCIDENT_KEY_MAX),
		g_strdup(incident->text), incident->first_us,
		incident->last_us, quiet_us, incident->count,
		{ incident->subject.kind,
		  g_strndup(value ? value : "", LIST_VALUE_MAX) },
		incident->caused_us, incident->case_kind,
	};
	pthread_mutex_lock(&lock);
	join(name, fresh);
	pthread_mutex_unlock(&lock);
}

void incidents_set_listener(incidents_listener_fn *listener)
{
	atomic_store(&listening, listener);
}

static void tell(const struct incident *incident)
{
	incidents_listener_fn *listener = atomic_load(&listening);
	g_autofree char *key = log_text(span_text(incident->key));
	g_autofree char *text = log_text(span_text(incident->text));

	log_event(NULL, LOG_WARNING, "incident", "kind=%s key=%s text=%s",
		  incident->kind, key, text);
	if (listener)
		listener(incident);
}

/* It goes on, unless it was quiet for too long. */
static bool find_open(struct state_txn *txn, const struct waiting *waiting,
		      struct arena *arena, struct incident *out)
{
	return incidentrows_find(txn, waiting->kind, waiting->key, arena,
				 out) &&
	       ABS(waiting->first_us - out->last_us) <= waiting->quiet_us;
}

/* is_new_out: it is to be told once it is on disk. */
static bool write_one(struct state_txn *txn, struct waiting *waiting,
		      bool *is_new_out, GError **error)
{
	struct incident old, incident = {
		.first_us = waiting->first_us, .last_us = waiting->last_us,
	};
	struct arena arena;
	bool is_good = true;

	arena_init(&arena);
	*is_new_out = !find_open(txn, waiting, &arena, &old);
	if (!*is_new_out)
		incident = old;
	incident.kind = waiting->kind;
	incident.key = waiting->key;
	incident.text = waiting->text;
	if (*waiting->subject.value)
		incident.subject = waiting->subject;
	incident.last_us = MAX(incident.last_us, waiting->last_us);
	incident.caused_us = MAX(incident.caused_us, waiting->caused_us);
	incident.case_kind = waiting->case_kind;
	incident.count += waiting->count;
	if (!*is_new_out || incidentrows_count(txn) < INCIDENTS_MAX)
		is_good = incidentrows_put(txn, *is_new_out ? NULL : &old,
					   &incident, error);
	arena_release(&arena);
	return is_good;
}

static GHashTable *take_waiting(void)
{
	GHashTable *taken;

	pthread_mutex_lock(&lock);
	taken = g_steal_pointer(&all_waiting);
	if (dropped)
		log_event(NULL, LOG_WARNING, "incidents_dropped",
			  "count=%" PRIu64, dropped);
	dropped = 0;
	pthread_mutex_unlock(&lock);
	return taken;
}

/* Behind what came meanwhile, which is newer. */
static void put_back(GHashTable *taken)
{
	GHashTableIter iter;
	void *name, *value;

	pthread_mutex_lock(&lock);
	g_hash_table_iter_init(&iter, taken);
	while (g_hash_table_iter_next(&iter, &name, &value)) {
		g_hash_table_iter_steal(&iter);
		join(name, value);
	}
	pthread_mutex_unlock(&lock);
}

static bool write_all(struct state *state, GHashTable *taken,
		      GPtrArray *fresh, GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);
	GHashTableIter iter;
	void *value;
	bool is_new;

	if (!txn)
		return false;
	if (!incidentrows_is_indexed(txn) && !incidentrows_index(txn, error)) {
		state_end(&txn);
		return false;
	}
	g_hash_table_iter_init(&iter, taken);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		if (!write_one(txn, value, &is_new, error)) {
			state_end(&txn);
			return false;
		}
		if (is_new)
			g_ptr_array_add(fresh, value);
	}
	return state_commit(&txn, error);
}

bool incidents_flush(struct state *state, GError **error)
{
	g_autoptr(GHashTable) taken = take_waiting();
	g_autoptr(GPtrArray) fresh = g_ptr_array_new();

	if (!taken)
		return true;
	if (!write_all(state, taken, fresh, error)) {
		put_back(taken);
		return false;
	}
	for (guint i = 0; i < fresh->len; i++) {
		const struct waiting *waiting = g_ptr_array_index(fresh, i);

		tell(&(struct incident){
			waiting->kind, waiting->key, waiting->text,
			waiting->first_us, waiting->last_us, waiting->count,
			waiting->subject, false, waiting->caused_us,
			waiting->case_kind });
	}
	return true;
}

/* A state that an older program wrote has rows, and nothing
 * that leads to them. */
static struct state_txn *begin(struct state *state, GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);
	bool is_good;

	if (!txn || incidentrows_is_indexed(txn))
		return txn;
	state_end(&txn);
	txn = state_begin_write(state, error);
	if (!txn)
		return NULL;
	is_good = incidentrows_index(txn, error);
	if (!is_good)
		state_end(&txn);
	else
		is_good = state_commit(&txn, error);
	return is_good ? state_begin_read(state, error) : NULL;
}

bool incidents_each(struct state *state, incident_take_fn *take,
		    void *context, GError **error)
{
	return incidents_each_before(state, INT64_MAX, NULL, take, context,
				     error);
}

bool incidents_each_before(struct state *state, int64_t before_us,
			   const char *kind, incident_take_fn *take,
			   void *context, GError **error)
{
	struct state_txn *txn = begin(state, error);

	if (!txn)
		return false;
	incidentrows_before(txn, before_us, kind, take, context);
	state_end(&txn);
	return true;
}

bool incidents_each_waiting(struct state *state, incident_take_fn *take,
			    void *context, GError **error)
{
	struct state_txn *txn = begin(state, error);

	if (!txn)
		return false;
	incidentrows_waiting(txn, take, context);
	state_end(&txn);
	return true;
}

bool incidents_set_in_case(struct state_txn *txn,
			   const struct incident *incident, GError **error)
{
	struct incident old, changed;
	struct arena arena;
	bool is_good = true;

	arena_init(&arena);
	if (incidentrows_get(txn, incident->kind, incident->key,
			     incident->first_us, &arena, &old)) {
		changed = old;
		changed.subject = incident->subject;
		changed.is_in_case = true;
		is_good = incidentrows_put(txn, &old, &changed, error);
	}
	arena_release(&arena);
	return is_good;
}

static bool is_any(const struct incident *incident, void *context)
{
	(void)incident;
	*(bool *)context = true;
	return false;
}

bool incidents_expire(struct state *state, int64_t now_us, GError **error)
{
	int64_t before_us = now_us - INCIDENTS_KEEP_US;
	bool is_old = false;
	struct state_txn *txn;

	if (!incidents_each_before(state, before_us, NULL, is_any, &is_old,
				   error))
		return false;
	txn = is_old ? state_begin_write(state, error) : NULL;
	if (!txn)
		return !is_old;
	incidentrows_expire(txn, before_us, INCIDENTS_EXPIRED_MOST);
	return state_commit(&txn, error);
}
