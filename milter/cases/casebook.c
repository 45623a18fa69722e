#include <config.h>

#include "cases/casebook.h"

#include "cases/caseduties.h"
#include "store/storeerror.h"

#include <string.h>

/*
 * Keys, numbers big-endian. A case is an entry 'c'; 's', 'u' and 'd' lead to it by
 * state, subject and what is due first, and have no value.
 */
enum prefix {
	PREFIX_CASE = 'c',	/* id */
	PREFIX_DUE = 'd',	/* time, id */
	PREFIX_NUMBER = 'n',	/* year; the last number given */
	PREFIX_STATE = 's',	/* state, id */
	PREFIX_STEP = 't',	/* id, place */
	PREFIX_SUBJECT = 'u',	/* kind, subject, NUL, id */
};

#define ID_BYTES 6

static void add_number(GString *key, uint64_t number, int bytes)
{
	while (bytes-- > 0)
		g_string_append_c(key, (char)(number >> 8 * bytes));
}

static void add_id(GString *key, struct case_id id)
{
	add_number(key, id.year, 2);
	add_number(key, id.number, 4);
}

static uint64_t read_number(const char *from, int bytes)
{
	uint64_t number = 0;

	while (bytes-- > 0)
		number = number << 8 | (uint8_t)*from++;
	return number;
}

static struct case_id read_id(struct span key)
{
	const char *from = key.ptr + key.len - ID_BYTES;

	return (struct case_id){ (uint16_t)read_number(from, 2),
				 (uint32_t)read_number(from + 2, 4) };
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

static GString *subject_prefix(enum list_kind kind, const char *subject)
{
	GString *key = key_begin(PREFIX_SUBJECT);
	g_autofree char *lower = g_ascii_strdown(subject, -1);

	g_string_append_c(key, (char)kind);
	g_string_append(key, lower);
	g_string_append_c(key, '\0');
	return key;
}

static GString *state_prefix(enum case_state state)
{
	GString *key = key_begin(PREFIX_STATE);

	g_string_append_c(key, (char)state);
	return key;
}

static struct span span_of_string(const GString *text)
{
	return span_of(text->str, text->len);
}

static struct span span_of_bytes(GBytes *bytes)
{
	gsize len;
	const char *ptr = g_bytes_get_data(bytes, &len);

	return span_of(ptr, len);
}

/* The keys that lead to it; the last is NULL when nothing is due. */
static void index_keys(const struct case_facts *facts, GString *keys_out[3])
{
	enum case_duty duty = case_first_duty(facts);

	keys_out[0] = state_prefix(facts->state);
	keys_out[1] = subject_prefix(facts->subject_kind, facts->subject);
	keys_out[2] = duty == CASE_DUTIES ? NULL : key_begin(PREFIX_DUE);
	if (keys_out[2])
		add_number(keys_out[2], (uint64_t)facts->due_us[duty], 8);
	for (int i = 0; i < 3; i++)
		if (keys_out[i])
			add_id(keys_out[i], facts->id);
}

static bool set_index(struct state_txn *txn, const struct case_facts *facts,
		      bool is_there, GError **error)
{
	GString *keys[3];
	bool is_good = true;

	index_keys(facts, keys);
	for (int i = 0; i < 3; i++) {
		if (!keys[i])
			continue;
		if (!is_there)
			state_delete(txn, STATE_CASES, span_of_string(keys[i]));
		else if (is_good)
			is_good = state_put(txn, STATE_CASES,
					    span_of_string(keys[i]),
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

	return state_put(txn, STATE_CASES, span_of_string(key),
			 span_of_bytes(bytes), error) &&
	       set_index(txn, facts, true, error);
}

static bool put_step(struct state_txn *txn, const struct case_facts *facts,
		     const struct case_step *step, GError **error)
{
	g_autoptr(GString) key = key_begin(PREFIX_STEP);
	g_autoptr(GBytes) bytes = NULL;
	struct case_step whole = *step;

	whole.state = facts->state;
	bytes = caseform_pack_step(&whole);
	add_id(key, facts->id);
	add_number(key, facts->steps, 4);
	return state_put(txn, STATE_CASES, span_of_string(key),
			 span_of_bytes(bytes), error);
}

static bool find_case(struct state_txn *txn, struct case_id id,
		      struct arena *arena, struct case_facts *out)
{
	g_autoptr(GString) key = case_key(id);
	struct span value;

	if (!state_find(txn, STATE_CASES, span_of_string(key), &value) ||
	    !caseform_unpack(value, arena, out))
		return false;
	out->id = id;
	return true;
}

static bool fail(GError **error, enum store_error code, struct case_id id,
		 const char *what)
{
	char text[CASE_ID_TEXT_MAX];

	store_error_set_text(error, code, "case %s: %s",
			     case_id_format(id, text), what);
	return false;
}

/* Goes through the keys with that prefix; each ends with an id. */
static bool walk(struct state_txn *txn, const GString *prefix,
		 casebook_take_fn *take, void *context)
{
	g_autoptr(GString) from = g_string_new_len(prefix->str,
						   (gssize)prefix->len);
	struct span key, value;
	struct arena arena;
	bool is_more = true;

	arena_init(&arena);
	while (is_more && state_seek(txn, STATE_CASES, span_of_string(from),
				     &key, &value) &&
	       key.len >= prefix->len + ID_BYTES &&
	       memcmp(key.ptr, prefix->str, prefix->len) == 0) {
		struct case_facts facts;

		g_string_truncate(from, 0);
		g_string_append_len(from, key.ptr, (gssize)key.len);
		g_string_append_c(from, '\0');
		if (find_case(txn, read_id(key), &arena, &facts))
			is_more = take(&facts, context);
		arena_reset(&arena);
	}
	arena_release(&arena);
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

/* The year is that of UTC. */
static struct case_id next_id(struct state_txn *txn, int64_t now_us)
{
	g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(
		now_us / G_USEC_PER_SEC);
	g_autoptr(GString) key = key_begin(PREFIX_NUMBER);
	struct case_id id = { (uint16_t)g_date_time_get_year(now), 1 };
	struct span value;

	add_number(key, id.year, 2);
	if (state_find(txn, STATE_CASES, span_of_string(key), &value) &&
	    value.len == 4)
		id.number = (uint32_t)read_number(value.ptr, 4) + 1;
	return id;
}

static bool put_number(struct state_txn *txn, struct case_id id,
		       GError **error)
{
	g_autoptr(GString) key = key_begin(PREFIX_NUMBER);
	g_autoptr(GString) value = g_string_new(NULL);

	add_number(key, id.year, 2);
	add_number(value, id.number, 4);
	return state_put(txn, STATE_CASES, span_of_string(key),
			 span_of_string(value), error);
}

static bool check_texts(const char *note, const char *contact, GError **error)
{
	bool is_good = strlen(note) <= CASE_TEXT_MAX &&
		       strlen(contact) <= CASE_CONTACT_MAX;

	if (!is_good)
		store_error_set_text(error, STORE_ERROR_INVALID, "a note has "
				     "%d bytes at most, a contact %d",
				     CASE_TEXT_MAX, CASE_CONTACT_MAX);
	return is_good;
}

static bool write_new(struct state_txn *txn, struct case_facts *facts,
		      const struct case_step *step, GError **error)
{
	g_autoptr(GString) prefix = subject_prefix(facts->subject_kind,
						   facts->subject);
	struct case_id other;

	if (!walk(txn, prefix, take_live, &other))
		return fail(error, STORE_ERROR_INVALID, other, "goes on "
			    "already about the same; note it there");
	facts->id = next_id(txn, facts->opened_us);
	return put_number(txn, facts->id, error) &&
	       put_case(txn, facts, error) &&
	       put_step(txn, facts, step, error);
}

static void begin(struct case_facts *facts, const struct case_step *step,
		  const struct case_settings *settings)
{
	facts->state = CASE_STATE_OPEN;
	facts->opened_us = facts->changed_us = step->when_us;
	facts->steps = 1;
	facts->assigned = "";
	caseduties_begin(facts, settings);
}

bool casebook_open(struct state *state, const struct case_settings *settings,
		   struct case_facts *facts, const struct case_step *step,
		   struct arena *arena, GError **error)
{
	struct state_txn *txn;

	facts->subject = lists_form(facts->subject_kind,
				    span_text(facts->subject), arena, error);
	if (!facts->subject ||
	    !check_texts(step->note, facts->contact, error))
		return false;
	begin(facts, step, settings);
	txn = state_begin_write(state, error);
	if (!txn)
		return false;
	if (write_new(txn, facts, step, error))
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}

static bool put_on_list(struct state_txn *txn, enum list_which which,
			const struct case_facts *facts,
			const struct case_step *step, GError **error)
{
	char id[CASE_ID_TEXT_MAX];
	const struct list_entry entry = {
		.which = which, .kind = facts->subject_kind,
		.value = facts->subject,
		.reason = case_id_format(facts->id, id),
		.operator_name = step->operator_name,
		.created_us = step->when_us, .expires_us = facts->until_us,
	};

	return lists_put(txn, &entry, error);
}

/* Whoever is terminated stays suspended, for ever. */
static bool set_lists(struct state_txn *txn, const struct case_facts *facts,
		      const struct case_step *step, GError **error)
{
	struct span subject = span_text(facts->subject);

	lists_drop(txn, LIST_WATCHED, facts->subject_kind, subject);
	lists_drop(txn, LIST_SUSPENDED, facts->subject_kind, subject);
	if (facts->state == CASE_STATE_WATCHED)
		return put_on_list(txn, LIST_WATCHED, facts, step, error);
	if (facts->state == CASE_STATE_SUSPENDED ||
	    facts->state == CASE_STATE_TERMINATED)
		return put_on_list(txn, LIST_SUSPENDED, facts, step, error);
	return true;
}

static bool is_listed_by(enum case_command command)
{
	return command != CASE_COMMAND_NOTE && command != CASE_COMMAND_ASSIGN;
}

static bool change_it(struct state_txn *txn,
		      const struct case_settings *settings,
		      const struct case_change *change,
		      struct case_facts *facts, GError **error)
{
	const struct case_step *step = &change->step;
	const char *why;
	enum case_state to = casestate_after(facts->state, step->command,
					     &why);

	if (to == CASE_STATE_NONE)
		return fail(error, STORE_ERROR_INVALID, facts->id, why);
	if (!set_index(txn, facts, false, error))
		return false;
	facts->state = to;
	facts->changed_us = step->when_us;
	facts->steps++;
	if (change->assigned)
		facts->assigned = change->assigned;
	if (change->contact)
		facts->contact = change->contact;
	if (change->is_reported)
		facts->due_us[CASE_DUTY_REPORT] = 0;
	caseduties_after(facts, step->command, change->until_us,
			 step->when_us, settings);
	return put_case(txn, facts, error) &&
	       put_step(txn, facts, step, error) &&
	       (!is_listed_by(step->command) ||
		set_lists(txn, facts, step, error));
}

bool casebook_change(struct state *state, const struct case_settings *settings,
		     struct case_id id, const struct case_change *change,
		     struct case_facts *facts_out, struct arena *arena,
		     GError **error)
{
	struct state_txn *txn;
	bool is_good;

	if (!check_texts(change->step.note,
			 change->assigned ? change->assigned : "", error) ||
	    !check_texts("", change->contact ? change->contact : "", error))
		return false;
	txn = state_begin_write(state, error);
	if (!txn)
		return false;
	is_good = find_case(txn, id, arena, facts_out);
	if (!is_good)
		fail(error, STORE_ERROR_MISSING, id, "there is none");
	if (is_good && change_it(txn, settings, change, facts_out, error))
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}

/* Which kinds of incident make which cases; all else is spam. */
static enum case_kind kind_of(const struct incident *incident)
{
	static const struct { const char *word; enum case_kind kind; }
	kinds[] = {
		{ "relay", CASE_KIND_OPEN_RELAY },
		{ "harvest", CASE_KIND_ATTACK },
		{ "virus", CASE_KIND_VIRUS },
		{ "harmful", CASE_KIND_HARMFUL },
		{ "forged", CASE_KIND_FORGED_SENDER },
	};

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (strcmp(kinds[i].word, incident->kind) == 0)
			return kinds[i].kind;
	return CASE_KIND_SPAM;
}

/* What came before the warning is what the warning is about. */
static bool is_strike(const struct case_settings *settings,
		      const struct case_facts *facts,
		      const struct incident *incident)
{
	return facts->state != CASE_STATE_OPEN &&
	       facts->state != CASE_STATE_SUSPENDED &&
	       incident->first_us > facts->changed_us &&
	       incident->first_us > facts->incident_us +
				    settings->quiet_ms * 1000;
}

static bool join_old(struct state_txn *txn,
		     const struct case_settings *settings,
		     const struct incident *incident,
		     const struct case_step *step, struct case_facts *facts,
		     GError **error)
{
	if (!set_index(txn, facts, false, error))
		return false;
	if (is_strike(settings, facts, incident)) {
		facts->strikes++;
		facts->severity = MIN(facts->severity + 1, 3);
		caseduties_strike(facts, step->when_us, settings);
	}
	facts->incidents++;
	facts->incident_us = MAX(facts->incident_us, incident->last_us);
	facts->steps++;
	return put_case(txn, facts, error) &&
	       put_step(txn, facts, step, error);
}

static bool join_new(struct state_txn *txn,
		     const struct case_settings *settings,
		     const struct incident *incident, const char *contact,
		     const struct case_step *step, struct case_facts *facts,
		     GError **error)
{
	struct case_step first = *step;

	*facts = (struct case_facts){
		.kind = kind_of(incident), .severity = 1,
		.subject_kind = incident->subject.kind,
		.subject = incident->subject.value, .contact = contact,
		.incidents = 1, .incident_us = incident->last_us,
	};
	first.command = CASE_COMMAND_OPEN;
	begin(facts, &first, settings);
	return write_new(txn, facts, &first, error);
}

static bool join_it(struct state_txn *txn,
		    const struct case_settings *settings,
		    const struct incident *incident, const char *contact,
		    const struct case_step *step, struct case_facts *facts,
		    bool *is_new_out, struct arena *arena, GError **error)
{
	g_autoptr(GString) prefix = subject_prefix(incident->subject.kind,
						   incident->subject.value);
	struct case_id id;

	*is_new_out = walk(txn, prefix, take_live, &id);
	return (*is_new_out ?
		join_new(txn, settings, incident, contact, step, facts,
			 error) :
		find_case(txn, id, arena, facts) &&
		join_old(txn, settings, incident, step, facts, error)) &&
	       incidents_set_in_case(txn, incident, error);
}

bool casebook_join(struct state *state, const struct case_settings *settings,
		   const struct incident *incident, const char *contact,
		   const struct case_step *step, struct case_facts *facts_out,
		   bool *is_new_out, struct arena *arena, GError **error)
{
	const char *form = lists_form(incident->subject.kind,
				      span_text(incident->subject.value),
				      arena, error);
	struct incident formed = *incident;
	struct state_txn *txn;

	if (!form)
		return false;
	formed.subject.value = form;
	txn = state_begin_write(state, error);
	if (!txn)
		return false;
	if (join_it(txn, settings, &formed, contact, step, facts_out, is_new_out,
		    arena, error))
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}

bool casebook_get(struct state *state, struct case_id id,
		  struct case_facts *out, struct arena *arena, GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);
	bool is_found;

	if (!txn)
		return false;
	is_found = find_case(txn, id, arena, out);
	state_end(&txn);
	return is_found || fail(error, STORE_ERROR_MISSING, id,
				"there is none");
}

static bool walk_all(struct state *state, const GString *prefix,
		     casebook_take_fn *take, void *context, GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);

	if (!txn)
		return false;
	walk(txn, prefix, take, context);
	state_end(&txn);
	return true;
}

bool casebook_each(struct state *state, enum case_state which,
		   casebook_take_fn *take, void *context, GError **error)
{
	g_autoptr(GString) prefix = which ? state_prefix(which) :
				    key_begin(PREFIX_CASE);

	return walk_all(state, prefix, take, context, error);
}

bool casebook_each_of(struct state *state, enum list_kind kind,
		      const char *subject, casebook_take_fn *take,
		      void *context, GError **error)
{
	g_autoptr(GString) prefix = subject_prefix(kind, subject);

	return walk_all(state, prefix, take, context, error);
}

struct due {
	int64_t until_us;
	casebook_take_fn *take;
	void *context;
};

static bool take_due(const struct case_facts *facts, void *context)
{
	const struct due *due = context;
	enum case_duty duty = case_first_duty(facts);

	return duty != CASE_DUTIES && facts->due_us[duty] <= due->until_us &&
	       due->take(facts, due->context);
}

bool casebook_each_due(struct state *state, int64_t until_us,
		       casebook_take_fn *take, void *context, GError **error)
{
	g_autoptr(GString) prefix = key_begin(PREFIX_DUE);
	struct due due = { until_us, take, context };

	return walk_all(state, prefix, take_due, &due, error);
}

/* Bounded by the number that the case has of them. */
static void walk_steps(struct state_txn *txn, const struct case_facts *facts,
		       struct arena *arena, casebook_take_step_fn *take,
		       void *context)
{
	bool is_more = true;

	for (uint32_t i = 1; is_more && i <= facts->steps; i++) {
		g_autoptr(GString) key = key_begin(PREFIX_STEP);
		struct case_step step;
		struct span value;

		add_id(key, facts->id);
		add_number(key, i, 4);
		if (state_find(txn, STATE_CASES, span_of_string(key),
			       &value) &&
		    caseform_unpack_step(value, arena, &step))
			is_more = take(&step, context);
	}
}

bool casebook_each_step(struct state *state, struct case_id id,
			casebook_take_step_fn *take, void *context,
			GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);
	struct case_facts facts;
	struct arena arena;
	bool is_found;

	if (!txn)
		return false;
	arena_init(&arena);
	is_found = find_case(txn, id, &arena, &facts);
	if (is_found)
		walk_steps(txn, &facts, &arena, take, context);
	arena_release(&arena);
	state_end(&txn);
	return is_found || fail(error, STORE_ERROR_MISSING, id,
				"there is none");
}
