#include <config.h>

#include "cases/calendar.h"

#include <stdio.h>
#include <string.h>

#define DAYS_MAX 4000		/* looked through for one on which one works */
#define RANGE_MAX 366
#define DAY_MINUTES (24 * 60)

struct calendar {
	GTimeZone *zone;
	int opens, closes;		/* minutes from midnight */
	bool is_workday[8];		/* 1: Monday, as GLib has it */
	GHashTable *days;		/* Julian day -> works that day, + 1 */
};

/* A day, and minutes of it by the clock on the wall. */
struct moment {
	GDate day;
	int minutes;
	int64_t rest_us;		/* seconds and below */
};

static const char *const weekdays[] = {
	"", "mon", "tue", "wed", "thu", "fri", "sat", "sun",
};

static bool fail(GError **error, const char *word, const char *what)
{
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "\"%s\": %s",
		    word, what);
	return false;
}

static bool read_hours(struct calendar *calendar, const char *word,
		       GError **error)
{
	int from_h, from_m, to_h, to_m, end = 0;

	if (sscanf(word, "%2d:%2d-%2d:%2d%n", &from_h, &from_m, &to_h, &to_m,
		   &end) != 4 || word[end] || from_m > 59 || to_m > 59 ||
	    from_h < 0 || from_m < 0 || to_m < 0)
		return fail(error, word, "are no hours; write 09:00-17:00");
	calendar->opens = from_h * 60 + from_m;
	calendar->closes = to_h * 60 + to_m;
	if (calendar->opens >= calendar->closes ||
	    calendar->closes > DAY_MINUTES)
		return fail(error, word, "work ends behind where it begins, "
			    "and by 24:00");
	return true;
}

static bool read_workday(struct calendar *calendar, const char *word,
			 GError **error)
{
	for (size_t i = 1; i < COUNT_OF(weekdays); i++)
		if (g_ascii_strcasecmp(word, weekdays[i]) == 0)
			return calendar->is_workday[i] = true;
	return fail(error, word, "is no day of the week; write mon, tue, wed, "
		    "thu, fri, sat or sun");
}

static bool read_workdays(struct calendar *calendar, const GPtrArray *words,
			  GError **error)
{
	for (guint i = 0; i < words->len; i++)
		if (!read_workday(calendar, g_ptr_array_index(words, i),
				  error))
			return false;
	return words->len > 0 ||
	       fail(error, "", "at least one day of the week is needed");
}

static bool read_date(const char *text, size_t len, GDate *day_out)
{
	g_autofree char *word = g_strndup(text, len);
	int year, month, day, end = 0;

	if (len != 10 || sscanf(word, "%4d-%2d-%2d%n", &year, &month, &day,
				&end) != 3 || word[end] || year < 1 ||
	    month < 1 || day < 1 ||
	    !g_date_valid_dmy((GDateDay)day, (GDateMonth)month,
			      (GDateYear)year))
		return false;
	g_date_set_dmy(day_out, (GDateDay)day, (GDateMonth)month,
		       (GDateYear)year);
	return true;
}

bool calendar_add_day(struct calendar *calendar, const char *word,
		      GError **error)
{
	bool works = *word == '+';
	const char *from = word + works;
	const char *slash = strchr(from, '/');
	size_t len = slash ? (size_t)(slash - from) : strlen(from);
	GDate first, last;

	if (!read_date(from, len, &first) ||
	    (slash && !read_date(slash + 1, strlen(slash + 1), &last)))
		return fail(error, word, "is no day; write 2026-10-01, "
			    "2026-10-01/2026-10-07, or +2026-10-10 for one on "
			    "which you work");
	if (!slash)
		last = first;
	if (g_date_days_between(&first, &last) < 0 ||
	    g_date_days_between(&first, &last) >= RANGE_MAX)
		return fail(error, word, "ends before it begins, or a year "
			    "later");
	for (guint32 day = g_date_get_julian(&first);
	     day <= g_date_get_julian(&last); day++)
		g_hash_table_insert(calendar->days, GUINT_TO_POINTER(day),
				    GINT_TO_POINTER(works + 1));
	return true;
}

static bool read_days(struct calendar *calendar, const GPtrArray *words,
		      GError **error)
{
	for (guint i = 0; words && i < words->len; i++)
		if (!calendar_add_day(calendar, g_ptr_array_index(words, i),
				      error))
			return false;
	return true;
}

static bool read_zone(struct calendar *calendar, const char *word,
		      GError **error)
{
	calendar->zone = *word ? g_time_zone_new_identifier(word) :
				 g_time_zone_new_local();
	return calendar->zone ||
	       fail(error, word, "is no time zone of this system; write "
		    "Asia/Shanghai, UTC or +08:00");
}

struct calendar *calendar_new(const struct calendar_words *words,
			      GError **error)
{
	struct calendar *calendar = g_new0(struct calendar, 1);

	calendar->days = g_hash_table_new(NULL, NULL);
	if (read_zone(calendar, words->zone, error) &&
	    read_hours(calendar, words->hours, error) &&
	    read_workdays(calendar, words->workdays, error) &&
	    read_days(calendar, words->holidays, error))
		return calendar;
	calendar_free(calendar);
	return NULL;
}

void calendar_free(struct calendar *calendar)
{
	if (!calendar)
		return;
	g_clear_pointer(&calendar->zone, g_time_zone_unref);
	g_hash_table_unref(calendar->days);
	g_free(calendar);
}

static bool works_on(const struct calendar *calendar, const GDate *day)
{
	void *said = g_hash_table_lookup(calendar->days, GUINT_TO_POINTER(
		g_date_get_julian(day)));

	return said ? GPOINTER_TO_INT(said) == 2 :
		      calendar->is_workday[g_date_get_weekday(day)];
}

static struct moment moment_of(const struct calendar *calendar,
			       int64_t time_us)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(
		time_us / G_USEC_PER_SEC);
	g_autoptr(GDateTime) here = g_date_time_to_timezone(utc,
							    calendar->zone);
	struct moment moment;

	g_date_set_dmy(&moment.day,
		       (GDateDay)g_date_time_get_day_of_month(here),
		       (GDateMonth)g_date_time_get_month(here),
		       (GDateYear)g_date_time_get_year(here));
	moment.minutes = g_date_time_get_hour(here) * 60 +
			 g_date_time_get_minute(here);
	moment.rest_us = g_date_time_get_second(here) * G_USEC_PER_SEC +
			 time_us % G_USEC_PER_SEC;
	return moment;
}

/* GLib moves what the clock skips in spring to behind the gap. */
static int64_t time_of(const struct calendar *calendar, struct moment moment)
{
	g_autoptr(GDateTime) time = NULL;

	if (moment.minutes >= DAY_MINUTES) {
		g_date_add_days(&moment.day, 1);
		moment.minutes -= DAY_MINUTES;
	}
	time = g_date_time_new(calendar->zone, g_date_get_year(&moment.day),
			       (int)g_date_get_month(&moment.day),
			       g_date_get_day(&moment.day),
			       moment.minutes / 60, moment.minutes % 60, 0);
	return g_date_time_to_unix(time) * G_USEC_PER_SEC + moment.rest_us;
}

/* The next one, or the last that is looked at: a calendar may
 * be all holidays. */
static void go_to_workday(const struct calendar *calendar, GDate *day)
{
	for (int i = 0; i < DAYS_MAX && !works_on(calendar, day); i++)
		g_date_add_days(day, 1);
}

bool calendar_is_working(const struct calendar *calendar, int64_t time_us)
{
	struct moment moment = moment_of(calendar, time_us);

	return works_on(calendar, &moment.day) &&
	       moment.minutes >= calendar->opens &&
	       moment.minutes < calendar->closes;
}

int64_t calendar_next_working(const struct calendar *calendar, int64_t time_us)
{
	struct moment moment = moment_of(calendar, time_us);

	if (calendar_is_working(calendar, time_us))
		return time_us;
	if (moment.minutes >= calendar->closes)
		g_date_add_days(&moment.day, 1);
	go_to_workday(calendar, &moment.day);
	moment.minutes = calendar->opens;
	moment.rest_us = 0;
	return time_of(calendar, moment);
}

int64_t calendar_add_days(const struct calendar *calendar, int64_t time_us,
			  int64_t days)
{
	struct moment moment;
	bool is_whole;

	if (days <= 0)
		return time_us;
	moment = moment_of(calendar, calendar_next_working(calendar, time_us));
	is_whole = moment.minutes == calendar->opens && moment.rest_us == 0;
	for (int64_t left = MIN(days, DAYS_MAX) - is_whole; left > 0; left--) {
		g_date_add_days(&moment.day, 1);
		go_to_workday(calendar, &moment.day);
	}
	if (is_whole)
		moment.minutes = calendar->closes;
	return time_of(calendar, moment);
}
