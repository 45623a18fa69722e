#include <config.h>

#include "store/incidentrows.h"

#include "store/prototext.h"
#include "store/state.pb-c.h"

#include <string.h>

#define TIME_BYTES 8

/*
 * A row's key is its kind, its key and its first time, the newest first. Three
 * kinds of keys in a table of their own lead to rows, and end with the row's
 * key. Times are big-endian; those that are turned over put the newest first.
 */
enum index {
	INDEX_TIME = 't',	/* last time, turned over */
	INDEX_KIND = 'k',	/* kind, NUL, last time, turned over */
	INDEX_WAITING = 'w',	/* first time: it is to be in a case */
	INDEXES = 3,
};

static void add_time(GString *key, uint64_t time_us)
{
	for (int i = TIME_BYTES - 1; i >= 0; i--)
		g_string_append_c(key, (char)(time_us >> 8 * i));
}

static void add_row_key(GString *out, const char *kind, const char *key)
{
	g_string_append(out, kind);
	g_string_append_c(out, '\0');
	g_string_append(out, key);
	g_string_append_c(out, '\0');
}

static GString *row_key(const struct incident *incident)
{
	GString *out = g_string_new(NULL);

	add_row_key(out, incident->kind, incident->key);
	add_time(out, ~(uint64_t)incident->first_us);
	return out;
}

static GString *index_prefix(enum index index, const char *kind)
{
	GString *out = g_string_new(NULL);

	g_string_append_c(out, (char)index);
	if (index != INDEX_KIND)
		return out;
	g_string_append(out, kind);
	g_string_append_c(out, '\0');
	return out;
}

static GString *index_key(enum index index, const struct incident *incident)
{
	GString *out = index_prefix(index, incident->kind);

	add_time(out, index == INDEX_WAITING ? (uint64_t)incident->first_us :
		      ~(uint64_t)incident->last_us);
	add_row_key(out, incident->kind, incident->key);
	add_time(out, ~(uint64_t)incident->first_us);
	return out;
}

static struct span span_of_string(const GString *text)
{
	return span_of(text->str, text->len);
}

static bool put_row(struct state_txn *txn, const struct incident *incident,
		    GError **error)
{
	Reeve__Incident packed = REEVE__INCIDENT__INIT;
	g_autoptr(GString) key = row_key(incident);
	g_autofree uint8_t *bytes = NULL;
	size_t len;

	packed.has_kind = packed.has_key = packed.has_text = true;
	packed.kind = prototext_pack(incident->kind);
	packed.key = prototext_pack(incident->key);
	packed.text = prototext_pack(incident->text);
	packed.has_first_us = packed.has_last_us = packed.has_count = true;
	packed.first_us = incident->first_us;
	packed.last_us = incident->last_us;
	packed.count = incident->count;
	packed.has_subject_kind = packed.has_subject =
		incident->subject.value && *incident->subject.value;
	packed.subject_kind = incident->subject.kind;
	packed.subject = prototext_pack(incident->subject.value ?
				  incident->subject.value : "");
	packed.has_is_in_case = packed.is_in_case = incident->is_in_case;
	packed.has_caused_us = incident->caused_us != 0;
	packed.caused_us = incident->caused_us;
	packed.has_case_kind = incident->case_kind != 0;
	packed.case_kind = incident->case_kind;
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
		packed->is_in_case, packed->caused_us, packed->case_kind,
	};
	reeve__incident__free_unpacked(packed, NULL);
	return true;
}

/* A login may be a name that no list can have. */
static bool is_waiting(const struct incident *incident)
{
	struct arena arena;
	bool is_one;

	if (incident->is_in_case || !incident->subject.value ||
	    !*incident->subject.value)
		return false;
	arena_init(&arena);
	is_one = lists_form(incident->subject.kind,
			    span_text(incident->subject.value), &arena,
			    NULL) != NULL;
	arena_release(&arena);
	return is_one;
}

static const enum index indexes[INDEXES] = {
	INDEX_TIME, INDEX_KIND, INDEX_WAITING,
};

static bool put_index(struct state_txn *txn, const struct incident *incident,
		      GError **error)
{
	for (size_t i = 0; i < INDEXES; i++) {
		g_autoptr(GString) key = index_key(indexes[i], incident);

		if (indexes[i] == INDEX_WAITING && !is_waiting(incident))
			continue;
		if (!state_put(txn, STATE_INCIDENT_TIMES, span_of_string(key),
			       span_text(""), error))
			return false;
	}
	return true;
}

static void drop_index(struct state_txn *txn, const struct incident *incident)
{
	for (size_t i = 0; i < INDEXES; i++) {
		g_autoptr(GString) key = index_key(indexes[i], incident);

		state_delete(txn, STATE_INCIDENT_TIMES, span_of_string(key));
	}
}

/* The least key behind it; false at the end of what is possible. */
static bool step(GString *key, struct span seen)
{
	if (seen.len >= STATE_KEY_MAX)
		return false;
	g_string_truncate(key, 0);
	g_string_append_len(key, seen.ptr, (gssize)seen.len);
	g_string_append_c(key, '\0');
	return true;
}

/* The rows that an index leads to, from a key of it on. */
static void walk(struct state_txn *txn, const GString *prefix, GString *from,
		 incident_take_fn *take, void *context)
{
	struct span key, value;
	struct arena arena;
	bool is_more = true;

	arena_init(&arena);
	while (is_more && state_seek(txn, STATE_INCIDENT_TIMES,
				     span_of_string(from), &key, &value) &&
	       key.len > prefix->len + TIME_BYTES &&
	       memcmp(key.ptr, prefix->str, prefix->len) == 0) {
		struct incident incident;

		is_more = step(from, key);
		if (state_find(txn, STATE_INCIDENTS,
			       span_from(key, prefix->len + TIME_BYTES),
			       &value) &&
		    read_incident(value, &arena, &incident))
			is_more = take(&incident, context) && is_more;
		arena_reset(&arena);
	}
	arena_release(&arena);
}

bool incidentrows_find(struct state_txn *txn, const char *kind,
		       const char *key, struct arena *arena,
		       struct incident *out)
{
	g_autoptr(GString) prefix = g_string_new(NULL);
	struct span found, value;

	add_row_key(prefix, kind, key);
	return state_seek(txn, STATE_INCIDENTS, span_of_string(prefix),
			  &found, &value) &&
	       found.len == prefix->len + TIME_BYTES &&
	       memcmp(found.ptr, prefix->str, prefix->len) == 0 &&
	       read_incident(value, arena, out);
}

bool incidentrows_get(struct state_txn *txn, const char *kind,
		      const char *key, int64_t first_us, struct arena *arena,
		      struct incident *out)
{
	g_autoptr(GString) row = row_key(&(struct incident){
		.kind = kind, .key = key, .first_us = first_us });
	struct span value;

	return state_find(txn, STATE_INCIDENTS, span_of_string(row), &value) &&
	       read_incident(value, arena, out);
}

bool incidentrows_put(struct state_txn *txn, const struct incident *old,
		      const struct incident *incident, GError **error)
{
	if (old)
		drop_index(txn, old);
	return put_row(txn, incident, error) &&
	       put_index(txn, incident, error);
}

uint64_t incidentrows_count(struct state_txn *txn)
{
	return state_count(txn, STATE_INCIDENTS);
}

bool incidentrows_is_indexed(struct state_txn *txn)
{
	return state_count(txn, STATE_INCIDENT_TIMES) > 0 ||
	       state_count(txn, STATE_INCIDENTS) == 0;
}

bool incidentrows_index(struct state_txn *txn, GError **error)
{
	g_autoptr(GString) from = g_string_new(NULL);
	struct span key, value;
	struct arena arena;
	bool is_good = true, is_more = true;

	arena_init(&arena);
	while (is_good && is_more &&
	       state_seek(txn, STATE_INCIDENTS, span_of_string(from), &key,
			  &value)) {
		struct incident incident;

		is_more = step(from, key);
		if (read_incident(value, &arena, &incident))
			is_good = put_index(txn, &incident, error);
		arena_reset(&arena);
	}
	arena_release(&arena);
	return is_good;
}

void incidentrows_before(struct state_txn *txn, int64_t before_us,
			 const char *kind, incident_take_fn *take,
			 void *context)
{
	g_autoptr(GString) prefix = index_prefix(kind ? INDEX_KIND :
						 INDEX_TIME, kind);
	g_autoptr(GString) from = g_string_new_len(prefix->str,
						   (gssize)prefix->len);

	if (before_us != INT64_MAX)
		add_time(from, ~(uint64_t)(before_us - 1));
	walk(txn, prefix, from, take, context);
}

void incidentrows_waiting(struct state_txn *txn, incident_take_fn *take,
			  void *context)
{
	g_autoptr(GString) prefix = index_prefix(INDEX_WAITING, NULL);
	g_autoptr(GString) from = g_string_new_len(prefix->str,
						   (gssize)prefix->len);

	walk(txn, prefix, from, take, context);
}

struct expiring {
	struct state_txn *txn;
	uint64_t left;
};

static bool expire_one(const struct incident *incident, void *context)
{
	struct expiring *expiring = context;
	g_autoptr(GString) key = row_key(incident);

	drop_index(expiring->txn, incident);
	state_delete(expiring->txn, STATE_INCIDENTS, span_of_string(key));
	return --expiring->left > 0;
}

void incidentrows_expire(struct state_txn *txn, int64_t before_us,
			 uint64_t most)
{
	struct expiring expiring = { txn, most };

	incidentrows_before(txn, before_us, NULL, expire_one, &expiring);
}
