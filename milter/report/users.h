/* users.h - the registration list of customers, and what
 * changed in it, as tables */
#ifndef REPORT_USERS_H
#define REPORT_USERS_H

#include "report/figures.h"
#include "store/state.h"

/* One table of all customers, by id; times are RFC 3339, UTC. NULL with error;
 * free with figures_free(). */
struct figures *users_list(struct state *state, GError **error) MUST_USE;
/* Who was added, changed and removed since then, oldest first: which fields,
 * and how they were and are. */
struct figures *users_changes(struct state *state, int64_t since_us,
			      GError **error) MUST_USE;

#endif
