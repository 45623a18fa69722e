/* caseclock.h - what happens to cases by itself: incidents join, time passes */
#ifndef CASES_CASECLOCK_H
#define CASES_CASECLOCK_H

#include "settings/settings.h"
#include "store/state.h"

/*
 * From the daemon's timer; one thread. Incidents about one of ours open or join
 * cases; who was warned is watched (cases.auto_watch); those that are to be
 * suspended by now are (cases.auto_suspend); who was suspended until now is
 * watched again; whose watch is over is remedied and the case closed
 * (cases.auto_remedy). Each act is a step and an audit record of "mailreeve".
 * What is overdue for people is logged, once ("case_due"), and people are told
 * at once (casealerts.h).
 */
void caseclock_run(struct state *state, const struct settings *settings);
/* When the daemon ends: no letter is left on its way. */
void caseclock_end(struct state *state, const struct settings *settings);

#endif
