/* monthly.h - the report of a month: duties, complaints,
 * suspensions, mail, customers */
#ifndef REPORT_MONTHLY_H
#define REPORT_MONTHLY_H

#include "report/figures.h"
#include "settings/settings.h"
#include "store/state.h"

struct monthly {
	int year, number;		/* of the month; in the zone of
					 * calendar.zone */
	const char *records_dir;	/* a state directory, whose
					 * records count */
	int64_t now_us;
};

/*
 * Reads the month's records (all of them: some hundred thousand a second) and
 * the desk's books. problems: what could not be read is added, as char *. Free
 * with figures_free(); NULL with error.
 */
struct figures *monthly_make(struct state *state,
			     const struct settings *settings,
			     const struct monthly *wish, GPtrArray *problems,
			     GError **error) MUST_USE;

#endif
