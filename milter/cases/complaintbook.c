#include <config.h>

#include "cases/complaintbook.h"

#include "cases/complaintrows.h"
#include "store/storeerror.h"

#include <string.h>

#define EXPIRE_MOST 1000

const char *complaintbook_outcome_word(enum complaint_outcome outcome)
{
	static const char *const words[] = {
		"added", "joined", "throttled", "full",
	};

	return words[outcome];
}

/* Keeps what was known, and adds what is new. */
static bool join(struct state_txn *txn, uint64_t number,
		 struct complaint_entry *entry, GError **error)
{
	struct complaint_entry old;
	struct arena arena;
	bool is_good;

	arena_init(&arena);
	is_good = complaintrows_find(txn, number, &arena, &old);
	if (is_good) {
		old.last_us = MAX(old.last_us, entry->last_us);
		old.count++;
		entry->is_now_matched = !old.match.record_count &&
					entry->match.record_count;
		if (!old.match.record_count)
			old.match = entry->match;
		is_good = complaintrows_put(txn, &old, error);
		entry->number = number;
		entry->count = old.count;
	} else {
		store_error_set_text(error, STORE_ERROR_DAMAGED, "complaint %"
				     G_GUINT64_FORMAT " cannot be read",
				     number);
	}
	arena_release(&arena);
	return is_good;
}

static bool add_new(struct state_txn *txn, struct complaint_entry *entry,
		    struct span same, GError **error)
{
	entry->number = complaintrows_last(txn) + 1;
	entry->first_us = entry->last_us;
	entry->count = 1;
	entry->is_now_matched = entry->match.record_count > 0;
	return complaintrows_put_last(txn, entry->number, error) &&
	       complaintrows_put_number(txn, same, entry->number, error) &&
	       complaintrows_put(txn, entry, error);
}

static bool is_full(struct state_txn *txn)
{
	return state_count(txn, STATE_COMPLAINTS) >= 4 * COMPLAINTS_MAX;
}

static bool add(struct state_txn *txn, struct complaint_entry *entry,
		int64_t most_a_day, enum complaint_outcome *outcome_out,
		GError **error)
{
	g_autoptr(GString) same = complaintrows_sameness(&entry->complaint);
	struct span value;
	uint64_t today;

	*outcome_out = COMPLAINT_JOINED;
	if (state_find(txn, STATE_COMPLAINTS, span_string(same), &value))
		return join(txn, complaintrows_number(value), entry, error);
	*outcome_out = COMPLAINT_FULL;
	if (is_full(txn))
		return true;
	if (!complaintrows_count_today(txn, entry, &today, error))
		return false;
	*outcome_out = COMPLAINT_THROTTLED;
	if (today > (uint64_t)most_a_day)
		return true;
	*outcome_out = COMPLAINT_ADDED;
	return add_new(txn, entry, span_string(same), error);
}

bool complaintbook_add(struct state *state, struct complaint_entry *entry,
		       int64_t most_a_day, enum complaint_outcome *outcome_out,
		       GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);

	if (!txn)
		return false;
	if (add(txn, entry, most_a_day, outcome_out, error))
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}

bool complaintbook_has_room(struct state *state,
			    const struct complaint *complaint)
{
	struct state_txn *txn = state_begin_read(state, NULL);
	g_autoptr(GString) same = complaintrows_sameness(complaint);
	struct span value;
	bool has_room;

	if (!txn)
		return true;	/* complaintbook_add() tells what is wrong */
	has_room = !is_full(txn) ||
		   state_find(txn, STATE_COMPLAINTS, span_string(same),
			      &value);
	state_end(&txn);
	return has_room;
}

static bool find_or_say(struct state_txn *txn, uint64_t number,
			struct arena *arena, struct complaint_entry *out,
			GError **error)
{
	if (complaintrows_find(txn, number, arena, out))
		return true;
	store_error_set_text(error, STORE_ERROR_MISSING, "there is no "
			     "complaint %" G_GUINT64_FORMAT "; reevectl "
			     "complaint list shows them", number);
	return false;
}

bool complaintbook_get(struct state *state, uint64_t number,
		       struct arena *arena, struct complaint_entry *entry_out,
		       GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);
	bool is_good;

	if (!txn)
		return false;
	is_good = find_or_say(txn, number, arena, entry_out, error);
	state_end(&txn);
	return is_good;
}

typedef bool change_fn(struct state_txn *txn, struct complaint_entry *entry,
		       const void *change, GError **error);

static bool change(struct state *state, uint64_t number, change_fn *make,
		   const void *change, GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);
	struct complaint_entry entry;
	struct arena arena;
	bool is_good;

	if (!txn)
		return false;
	arena_init(&arena);
	is_good = find_or_say(txn, number, &arena, &entry, error) &&
		  make(txn, &entry, change, error) &&
		  complaintrows_put(txn, &entry, error);
	arena_release(&arena);
	if (is_good)
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}

struct matching {
	const struct complaint_match *match;
	const char *operator_name;
};

static bool set_match(struct state_txn *txn, struct complaint_entry *entry,
		      const void *how, GError **error)
{
	const struct matching *matching = how;

	(void)txn;
	if (entry->erased_us) {
		store_error_set_text(error, STORE_ERROR_INVALID, "complaint %"
				     G_GUINT64_FORMAT " was erased",
				     entry->number);
		return false;
	}
	entry->match = *matching->match;
	entry->operator_name = matching->operator_name;
	return true;
}

bool complaintbook_match(struct state *state, uint64_t number,
			 const struct complaint_match *match,
			 const char *operator_name, GError **error)
{
	const struct matching how = { match, operator_name };

	return change(state, number, set_match, &how, error);
}

struct erasing {
	const char *operator_name;
	int64_t when_us;
};

/* The same complaint, if it comes again, is a new one. */
static bool set_erased(struct state_txn *txn, struct complaint_entry *entry,
		       const void *how, GError **error)
{
	const struct erasing *erasing = how;
	g_autoptr(GString) same = complaintrows_sameness(&entry->complaint);
	const struct complaint left = {
		.form = entry->complaint.form, .flaws = entry->complaint.flaws,
		.kind = entry->complaint.kind, .reporter = "",
		.reporter_domain = "", .agent = "", .subject = "",
		.message_id = "", .sender = "", .recipient = "",
		.is_redacted = entry->complaint.is_redacted,
	};

	(void)error;
	if (!entry->erased_us)
		state_delete(txn, STATE_COMPLAINTS, span_string(same));
	entry->complaint = left;
	entry->match.account = entry->match.client = "";
	entry->match.customer = entry->note = "";
	entry->operator_name = erasing->operator_name;
	entry->erased_us = erasing->when_us;
	return true;
}

bool complaintbook_erase(struct state *state, uint64_t number,
			 const char *operator_name, int64_t when_us,
			 GError **error)
{
	const struct erasing how = { operator_name, when_us };

	return change(state, number, set_erased, &how, error);
}

static void walk_back(struct state_txn *txn, char kind, uint64_t number,
		      complaint_take_fn *take, void *context)
{
	struct complaint_entry entry;
	struct span key, value;
	struct arena arena;
	bool is_more = true;

	arena_init(&arena);
	while (is_more) {
		g_autoptr(GString) before = complaintrows_key(kind, number);

		if (!state_seek_back(txn, STATE_COMPLAINTS,
				     span_string(before), &key,
				     &value) ||
		    !key.len || key.ptr[0] != kind)
			break;
		number = complaintrows_number(span_from(key, 1));
		if (complaintrows_find(txn, number, &arena, &entry))
			is_more = take(&entry, context);
		arena_reset(&arena);
	}
	arena_release(&arena);
}

bool complaintbook_each(struct state *state, bool is_unmatched,
			complaint_take_fn *take, void *context, GError **error)
{
	return complaintbook_each_before(state, is_unmatched, 0, take, context,
					 error);
}

bool complaintbook_each_before(struct state *state, bool is_unmatched,
			       uint64_t number, complaint_take_fn *take,
			       void *context, GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);

	if (!txn)
		return false;
	walk_back(txn, is_unmatched ? COMPLAINTROWS_UNMATCHED :
				      COMPLAINTROWS_ENTRY,
		  number ? number : UINT64_MAX, take, context);
	state_end(&txn);
	return true;
}

/* The counts of days before then. */
static bool forget_days(struct state_txn *txn, int64_t before_us)
{
	g_autoptr(GString) from = complaintrows_key(COMPLAINTROWS_RATE, 0);
	g_autoptr(GString) end = complaintrows_key(COMPLAINTROWS_RATE,
		(uint64_t)(before_us / COMPLAINTROWS_DAY_US));
	struct span key, value;
	bool is_any = false;

	for (int i = 0; i < EXPIRE_MOST &&
	     state_seek(txn, STATE_COMPLAINTS, span_string(from), &key,
			&value) &&
	     memcmp(key.ptr, end->str, MIN(key.len, end->len)) < 0; i++) {
		g_autofree char *copy = g_memdup2(key.ptr, key.len);

		is_any |= state_delete(txn, STATE_COMPLAINTS,
				       span_of(copy, key.len));
	}
	return is_any;
}

static bool forget_old(struct state_txn *txn, int64_t before_us,
		       struct arena *arena)
{
	g_autoptr(GString) from = complaintrows_key(COMPLAINTROWS_ENTRY, 0);
	struct complaint_entry entry;
	struct span key, value;
	bool is_any = false;

	for (int i = 0; i < EXPIRE_MOST &&
	     state_seek(txn, STATE_COMPLAINTS, span_string(from), &key,
			&value) &&
	     key.len && key.ptr[0] == COMPLAINTROWS_ENTRY; i++) {
		bool is_read = complaintrows_read(key, value, arena, &entry);

		g_string_truncate(from, 0);
		g_string_append_len(from, key.ptr, (gssize)key.len);
		if (is_read && entry.last_us < before_us)
			is_any |= complaintrows_delete(txn, &entry);
		g_string_append_c(from, '\0');
		arena_reset(arena);
	}
	return is_any;
}

bool complaintbook_expire(struct state *state, int64_t before_us,
			  GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);
	struct arena arena;
	bool is_any;

	if (!txn)
		return false;
	arena_init(&arena);
	is_any = forget_days(txn, before_us);
	is_any = forget_old(txn, before_us, &arena) || is_any;
	arena_release(&arena);
	if (is_any)
		return state_commit(&txn, error);
	state_end(&txn);
	return true;
}
