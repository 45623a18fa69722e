/* casejoin.h - incidents become cases, or join them */
#ifndef CASES_CASEJOIN_H
#define CASES_CASEJOIN_H

#include "cases/caseform.h"
#include "cases/casesettings.h"
#include "store/incidents.h"

/*
 * Joins an incident to the case of its subject that goes on, or opens one, with
 * the note in step. One whose mail came settings->quiet_ms after the last and after a
 * warning is a strike, and raises the severity. *is_new_out: a case was opened, and
 * contact ("": none known) is whom to write to.
 */
bool casejoin_incident(struct state *state,
		       const struct case_settings *settings,
		       const struct incident *incident, const char *contact,
		       const struct case_step *step,
		       struct case_facts *facts_out, bool *is_new_out,
		       struct arena *arena, GError **error) MUST_USE;

#endif
