/* monthlyduty.h - how soon a duty was done: in how many cases,
 * within its term or late */
#ifndef REPORT_MONTHLYDUTY_H
#define REPORT_MONTHLYDUTY_H

#include "report/figures.h"

struct monthlyduty {
	uint64_t in_term, late, settled, open, overdue;
	GArray *spans_us;		/* of int64_t: until it was done */
};

void monthlyduty_init(struct monthlyduty *duty);
void monthlyduty_release(struct monthlyduty *duty);

/* Times; 0: never, and of due_us: not owed. */
struct monthlyduty_case {
	int64_t opened_us, due_us, done_us;
	int64_t ended_us;		/* no more needed from then on */
};
void monthlyduty_add(struct monthlyduty *duty,
		     const struct monthlyduty_case *one, int64_t now_us);

/* A table of duties, and a row of it. name is borrowed for the call. */
void monthlyduty_begin(struct figures *figures);
void monthlyduty_tell(const struct monthlyduty *duty, const char *name,
		      struct figures *figures);

#endif
