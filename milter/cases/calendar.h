/* calendar.h - business days: working hours, weekends, holidays, a time zone */
#ifndef CASES_CALENDAR_H
#define CASES_CALENDAR_H

#include "base/guard.h"

#include <glib.h>
#include <stdint.h>

struct calendar;

/* In words, as the settings have them. */
struct calendar_words {
	const char *zone;		/* Asia/Shanghai; "": the system's */
	const char *hours;		/* 09:00-17:30 */
	const GPtrArray *workdays;	/* mon tue ... */
	const GPtrArray *holidays;	/* see calendar_add_day() */
};

/* G_FILE_ERROR_INVAL says which word is wrong, and how it is written. */
struct calendar *calendar_new(const struct calendar_words *words,
			      GError **error) MUST_USE;
void calendar_free(struct calendar *calendar);

/*
 * 2026-10-01: nobody works. 2026-10-01/2026-10-07: nor on any of these
 * days. +2026-10-10: one works, though it is no workday, as in Chinese
 * years. The later word wins.
 */
bool calendar_add_day(struct calendar *calendar, const char *word,
		      GError **error) MUST_USE;

bool calendar_is_working(const struct calendar *calendar, int64_t time_us);
/* time_us itself when one works then, else when one begins again. */
int64_t calendar_next_working(const struct calendar *calendar,
			      int64_t time_us);
/*
 * When so many business days are over. A day that began before work is over
 * when work is; one that began at 15:00, at 15:00 of the next business day, by
 * the clock on the wall. days 0: time_us.
 */
int64_t calendar_add_days(const struct calendar *calendar, int64_t time_us,
			  int64_t days);

#endif
