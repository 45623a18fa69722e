#include <config.h>

#include "cases/caserows.h"

#include "base/bigendian.h"

#include <string.h>

/*
 * Keys, numbers big-endian. A case is an entry 'c'; 's', 'u', 'o' and 'd' lead
 * to it by state, subject, customer and what is due first, and have no value.
 * 'a' is casetold.c's.
 */
enum prefix {
	PREFIX_CASE = 'c',	/* id */
	PREFIX_DUE = 'd',	/* time, id */
	PREFIX_NUMBER = 'n',	/* year; the last number given */
	PREFIX_CUSTOMER = 'o',	/* whose the subject is, NUL, id */
	PREFIX_STATE = 's',	/* state, id */
	PREFIX_STEP = 't',	/* id, place */
	PREFIX_SUBJECT = 'u',	/* kind, subject, NUL, id */
};

#define ID_BYTES 6
#define CASE_ID_LAST (struct case_id){ UINT16_MAX, UINT32_MAX }

static void add_id(GString *key, struct case_id id)
{
	bigendian_append(key, id.year, 2);
	bigendian_append(key, id.number, 4);
}

static struct case_id read_id(struct span key)
{
	const char *from = key.ptr + key.len - ID_BYTES;

	return (struct case_id){ (uint16_t)bigendian_read(from, 2),
				 (uint32_t)bigendian_read(from + 2, 4) };
}

static GString *key_begin(enum prefix prefix)
{
	GString *key = g_string_new(NULL);

	g_string_append_c(key, (char)prefix);
	return key;
}

static GString *case_key(struct case_id id)
{
	GString *key = key_begin(PREFIX_CASE);

	add_id(key, id);
	return key;
}

static GString *step_key(struct case_id id, uint32_t place)
{
	GString *key = key_begin(PREFIX_STEP);

	add_id(key, id);
	bigendian_append(key, place, 4);
	return key;
}

static struct span span_of_bytes(GBytes *bytes)
{
	gsize len;
	const char *ptr = g_bytes_get_data(bytes, &len);

	return span_of(ptr, len);
}

#define INDEXES 4

static GString *customer_key(const char *customer)
{
	GString *key = key_begin(PREFIX_CUSTOMER);
	g_autofree char *lower = g_ascii_strdown(customer, -1);

	g_string_append(key, lower);
	g_string_append_c(key, '\0');
	return key;
}

/* The keys that lead to it; NULL where nothing is due, or nobody's customer. */
static void index_keys(const struct case_facts *facts, GString **keys_out)
{
	enum case_duty duty = case_first_duty(facts);

	keys_out[0] = caserows_of_state(facts->state);
	keys_out[1] = caserows_of_subject(facts->subject_kind, facts->subject);
	keys_out[2] = duty == CASE_DUTIES ? NULL : key_begin(PREFIX_DUE);
	if (keys_out[2])
		bigendian_append(keys_out[2], (uint64_t)facts->due_us[duty], 8);
	keys_out[3] = facts->customer && *facts->customer ?
		      customer_key(facts->customer) : NULL;
	for (int i = 0; i < INDEXES; i++)
		if (keys_out[i])
			add_id(keys_out[i], facts->id);
}

static bool put_index(struct state_txn *txn, const struct case_facts *facts,
		      GError **error)
{
	GString *keys[INDEXES];
	bool is_good = true;

	index_keys(facts, keys);
	for (int i = 0; i < INDEXES; i++) {
		if (!keys[i])
			continue;
		is_good = is_good && state_put(txn, STATE_CASES,
					       span_string(keys[i]),
					       span_text(""), error);
		g_string_free(keys[i], TRUE);
	}
	return is_good;
}

static bool put_case(struct state_txn *txn, const struct case_facts *facts,
		     GError **error)
{
	g_autoptr(GString) key = case_key(facts->id);
	g_autoptr(GBytes) bytes = caseform_pack(facts);

	return state_put(txn, STATE_CASES, span_string(key),
			 span_of_bytes(bytes), error) &&
	       put_index(txn, facts, error);
}

static bool put_step(struct state_txn *txn, const struct case_facts *facts,
		     const struct case_step *step, GError **error)
{
	g_autoptr(GString) key = step_key(facts->id, facts->steps);
	g_autoptr(GBytes) bytes = NULL;
	struct case_step whole = *step;

	whole.state = facts->state;
	bytes = caseform_pack_step(&whole);
	return state_put(txn, STATE_CASES, span_string(key),
			 span_of_bytes(bytes), error);
}

uint32_t caserows_last_number(struct state_txn *txn, uint16_t year)
{
	g_autoptr(GString) key = key_begin(PREFIX_NUMBER);
	struct span value;

	bigendian_append(key, year, 2);
	return state_find(txn, STATE_CASES, span_string(key), &value) &&
	       value.len == 4 ? (uint32_t)bigendian_read(value.ptr, 4) : 0;
}

/* The year is that of UTC. */
static struct case_id next_id(struct state_txn *txn, int64_t now_us)
{
	g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(
		now_us / G_USEC_PER_SEC);
	uint16_t year = (uint16_t)g_date_time_get_year(now);

	return (struct case_id){ year, caserows_last_number(txn, year) + 1 };
}

static bool put_number(struct state_txn *txn, struct case_id id,
		       GError **error)
{
	g_autoptr(GString) key = key_begin(PREFIX_NUMBER);
	g_autoptr(GString) value = g_string_new(NULL);

	bigendian_append(key, id.year, 2);
	bigendian_append(value, id.number, 4);
	return state_put(txn, STATE_CASES, span_string(key),
			 span_string(value), error);
}

static GString *copy_of(const GString *text)
{
	return g_string_new_len(text->str, (gssize)text->len);
}

/* Each key ends with an id. */
static bool is_of(struct span key, const GString *which)
{
	return key.len >= which->len + ID_BYTES &&
	       memcmp(key.ptr, which->str, which->len) == 0;
}

static bool seek(struct state_txn *txn, const GString *which,
		 const GString *from, struct span *key_out)
{
	struct span value;

	return state_seek(txn, STATE_CASES, span_string(from), key_out,
			  &value) && is_of(*key_out, which);
}

static bool seek_back(struct state_txn *txn, const GString *which,
		      const GString *before, struct span *key_out)
{
	struct span value;

	return state_seek_back(txn, STATE_CASES, span_string(before),
			       key_out, &value) && is_of(*key_out, which);
}

/* What cannot be read is passed over. */
static bool give(struct state_txn *txn, struct case_id id,
		 struct arena *arena, caserows_take_fn *take, void *context)
{
	struct case_facts facts;
	bool is_more = !caserows_find(txn, id, arena, &facts) ||
		       take(&facts, context);

	arena_reset(arena);
	return is_more;
}

static bool take_live(const struct case_facts *facts, void *context)
{
	struct case_id *id = context;

	if (!casestate_is_live(facts->state))
		return true;
	*id = facts->id;
	return false;
}

static void begin(struct case_facts *facts, enum case_witness witness,
		  const struct case_step *step,
		  const struct case_settings *settings)
{
	facts->state = CASE_STATE_OPEN;
	facts->opened_us = facts->changed_us = step->when_us;
	facts->steps = 1;
	facts->assigned = "";
	caseduties_begin(facts, witness, settings);
}

bool caserows_find(struct state_txn *txn, struct case_id id,
		   struct arena *arena, struct case_facts *out)
{
	g_autoptr(GString) key = case_key(id);
	struct span value;

	if (!state_find(txn, STATE_CASES, span_string(key), &value) ||
	    !caseform_unpack(value, arena, out))
		return false;
	out->id = id;
	return true;
}

bool caserows_find_live(struct state_txn *txn, enum list_kind kind,
			const char *subject, struct case_id *id_out)
{
	g_autoptr(GString) prefix = caserows_of_subject(kind, subject);

	return !caserows_walk(txn, prefix, take_live, id_out);
}

bool caserows_find_live_of(struct state_txn *txn, const char *customer,
			   struct case_id *id_out)
{
	g_autoptr(GString) prefix = customer_key(customer);

	return !caserows_walk(txn, prefix, take_live, id_out);
}

bool caserows_add(struct state_txn *txn, const struct case_settings *settings,
		  struct case_facts *facts, enum case_witness witness,
		  const struct case_step *step, GError **error)
{
	struct case_id other;

	if (caserows_find_live(txn, facts->subject_kind, facts->subject,
			       &other))
		return caserows_fail(error, STORE_ERROR_INVALID, other,
			"goes on already about the same; note it there");
	begin(facts, witness, step, settings);
	facts->id = next_id(txn, facts->opened_us);
	return put_number(txn, facts->id, error) &&
	       caserows_put(txn, facts, step, error);
}

void caserows_leave(struct state_txn *txn, const struct case_facts *facts)
{
	GString *keys[INDEXES];

	index_keys(facts, keys);
	for (int i = 0; i < INDEXES; i++) {
		if (!keys[i])
			continue;
		state_delete(txn, STATE_CASES, span_string(keys[i]));
		g_string_free(keys[i], TRUE);
	}
}

bool caserows_put(struct state_txn *txn, const struct case_facts *facts,
		  const struct case_step *step, GError **error)
{
	return put_case(txn, facts, error) &&
	       put_step(txn, facts, step, error);
}

bool caserows_find_step(struct state_txn *txn, struct case_id id,
			uint32_t place, struct arena *arena,
			struct case_step *out)
{
	g_autoptr(GString) key = step_key(id, place);
	struct span value;

	return state_find(txn, STATE_CASES, span_string(key), &value) &&
	       caseform_unpack_step(value, arena, out);
}

GString *caserows_all(void)
{
	return key_begin(PREFIX_CASE);
}

GString *caserows_of_state(enum case_state state)
{
	GString *key = key_begin(PREFIX_STATE);

	g_string_append_c(key, (char)state);
	return key;
}

GString *caserows_of_subject(enum list_kind kind, const char *subject)
{
	GString *key = key_begin(PREFIX_SUBJECT);
	g_autofree char *lower = g_ascii_strdown(subject, -1);

	g_string_append_c(key, (char)kind);
	g_string_append(key, lower);
	g_string_append_c(key, '\0');
	return key;
}

GString *caserows_due(void)
{
	return key_begin(PREFIX_DUE);
}

bool caserows_walk(struct state_txn *txn, const GString *which,
		   caserows_take_fn *take, void *context)
{
	g_autoptr(GString) from = copy_of(which);
	struct arena arena;
	struct span key;
	bool is_more = true;

	arena_init(&arena);
	while (is_more && seek(txn, which, from, &key)) {
		g_string_truncate(from, 0);
		g_string_append_len(from, key.ptr, (gssize)key.len);
		g_string_append_c(from, '\0');
		is_more = give(txn, read_id(key), &arena, take, context);
	}
	arena_release(&arena);
	return is_more;
}

bool caserows_walk_back(struct state_txn *txn, const GString *which,
			struct case_id before, caserows_take_fn *take,
			void *context)
{
	g_autoptr(GString) from = copy_of(which);
	struct arena arena;
	struct span key;
	bool is_more = true;

	add_id(from, before.number ? before : CASE_ID_LAST);
	arena_init(&arena);
	while (is_more && seek_back(txn, which, from, &key)) {
		g_string_truncate(from, 0);
		g_string_append_len(from, key.ptr, (gssize)key.len);
		is_more = give(txn, read_id(key), &arena, take, context);
	}
	arena_release(&arena);
	return is_more;
}

bool caserows_fail(GError **error, enum store_error code, struct case_id id,
		   const char *what)
{
	char text[CASE_ID_TEXT_MAX];

	store_error_set_text(error, code, "case %s: %s",
			     case_id_format(id, text), what);
	return false;
}
