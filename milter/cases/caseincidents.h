/* caseincidents.h - incidents about one of ours open or join cases */
#ifndef CASES_CASEINCIDENTS_H
#define CASES_CASEINCIDENTS_H

#include "settings/settings.h"
#include "store/state.h"

/*
 * All that are in no case yet, whoever wrote them; each that joins is a step
 * and an audit record of "mailreeve". Who sent something harmful is suspended
 * at once (cases.auto_suspend). Costs a look where there is none. What goes
 * wrong is logged, and tried again at the next call.
 */
void caseincidents_join(struct state *state, const struct settings *settings);

/* For those who note incidents and end: writes what waits, then the same. */
bool caseincidents_flush(struct state *state, const struct settings *settings,
			 GError **error) MUST_USE;

#endif
