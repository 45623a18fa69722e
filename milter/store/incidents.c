#include <config.h>

#include "store/incidents.h"

#include "base/arena.h"
#include "base/log.h"
#include "store/state.pb-c.h"

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
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *all_waiting;		/* name -> struct waiting *; or NULL */
static uint64_t dropped;
static atomic_uint_fast64_t written;

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
	char *name = g_strdup_printf("%s\n%.*s", kind, INCIDENT_KEY_MAX, key);
	struct waiting *fresh = g_new(struct waiting, 1);

	*fresh = (struct waiting){
		g_strdup(kind), g_strndup(key, INCIDENT_KEY_MAX),
		g_strdup(text), now_us, now_us, quiet_us, 1,
		{ subject.kind, g_strndup(subject.value ? subject.value : "",
					  LIST_VALUE_MAX) },
	};
	pthread_mutex_lock(&lock);
	join(name, fresh);
	pthread_mutex_unlock(&lock);
}

#define TIME_BYTES 8

/* Of kind and key; with a time, the newest first. */
static GString *key_of(const char *kind, const char *key, int64_t first_us)
{
	GString *out = g_string_new(kind);
	uint64_t later = ~(uint64_t)first_us;

	g_string_append_c(out, '\0');
	g_string_append(out, key);
	g_string_append_c(out, '\0');
	for (int i = TIME_BYTES - 1; first_us >= 0 && i >= 0; i--)
		g_string_append_c(out, (char)(later >> 8 * i));
	return out;
}

static struct span span_of_string(const GString *text)
{
	return span_of(text->str, text->len);
}

static ProtobufCBinaryData bytes_of(const char *text)
{
	return (ProtobufCBinaryData){ strlen(text), (uint8_t *)text };
}

static bool put(struct state_txn *txn, const struct incident *incident,
		GError **error)
{
	Reeve__Incident packed = REEVE__INCIDENT__INIT;
	g_autoptr(GString) key = key_of(incident->kind, incident->key,
					incident->first_us);
	g_autofree uint8_t *bytes = NULL;
	size_t len;

	packed.has_kind = packed.has_key = packed.has_text = true;
	packed.kind = bytes_of(incident->kind);
	packed.key = bytes_of(incident->key);
	packed.text = bytes_of(incident->text);
	packed.has_first_us = packed.has_last_us = packed.has_count = true;
	packed.first_us = incident->first_us;
	packed.last_us = incident->last_us;
	packed.count = incident->count;
	packed.has_subject_kind = packed.has_subject =
		incident->subject.value && *incident->subject.value;
	packed.subject_kind = incident->subject.kind;
	packed.subject = bytes_of(incident->subject.value ?
				  incident->subject.value : "");
	packed.has_is_in_case = packed.is_in_case = incident->is_in_case;
	bytes = g_malloc(reeve__incident__get_packed_size(&packed));
	len = reeve__incident__pack(&packed, bytes);
	return state_put(txn, STATE_INCIDENTS, span_of_string(key),
			 span_of((const char *)bytes, len), error);
}

static const char *text_of(struct arena *arena, protobuf_c_boolean has,
			   const ProtobufCBinaryData *data)
{
	return has ? arena_span_text(arena, span_of((char *)data->data,
						    data->len)) : "";
}

/* What is on disk is a stranger's. */
static bool read_incident(struct span value, struct arena *arena,
			  struct incident *out)
{
	Reeve__Incident *packed = reeve__incident__unpack(
		NULL, value.len, (const uint8_t *)value.ptr);

	if (!packed)
		return false;
	*out = (struct incident){
		text_of(arena, packed->has_kind, &packed->kind),
		text_of(arena, packed->has_key, &packed->key),
		text_of(arena, packed->has_text, &packed->text),
		packed->first_us, packed->last_us, packed->count,
		{ (enum list_kind)packed->subject_kind,
		  text_of(arena, packed->has_subject, &packed->subject) },
		packed->is_in_case,
	};
	reeve__incident__free_unpacked(packed, NULL);
	return true;
}

/* The newest of its kind and key, if it is not over. */
static bool find_open(struct state_txn *txn, const struct waiting *waiting,
		      struct arena *arena, struct incident *out)
{
	g_autoptr(GString) prefix = key_of(waiting->kind, waiting->key, -1);
	struct span key, value;

	return state_seek(txn, STATE_INCIDENTS, span_of_string(prefix), &key,
			  &value) &&
	       key.len == prefix->len + TIME_BYTES &&
	       memcmp(key.ptr, prefix->str, prefix->len) == 0 &&
	       read_incident(value, arena, out) &&
	       ABS(waiting->first_us - out->last_us) <= waiting->quiet_us;
}

static void tell(const struct incident *incident)
{
	g_autofree char *key = log_text(span_text(incident->key));
	g_autofree char *text = log_text(span_text(incident->text));

	log_event(NULL, LOG_WARNING, "incident", "kind=%s key=%s text=%s",
		  incident->kind, key, text);
}

/* is_new_out: it is to be told once it is on disk. */
static bool write_one(struct state_txn *txn, struct waiting *waiting,
		      bool *is_new_out, GError **error)
{
	struct incident incident;
	struct arena arena;
	bool is_good = true;

	arena_init(&arena);
	*is_new_out = !find_open(txn, waiting, &arena, &incident);
	if (*is_new_out)
		incident = (struct incident){
			.first_us = waiting->first_us,
			.last_us = waiting->last_us,
		};
	incident.kind = waiting->kind;
	incident.key = waiting->key;
	incident.text = waiting->text;
	if (*waiting->subject.value)
		incident.subject = waiting->subject;
	incident.last_us = MAX(incident.last_us, waiting->last_us);
	incident.count += waiting->count;
	if (!*is_new_out ||
	    state_count(txn, STATE_INCIDENTS) < INCIDENTS_MAX)
		is_good = put(txn, &incident, error);
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
	atomic_fetch_add(&written, 1);
	for (guint i = 0; i < fresh->len; i++) {
		const struct waiting *waiting = g_ptr_array_index(fresh, i);

		tell(&(struct incident){ .kind = waiting->kind,
					 .key = waiting->key,
					 .text = waiting->text });
	}
	return true;
}

/* The least key behind it; NULL at the end of what is possible. */
static bool step(GString *key, struct span seen)
{
	if (seen.len >= STATE_KEY_MAX)
		return false;
	g_string_truncate(key, 0);
	g_string_append_len(key, seen.ptr, (gssize)seen.len);
	g_string_append_c(key, '\0');
	return true;
}

static void walk(struct state_txn *txn, incident_take_fn *take, void *context)
{
	g_autoptr(GString) from = g_string_new(NULL);
	struct span key, value;
	struct arena arena;
	bool is_more = true;

	arena_init(&arena);
	while (is_more && state_seek(txn, STATE_INCIDENTS,
				     span_of_string(from), &key, &value)) {
		struct incident incident;

		is_more = step(from, key);
		if (read_incident(value, &arena, &incident))
			is_more = take(&incident, context) && is_more;
		arena_reset(&arena);
	}
	arena_release(&arena);
}

bool incidents_each(struct state *state, incident_take_fn *take,
		    void *context, GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);

	if (!txn)
		return false;
	walk(txn, take, context);
	state_end(&txn);
	return true;
}

uint64_t incidents_written(void)
{
	return atomic_load(&written);
}

bool incidents_set_in_case(struct state_txn *txn,
			   const struct incident *incident, GError **error)
{
	struct incident copy = *incident;

	copy.is_in_case = true;
	return put(txn, &copy, error);
}

struct expiring {
	struct state_txn *txn;
	int64_t before_us;
	bool is_any;
};

static bool expire_one(const struct incident *incident, void *context)
{
	struct expiring *expiring = context;
	g_autoptr(GString) key = key_of(incident->kind, incident->key,
					incident->first_us);

	if (incident->last_us < expiring->before_us)
		expiring->is_any |= state_delete(expiring->txn,
						 STATE_INCIDENTS,
						 span_of_string(key));
	return true;
}

bool incidents_expire(struct state *state, int64_t now_us, GError **error)
{
	struct expiring expiring = {
		state_begin_write(state, error), now_us - INCIDENTS_KEEP_US,
		false,
	};

	if (!expiring.txn)
		return false;
	walk(expiring.txn, expire_one, &expiring);
	if (expiring.is_any)
		return state_commit(&expiring.txn, error);
	state_end(&expiring.txn);
	return true;
}
