/* monthlydesk.h - what the abuse desk had to do in a month, and
 * how soon it did it */
#ifndef REPORT_MONTHLYDESK_H
#define REPORT_MONTHLYDESK_H

#include "report/figures.h"
#include "report/month.h"
#include "store/state.h"

struct monthlydesk;

/* Reads complaints, cases, incidents and customers. month outlives
 * it. NULL with error. */
struct monthlydesk *monthlydesk_new(struct state *state,
				    const struct month *month, int64_t now_us,
				    GError **error) MUST_USE;
void monthlydesk_free(struct monthlydesk *desk);	/* accepts NULL */

enum monthlydesk_count {
	MONTHLYDESK_COMPLAINTS,		/* new ones */
	MONTHLYDESK_MATCHED,		/* with a record of ours */
	MONTHLYDESK_INCIDENTS, MONTHLYDESK_CASES, MONTHLYDESK_WARNINGS,
	MONTHLYDESK_SUSPENSIONS, MONTHLYDESK_RESUMPTIONS,
	MONTHLYDESK_TERMINATIONS, MONTHLYDESK_CLOSED, MONTHLYDESK_REPORTS,
	MONTHLYDESK_NEW_CUSTOMERS,
	MONTHLYDESK_COUNTS
};

uint64_t monthlydesk_count(const struct monthlydesk *desk,
			   enum monthlydesk_count which);
uint64_t monthlydesk_count_of(const struct monthlydesk *desk,
			      enum monthlydesk_count which, int first_day,
			      int last_day);
/* Of all times. */
uint64_t monthlydesk_customers(const struct monthlydesk *desk);

/*
 * Tables: duties, cases and complaints by kind, incidents by kind. A duty is
 * that of a case which was opened in the month, and was done, whenever that
 * was; it was settled otherwise when the case needed it no more; it is late
 * when it was done after its term, and overdue when it was not done and the
 * term is over.
 */
void monthlydesk_tell(const struct monthlydesk *desk,
		      struct figures *figures);

#endif
