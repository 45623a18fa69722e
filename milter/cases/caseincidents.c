#include <config.h>

#include "cases/caseincidents.h"

#include "base/log.h"
#include "cases/caseact.h"
#include "cases/casecustomer.h"
#include "cases/casejoin.h"

#include <string.h>

#define JOINED_MAX 1000		/* at once; the rest at the next call */

struct waiting {
	struct caseact *act;
	GArray *all;			/* of struct incident, in the arena */
};

static bool take_incident(const struct incident *incident, void *context)
{
	struct waiting *waiting = context;
	struct arena *arena = &waiting->act->arena;
	struct incident copy = *incident;

	copy.kind = arena_text(arena, incident->kind);
	copy.key = arena_text(arena, incident->key);
	copy.text = arena_text(arena, incident->text);
	copy.subject.value = arena_text(arena, incident->subject.value);
	g_array_append_val(waiting->all, copy);
	return waiting->all->len < JOINED_MAX;
}

/* A case is about the customer, where the book knows whose it was. */
static const char *find_customer(struct caseact *act,
				 struct incident_subject *subject)
{
	struct customer_entry entry;

	if (!casecustomer_find(act->state, subject->kind, subject->value,
			       &act->arena, &entry))
		return "";
	*subject = (struct incident_subject){ LIST_CUSTOMER, entry.id };
	return entry.contacts && entry.contacts[0] &&
	       strlen(entry.contacts[0]) <= CASE_CONTACT_MAX ?
	       entry.contacts[0] : "";
}

static void tell(const struct case_facts *facts, bool is_new)
{
	g_autofree char *subject = log_text(span_text(facts->subject));
	char id[CASE_ID_TEXT_MAX];

	log_event(NULL, LOG_WARNING, is_new ? "case_opened" : "case_joined",
		  "case=%s kind=%s subject=%s strikes=%u",
		  case_id_format(facts->id, id), case_kind_word(facts->kind),
		  subject, facts->strikes);
}

/* What is found by a list needs nobody to look at it first. */
static void suspend_if_harmful(struct caseact *act,
			       const struct incident *incident,
			       const struct case_facts *facts)
{
	if (act->settings->auto_suspend &&
	    strcmp(incident->kind, "harmful") == 0 &&
	    facts->due_us[CASE_DUTY_SUSPEND])
		caseact_take(act, facts->id, CASE_COMMAND_SUSPEND,
			     "harmful content");
}

static bool join_one(struct caseact *act, struct incident *incident)
{
	const struct incident_subject own = incident->subject;
	const char *contact = find_customer(act, &incident->subject);
	const char *text = arena_printf(&act->arena, "%s: %.1500s",
					incident->kind, incident->text);
	const struct case_step step = { act->now_us, CASE_COMMAND_NOTE,
					CASE_STATE_NONE, CASEACT_OPERATOR,
					text };
	g_autoptr(GError) why = NULL;
	struct case_facts facts;
	bool is_new;

	if (!caseact_note(act, "case join", incident->subject.value, text))
		return false;
	if (!casejoin_incident(act->state, act->settings, incident, &own,
			       contact, &step, &facts, &is_new, &act->arena,
			       &why)) {
		caseact_tell_trouble(why);
		return false;
	}
	tell(&facts, is_new);
	suspend_if_harmful(act, incident, &facts);
	return true;
}

static void join_incidents(struct caseact *act)
{
	struct waiting waiting = { act, NULL };
	g_autoptr(GError) why = NULL;
	bool is_good;

	waiting.all = g_array_new(FALSE, FALSE, sizeof(struct incident));
	is_good = incidents_each_waiting(act->state, take_incident, &waiting,
					 &why);
	if (!is_good)
		caseact_tell_trouble(why);
	for (guint i = 0; is_good && i < waiting.all->len; i++)
		is_good = join_one(act, &g_array_index(
			waiting.all, struct incident, i));
	g_array_unref(waiting.all);
}

void caseincidents_join(struct state *state, const struct settings *settings)
{
	struct caseact act;

	caseact_begin(&act, state, settings);
	join_incidents(&act);
	caseact_end(&act);
}

bool caseincidents_flush(struct state *state, const struct settings *settings,
			 GError **error)
{
	if (!incidents_flush(state, error))
		return false;
	caseincidents_join(state, settings);
	return true;
}
