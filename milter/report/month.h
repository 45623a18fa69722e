/* month.h - a month of a time zone, in its days and weeks */
#ifndef REPORT_MONTH_H
#define REPORT_MONTH_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define MONTH_DAYS_MAX 31
#define MONTH_WEEKS_MAX 6
#define MONTH_TEXT_MAX 32

struct month {
	int year, number;		/* 1 to 12 */
	int days, weeks;
	int64_t begins_us[MONTH_DAYS_MAX + 1];	/* of each day; the end of
						 * the last */
	int weekday;			/* of the first: 0 is Monday */
};

/* zone: Asia/Shanghai; "": the system's. False: no such zone. */
bool month_init(struct month *month, int year, int number,
		const char *zone) MUST_USE;
/* 2026-11. */
bool month_parse(struct span text, int *year_out, int *number_out) MUST_USE;
/* The month before the one in which time_us lies. */
void month_before(int64_t time_us, const char *zone, int *year_out,
		  int *number_out);

/* Which day it lies in, from 0; -1: none of this month. */
int month_day_of(const struct month *month, int64_t time_us);
/* The week of a day, from 0: weeks begin on Mondays, and are
 * cut at both ends. */
int month_week_of(const struct month *month, int day);

/* Into a buffer of MONTH_TEXT_MAX; each returns it. "2026-11", "2026-11-02",
 * and "2026-11-02 to 2026-11-08". */
const char *month_format(const struct month *month, char *out);
const char *month_format_day(const struct month *month, int day, char *out);
const char *month_format_week(const struct month *month, int week, char *out);

#endif
