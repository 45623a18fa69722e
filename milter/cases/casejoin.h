/* casejoin.h - incidents become cases, or join them */
#ifndef CASES_CASEJOIN_H
#define CASES_CASEJOIN_H

#include "cases/caseform.h"
#include "cases/casesettings.h"
#include "store/incidents.h"

/* The kind of those incidents that are somebody's word alone. */
#define CASEJOIN_COMPLAINT "complaint"

/*
 * Joins an incident to a case that goes on, or opens one about the incident's
 * subject, with the note in step. Of cases that go on the best is one about
 * own, who it was (the subject or, when that is a customer, his account or
 * address); then one about the subject; then any about something of that
 * customer's, as operators open them. An incident whose mail came
 * settings->quiet_ms after the last and after a warning is a strike, and raises
 * the severity. *is_new_out: a case was opened, and contact ("": none known) is
 * whom to write to.
 */
bool casejoin_incident(struct state *state,
		       const struct case_settings *settings,
		       const struct incident *incident,
		       const struct incident_subject *own,
		       const char *contact, const struct case_step *step,
		       struct case_facts *facts_out, bool *is_new_out,
		       struct arena *arena, GError **error) MUST_USE;

#endif
