#include <config.h>

#include "cases/casebook.h"

#include "cases/casecustomer.h"
#include "cases/caseduties.h"
#include "cases/caselists.h"
#include "cases/caserows.h"
#include "store/lists.h"

#include <string.h>

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

/* His incidents are to join it, too. */
static const char *customer_of(struct state *state,
			       const struct case_facts *facts,
			       struct arena *arena)
{
	struct customer_entry entry;

	return facts->subject_kind != LIST_CUSTOMER &&
	       casecustomer_find(state, facts->subject_kind, facts->subject,
				 arena, &entry) ? entry.id : "";
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
	facts->customer = customer_of(state, facts, arena);
	txn = state_begin_write(state, error);
	if (!txn)
		return false;
	if (caserows_add(txn, settings, facts, CASE_WITNESS_US, step,
			 error))
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
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
		return caserows_fail(error, STORE_ERROR_INVALID, facts->id,
				     why);
	caserows_leave(txn, facts);
	facts->state = to;
	/* Words about it change nothing: mail before them can
	 * still be a strike. */
	if (is_listed_by(step->command))
		facts->changed_us = step->when_us;
	facts->steps++;
	if (change->assigned)
		facts->assigned = change->assigned;
	if (change->contact)
		facts->contact = change->contact;
	if (change->is_reported) {
		facts->due_us[CASE_DUTY_REPORT] = 0;
		if (!facts->reported_us)
			facts->reported_us = step->when_us;
	}
	caseduties_after(facts, step->command, change->until_us,
			 step->when_us, settings);
	if (change->is_undelivered)
		caseduties_undelivered(facts, step->when_us, settings);
	return caserows_put(txn, facts, step, error) &&
	       (!change->also ||
		change->also(txn, change->also_context, error)) &&
	       (!is_listed_by(step->command) ||
		caselists_set(txn, facts, step, error));
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
	is_good = caserows_find(txn, id, arena, facts_out);
	if (!is_good)
		caserows_fail(error, STORE_ERROR_MISSING, id, "there is none");
	if (is_good && change_it(txn, settings, change, facts_out, error))
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
	is_found = caserows_find(txn, id, arena, out);
	state_end(&txn);
	return is_found || caserows_fail(error, STORE_ERROR_MISSING, id,
				"there is none");
}

static bool walk_all(struct state *state, const GString *prefix,
		     casebook_take_fn *take, void *context, GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);

	if (!txn)
		return false;
	caserows_walk(txn, prefix, take, context);
	state_end(&txn);
	return true;
}

bool casebook_each(struct state *state, enum case_state which,
		   casebook_take_fn *take, void *context, GError **error)
{
	g_autoptr(GString) prefix = which ? caserows_of_state(which) :
				    caserows_all();

	return walk_all(state, prefix, take, context, error);
}

bool casebook_each_before(struct state *state, enum case_state which,
			  struct case_id before, casebook_take_fn *take,
			  void *context, GError **error)
{
	g_autoptr(GString) prefix = which ? caserows_of_state(which) :
				    caserows_all();
	struct state_txn *txn = state_begin_read(state, error);

	if (!txn)
		return false;
	caserows_walk_back(txn, prefix, before, take, context);
	state_end(&txn);
	return true;
}

bool casebook_each_of(struct state *state, enum list_kind kind,
		      const char *subject, casebook_take_fn *take,
		      void *context, GError **error)
{
	g_autoptr(GString) prefix = NULL;
	struct arena arena;
	const char *form;

	arena_init(&arena);
	form = lists_form(kind, span_text(subject), &arena, error);
	if (form)
		prefix = caserows_of_subject(kind, form);
	arena_release(&arena);
	return prefix && walk_all(state, prefix, take, context, error);
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
	g_autoptr(GString) prefix = caserows_due();
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
		struct case_step step;

		if (caserows_find_step(txn, facts->id, i, arena, &step))
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
	is_found = caserows_find(txn, id, &arena, &facts);
	if (is_found)
		walk_steps(txn, &facts, &arena, take, context);
	arena_release(&arena);
	state_end(&txn);
	return is_found || caserows_fail(error, STORE_ERROR_MISSING, id,
				"there is none");
}
