/* caseload.h - what a large desk has in its books, made up; and
 * what its lists cost */
#ifndef BENCH_CASELOAD_H
#define BENCH_CASELOAD_H

#include "store/state.h"

/* Incidents of four kinds over 90 days; cases of logins, in the four states in
 * which one goes on; complaints. */
void caseload_fill(struct state *state, unsigned incidents, unsigned cases,
		   unsigned complaints);

/* What a message asks of the lists, of who is on none and of
 * who is suspended. */
void caseload_measure_lists(struct state *state, unsigned cases);

/* Runs each list command of reevectl beside this program on the
 * state in dir. */
void caseload_measure_commands(const char *dir, const char *self);

#endif
