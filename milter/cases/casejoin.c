#include <config.h>

#include "cases/casejoin.h"

#include "cases/caselists.h"
#include "cases/caserows.h"

#include <string.h>

/* Which kinds of incident make which cases, when they do not
 * say; all else is spam. */
static enum case_kind kind_of(const struct incident *incident)
{
	static const struct { const char *word; enum case_kind kind; }
	kinds[] = {
		{ "relay", CASE_KIND_OPEN_RELAY },
		{ "harvest", CASE_KIND_ATTACK },
		{ "attack", CASE_KIND_ATTACK },
		{ "virus", CASE_KIND_VIRUS },
		{ "harmful", CASE_KIND_HARMFUL },
		{ "forged", CASE_KIND_FORGED_SENDER },
	};

	if (incident->case_kind)
		return (enum case_kind)incident->case_kind;
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (strcmp(kinds[i].word, incident->kind) == 0)
			return kinds[i].kind;
	return CASE_KIND_SPAM;
}

static enum case_witness witness_of(const struct incident *incident)
{
	return strcmp(incident->kind, CASEJOIN_COMPLAINT) == 0 ?
	       CASE_WITNESS_COMPLAINT : CASE_WITNESS_US;
}

/* What was sent before the warning is what the warning is about, and before the
 * last incident, part of that: whenever somebody complains. */
static bool is_strike(const struct case_settings *settings,
		      const struct case_facts *facts,
		      const struct incident *incident)
{
	int64_t caused_us = incident->caused_us ? incident->caused_us :
						  incident->first_us;

	return facts->state != CASE_STATE_OPEN &&
	       facts->state != CASE_STATE_SUSPENDED &&
	       caused_us > facts->changed_us &&
	       caused_us > facts->incident_us + settings->quiet_ms * 1000;
}

static bool join_old(struct state_txn *txn,
		     const struct case_settings *settings,
		     const struct incident *incident,
		     const struct case_step *step, struct case_facts *facts,
		     GError **error)
{
	enum case_witness witness = witness_of(incident);

	caserows_leave(txn, facts);
	caseduties_raise(facts, kind_of(incident), witness, step->when_us,
			 settings);
	if (is_strike(settings, facts, incident)) {
		facts->severity = MIN(facts->severity + 1, 3);
		caseduties_strike(facts, witness, step->when_us, settings);
	}
	facts->incidents++;
	facts->incident_us = MAX(facts->incident_us, incident->last_us);
	facts->steps++;
	return caserows_put(txn, facts, step, error) &&
	       (facts->state != CASE_STATE_WATCHED ||
		caselists_set(txn, facts, step, error));
}

static bool join_new(struct state_txn *txn,
		     const struct case_settings *settings,
		     const struct incident *incident, const char *contact,
		     const struct case_step *step, struct case_facts *facts,
		     GError **error)
{
	struct case_step first = *step;

	*facts = (struct case_facts){
		.kind = kind_of(incident),
		.severity = caseduties_severity(kind_of(incident)),
		.subject_kind = incident->subject.kind,
		.subject = incident->subject.value, .contact = contact,
		.incidents = 1, .incident_us = incident->last_us,
	};
	first.command = CASE_COMMAND_OPEN;
	return caserows_add(txn, settings, facts, witness_of(incident), &first,
			    error);
}

struct joining {
	const struct case_settings *settings;
	const struct incident *incident;	/* its subject as
						 * lists_form() */
	struct incident_subject own;		/* likewise; value may
						 * be NULL */
	const char *contact;
	const struct case_step *step;
};

static bool find_live(struct state_txn *txn, const struct joining *on,
		      struct case_id *id_out)
{
	const struct incident_subject *subject = &on->incident->subject;

	return (on->own.value &&
		caserows_find_live(txn, on->own.kind, on->own.value, id_out)) ||
	       caserows_find_live(txn, subject->kind, subject->value,
				  id_out) ||
	       (subject->kind == LIST_CUSTOMER &&
		caserows_find_live_of(txn, subject->value, id_out));
}

static bool join_it(struct state_txn *txn, const struct joining *on,
		    struct case_facts *facts, bool *is_new_out,
		    struct arena *arena, GError **error)
{
	struct case_id id;

	*is_new_out = !find_live(txn, on, &id);
	return (*is_new_out ?
		join_new(txn, on->settings, on->incident, on->contact, on->step,
			 facts, error) :
		caserows_find(txn, id, arena, facts) &&
		join_old(txn, on->settings, on->incident, on->step, facts,
			 error)) &&
	       incidents_set_in_case(txn, on->incident, error);
}

bool casejoin_incident(struct state *state,
		       const struct case_settings *settings,
		       const struct incident *incident,
		       const struct incident_subject *own,
		       const char *contact, const struct case_step *step,
		       struct case_facts *facts_out, bool *is_new_out,
		       struct arena *arena, GError **error)
{
	const char *form = lists_form(incident->subject.kind,
				      span_text(incident->subject.value),
				      arena, error);
	const char *own_form = lists_form(own->kind, span_text(own->value),
					  arena, NULL);
	struct incident formed = *incident;
	const struct joining on = {
		settings, &formed, { own->kind, own_form }, contact, step,
	};
	struct state_txn *txn;

	if (!form)
		return false;
	formed.subject.value = form;
	txn = state_begin_write(state, error);
	if (!txn)
		return false;
	if (join_it(txn, &on, facts_out, is_new_out, arena, error))
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}
