#include <config.h>

#include "cases/calendar.h"

#include "unit/tap.h"

#include <string.h>

static GPtrArray *words_of(const char *text)
{
	GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) parts = g_strsplit(text, " ", -1);

	for (char **part = parts; *part; part++)
		if (**part)
			g_ptr_array_add(words, g_strdup(*part));
	return words;
}

static struct calendar *make(const char *zone, const char *hours,
			     const char *workdays, const char *holidays,
			     GError **error)
{
	g_autoptr(GPtrArray) work = words_of(workdays);
	g_autoptr(GPtrArray) free_days = words_of(holidays);
	const struct calendar_words words = { zone, hours, work, free_days };

	return calendar_new(&words, error);
}

static int64_t time_of(const char *text)
{
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, utc);

	assert_non_null(time);
	return g_date_time_to_unix(time) * G_USEC_PER_SEC;
}

static char *text_of(int64_t time_us)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(
		time_us / G_USEC_PER_SEC);

	return g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
}

#define WEEK "mon tue wed thu fri"

static const struct {
	const char *name, *zone, *hours, *workdays, *holidays, *from;
	int64_t days;
	const char *want;
} cases[] = {
	{ "none", "UTC", "09:00-17:00", WEEK, "", "2026-11-21T03:00:00Z", 0,
	  "2026-11-21T03:00:00Z" },
	{ "in the midst of a day", "UTC", "09:00-17:00", WEEK, "",
	  "2026-11-24T10:30:05Z", 1, "2026-11-25T10:30:05Z" },
	{ "before work", "UTC", "09:00-17:00", WEEK, "",
	  "2026-11-24T07:00:00Z", 1, "2026-11-24T17:00:00Z" },
	{ "after work", "UTC", "09:00-17:00", WEEK, "",
	  "2026-11-24T18:00:00Z", 1, "2026-11-25T17:00:00Z" },
	{ "the very end of work is after it", "UTC", "09:00-17:00", WEEK, "",
	  "2026-11-24T17:00:00Z", 1, "2026-11-25T17:00:00Z" },
	{ "over a weekend", "UTC", "09:00-17:00", WEEK, "",
	  "2026-11-27T15:00:00Z", 1, "2026-11-30T15:00:00Z" },
	{ "at a weekend", "UTC", "09:00-17:00", WEEK, "",
	  "2026-11-28T15:00:00Z", 1, "2026-11-30T17:00:00Z" },
	{ "a weekend and a holiday", "UTC", "09:00-17:00", WEEK, "2026-11-30",
	  "2026-11-27T15:00:00Z", 1, "2026-12-01T15:00:00Z" },
	{ "two days", "UTC", "09:00-17:00", WEEK, "2026-11-30",
	  "2026-11-27T15:00:00Z", 2, "2026-12-02T15:00:00Z" },
	{ "a long holiday with a day that is worked instead",
	  "Asia/Shanghai", "09:00-18:00", WEEK,
	  "2026-10-01/2026-10-07 +2026-10-10",
	  "2026-09-30T07:00:00Z", 3, "2026-10-10T07:00:00Z" },
	{ "friday and saturday are free", "Asia/Riyadh", "08:00-16:00",
	  "sun mon tue wed thu", "", "2026-11-26T09:00:00Z", 1,
	  "2026-11-29T09:00:00Z" },
	{ "summer time begins between", "Europe/Berlin", "09:00-17:00", WEEK,
	  "", "2026-03-27T10:00:00Z", 1, "2026-03-30T09:00:00Z" },
	{ "summer time ends between", "Europe/Berlin", "09:00-17:00", WEEK,
	  "", "2026-10-23T09:00:00Z", 1, "2026-10-26T10:00:00Z" },
	{ "an hour that is not there", "Europe/Berlin", "00:00-24:00",
	  "mon tue wed thu fri sat sun", "", "2026-03-28T01:30:00Z", 1,
	  "2026-03-29T01:00:00Z" },
	{ "work until midnight", "UTC", "00:00-24:00", WEEK, "",
	  "2026-11-24T00:00:00Z", 1, "2026-11-25T00:00:00Z" },
	{ "the year's end", "UTC", "09:00-17:00", WEEK,
	  "2026-12-25 2026-12-31/2027-01-01", "2026-12-30T12:00:00Z", 1,
	  "2027-01-04T12:00:00Z" },
};

static void days_are_added(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		g_autoptr(GError) why = NULL;
		struct calendar *calendar = make(cases[i].zone, cases[i].hours,
			cases[i].workdays, cases[i].holidays, &why);
		g_autofree char *got = NULL;

		if (!calendar)
			fail_msg("%s: %s", cases[i].name, why->message);
		got = text_of(calendar_add_days(calendar,
						time_of(cases[i].from),
						cases[i].days));
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: %s, not %s", cases[i].name, got,
				 cases[i].want);
		calendar_free(calendar);
	}
}

static void one_works_or_not(void **state)
{
	static const struct { const char *when; bool works; } times[] = {
		{ "2026-11-24T08:59:59Z", false },
		{ "2026-11-24T09:00:00Z", true },
		{ "2026-11-24T16:59:59Z", true },
		{ "2026-11-24T17:00:00Z", false },
		{ "2026-11-28T10:00:00Z", false },
		{ "2026-11-29T10:00:00Z", true },
		{ "2026-11-26T10:00:00Z", false },
	};
	struct calendar *calendar = make("UTC", "09:00-17:00", WEEK,
					 "2026-11-26 +2026-11-29", NULL);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(times); i++)
		if (calendar_is_working(calendar, time_of(times[i].when)) !=
		    times[i].works)
			fail_msg("%s", times[i].when);
	assert_true(calendar_next_working(
		calendar, time_of("2026-11-25T20:00:00Z")) ==
		time_of("2026-11-27T09:00:00Z"));
	calendar_free(calendar);
}

static void bad_words_are_refused(void **state)
{
	static const char *const bad[][4] = {
		{ "Nowhere/Land", "09:00-17:00", WEEK, "" },
		{ "UTC", "17:00-09:00", WEEK, "" },
		{ "UTC", "9-17", WEEK, "" },
		{ "UTC", "09:00-25:00", WEEK, "" },
		{ "UTC", "09:00-17:00x", WEEK, "" },
		{ "UTC", "09:00-17:00", "", "" },
		{ "UTC", "09:00-17:00", "monday", "" },
		{ "UTC", "09:00-17:00", WEEK, "2026-02-29" },
		{ "UTC", "09:00-17:00", WEEK, "26-02-01" },
		{ "UTC", "09:00-17:00", WEEK, "2026-10-07/2026-10-01" },
		{ "UTC", "09:00-17:00", WEEK, "2026-10-07/2028-10-01" },
		{ "UTC", "09:00-17:00", WEEK, "+" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		g_autoptr(GError) why = NULL;

		if (make(bad[i][0], bad[i][1], bad[i][2], bad[i][3], &why))
			fail_msg("%zu is taken", i);
		assert_non_null(why);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(days_are_added),
	cmocka_unit_test(one_works_or_not),
	cmocka_unit_test(bad_words_are_refused),
};

TAP_MAIN(tests)
