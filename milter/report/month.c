#include <config.h>

#include "report/month.h"

#include <stdio.h>

static GTimeZone *zone_of(const char *word)
{
	return *word ? g_time_zone_new_identifier(word) :
		       g_time_zone_new_local();
}

static int64_t midnight_us(GTimeZone *zone, int year, int number, int day)
{
	g_autoptr(GDateTime) time = g_date_time_new(zone, year, number, day, 0,
						    0, 0);

	return g_date_time_to_unix(time) * G_USEC_PER_SEC;
}

bool month_init(struct month *month, int year, int number, const char *zone)
{
	g_autoptr(GTimeZone) place = zone_of(zone);
	GDate first;

	if (!place)
		return false;
	g_date_clear(&first, 1);
	g_date_set_dmy(&first, 1, (GDateMonth)number, (GDateYear)year);
	*month = (struct month){
		.year = year, .number = number,
		.days = g_date_get_days_in_month((GDateMonth)number,
						 (GDateYear)year),
		.weekday = (int)g_date_get_weekday(&first) - G_DATE_MONDAY,
	};
	for (int i = 0; i < month->days; i++)
		month->begins_us[i] = midnight_us(place, year, number, i + 1);
	month->begins_us[month->days] = number == 12 ?
		midnight_us(place, year + 1, 1, 1) :
		midnight_us(place, year, number + 1, 1);
	month->weeks = month_week_of(month, month->days - 1) + 1;
	return true;
}

bool month_parse(struct span text, int *year_out, int *number_out)
{
	int digits[6];

	if (text.len != 7 || text.ptr[4] != '-')
		return false;
	for (size_t i = 0, k = 0; i < text.len; i++)
		if (i != 4) {
			if (!g_ascii_isdigit(text.ptr[i]))
				return false;
			digits[k++] = text.ptr[i] - '0';
		}
	*year_out = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 +
		    digits[3];
	*number_out = digits[4] * 10 + digits[5];
	return *year_out >= 1970 && *number_out >= 1 && *number_out <= 12;
}

void month_before(int64_t time_us, const char *zone, int *year_out,
		  int *number_out)
{
	g_autoptr(GTimeZone) place = zone_of(zone);
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(
		time_us / G_USEC_PER_SEC);
	g_autoptr(GDateTime) here = place ?
		g_date_time_to_timezone(utc, place) : g_date_time_ref(utc);

	*year_out = g_date_time_get_year(here);
	*number_out = g_date_time_get_month(here) - 1;
	if (!*number_out) {
		--*year_out;
		*number_out = 12;
	}
}

int month_day_of(const struct month *month, int64_t time_us)
{
	int low = 0, high = month->days;

	if (time_us < month->begins_us[0] ||
	    time_us >= month->begins_us[month->days])
		return -1;
	while (high - low > 1) {
		int middle = (low + high) / 2;

		if (time_us < month->begins_us[middle])
			high = middle;
		else
			low = middle;
	}
	return low;
}

int month_week_of(const struct month *month, int day)
{
	return (month->weekday + day) / 7;
}

const char *month_format(const struct month *month, char *out)
{
	snprintf(out, MONTH_TEXT_MAX, "%04d-%02d", month->year, month->number);
	return out;
}

const char *month_format_day(const struct month *month, int day, char *out)
{
	snprintf(out, MONTH_TEXT_MAX, "%04d-%02d-%02d", month->year,
		 month->number, day + 1);
	return out;
}

const char *month_format_week(const struct month *month, int week, char *out)
{
	char first[MONTH_TEXT_MAX], last[MONTH_TEXT_MAX];
	int begin = week * 7 - month->weekday;

	snprintf(out, MONTH_TEXT_MAX, "%.10s to %.10s",
		 month_format_day(month, MAX(begin, 0), first),
		 month_format_day(month, MIN(begin + 6, month->days - 1),
				  last));
	return out;
}
