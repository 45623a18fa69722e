/* casesettings.h - the abuse desk's duties and hours: cases { } */
#ifndef CASES_CASESETTINGS_H
#define CASES_CASESETTINGS_H

#include "cases/calendar.h"
#include "settings/settings.h"

struct case_settings {
	char *contact;			/* in refusals; "": none */
	int64_t warn_days, cut_days;	/* business days */
	int64_t suspend_ms, report_ms, watch_ms, quiet_ms, changes_ms;
	int64_t strikes;		/* 0: never */
	int64_t watch_limits;		/* percent */
	bool watch_evidence, auto_watch, auto_suspend, auto_remedy;
	GHashTable *incidents;		/* symbol -> unsigned *, into
					 * the kinds */
	char *zone, *hours, *holidays_file;
	GPtrArray *workdays, *holidays;
	struct calendar *calendar;	/* of these */
};

extern const struct setting_group case_group;

const struct case_settings *case_settings_of(const struct settings *settings);
/* The kind of incident that a finding about our own senders is; NULL: none. */
const char *case_settings_incident(const struct settings *settings,
				   const char *symbol);

#endif
