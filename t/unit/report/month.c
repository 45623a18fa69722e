#include <config.h>

#include "report/month.h"
#include "report/reportmail.h"

#include "unit/tap.h"

#include <string.h>

static int64_t us(const char *text)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, NULL);

	return g_date_time_to_unix(time) * G_USEC_PER_SEC;
}

static const struct { int year, number; const char *zone; int days, weeks;
		      const char *begin, *end, *first_week, *last_week; }
months[] = {
	{ 2026, 11, "UTC", 30, 6, "2026-11-01T00:00:00Z",
	  "2026-12-01T00:00:00Z", "2026-11-01 to 2026-11-01",
	  "2026-11-30 to 2026-11-30" },
	{ 2026, 12, "Asia/Shanghai", 31, 5, "2026-11-30T16:00:00Z",
	  "2026-12-31T16:00:00Z", "2026-12-01 to 2026-12-06",
	  "2026-12-28 to 2026-12-31" },
	{ 2027, 2, "UTC", 28, 4, "2027-02-01T00:00:00Z",
	  "2027-03-01T00:00:00Z", "2027-02-01 to 2027-02-07",
	  "2027-02-22 to 2027-02-28" },
	{ 2028, 2, "UTC", 29, 5, "2028-02-01T00:00:00Z",
	  "2028-03-01T00:00:00Z", "2028-02-01 to 2028-02-06",
	  "2028-02-28 to 2028-02-29" },
	/* An hour less. */
	{ 2026, 3, "Europe/Berlin", 31, 6, "2026-02-28T23:00:00Z",
	  "2026-03-31T22:00:00Z", "2026-03-01 to 2026-03-01",
	  "2026-03-30 to 2026-03-31" },
};

static void days_and_weeks(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(months); i++) {
		char text[MONTH_TEXT_MAX];
		struct month month;

		assert_true(month_init(&month, months[i].year,
				       months[i].number, months[i].zone));
		assert_int_equal(month.days, months[i].days);
		assert_int_equal(month.weeks, months[i].weeks);
		assert_int_equal(month.begins_us[0], us(months[i].begin));
		assert_int_equal(month.begins_us[month.days],
				 us(months[i].end));
		assert_string_equal(month_format_week(&month, 0, text),
				    months[i].first_week);
		assert_string_equal(month_format_week(
			&month, month.weeks - 1, text), months[i].last_week);
		for (int day = 0; day < month.days; day++) {
			assert_int_equal(month_day_of(
				&month, month.begins_us[day]), day);
			assert_int_equal(month_day_of(
				&month, month.begins_us[day + 1] - 1), day);
		}
		assert_int_equal(month_day_of(&month,
					      month.begins_us[0] - 1), -1);
		assert_int_equal(month_day_of(
			&month, month.begins_us[month.days]), -1);
	}
}

static const struct { const char *text; int year, number; } words[] = {
	{ "2026-11", 2026, 11 }, { "1970-01", 1970, 1 }, { "2026-13", 0, 0 },
	{ "2026-00", 0, 0 }, { "2026-1", 0, 0 }, { "2026-1x", 0, 0 },
	{ "202611-", 0, 0 }, { "", 0, 0 }, { "2026-11-01", 0, 0 },
};

static void months_are_read(void **state)
{
	int year, number;
	struct month month;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		bool is_one = month_parse(span_text(words[i].text), &year,
					  &number);

		assert_int_equal(is_one, words[i].year != 0);
		if (is_one)
			assert_true(year == words[i].year &&
				    number == words[i].number);
	}
	month_before(us("2027-01-31T20:00:00Z"), "UTC", &year, &number);
	assert_true(year == 2026 && number == 12);
	month_before(us("2027-01-31T20:00:00Z"), "Asia/Shanghai", &year,
		     &number);
	assert_true(year == 2027 && number == 1);
	assert_false(month_init(&month, 2026, 11, "No/Where"));
}

static const struct { const char *text; bool is_one; } addresses[] = {
	{ "abuse@example.net", true }, { "a.b+c@x.example", true },
	{ "", false }, { "abuse", false }, { "@example.net", false },
	{ "abuse@", false }, { "<a@b.example>", false },
	{ "a@b.example, c@d.example", false }, { "a@b.example\nBcc: x", false },
	{ "a b@c.example", false }, { "\"a\"@c.example", false },
	{ "a@b..example", false }, { "\xC3\xA4@b.example", false },
	{ "a@[192.0.2.1]", false },
};

static void addresses_to_send_to(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(addresses); i++)
		assert_int_equal(reportmail_is_address(addresses[i].text),
				 addresses[i].is_one);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(days_and_weeks),
	cmocka_unit_test(months_are_read),
	cmocka_unit_test(addresses_to_send_to),
};
TAP_MAIN(tests)
