/* dmarcsender.h - makes the aggregate reports of a day, and sends them */
#ifndef REPORT_DMARCSENDER_H
#define REPORT_DMARCSENDER_H

#include "report/dmarcday.h"
#include "report/dmarcoutbox.h"
#include "resolver/resolver.h"

#include <stdatomic.h>

struct dmarcsender {
	const struct settings *settings;
	const char *state_dir;		/* where the records are */
	struct state *state;		/* NULL for dmarcsender_day() alone */
	struct resolver *resolver;	/* likewise */
	const atomic_bool *is_cancelled;	/* may be NULL */
	/* Of each report that was looked at; may be NULL. */
	void (*tell)(const struct dmarcoutbox_report *report, void *context);
	void *context;
};

/* The day's records in one pass. NULL with error: an answer that is not whole
 * is one, too. Free with dmarcday_free(). */
struct dmarcday *dmarcsender_day(const struct dmarcsender *sender, int64_t day,
				 GError **error) MUST_USE;

/* Puts the reports of a day that is over into the outbox, but for those that
 * are there already. The lock is held, here and below. */
bool dmarcsender_make(const struct dmarcsender *sender, int64_t day,
		      GError **error) MUST_USE;
/* The same for the days whose reports are due: yesterday, an hour after its
 * end, and those that were missed. */
bool dmarcsender_make_due(const struct dmarcsender *sender, GError **error)
	MUST_USE;
/* Sends all whose time has come, and forgets what is long over. */
bool dmarcsender_send_due(const struct dmarcsender *sender, GError **error)
	MUST_USE;
/* Makes one day's, and sends them now, whatever they wait for. domain NULL:
 * all; is_again: that one is made anew, whatever became of it. */
bool dmarcsender_send_day(const struct dmarcsender *sender, int64_t day,
			  const char *domain, bool is_again, GError **error)
	MUST_USE;

#endif
