#include <config.h>

#include "message/maildate.h"

#include <gmime/gmime.h>
#include <string.h>

#define SURE_DAY 28		/* there is one in each month */
#define HOURS_AHEAD 14		/* of the farthest zone */

struct reader {
	const char *at;
	bool is_wrong;			/* it is to be read in another way */
};

static void skip(struct reader *on, char c)
{
	if (*on->at == c)
		on->at++;
	else
		on->is_wrong = true;
}

static int read_number(struct reader *on, unsigned digits, int most)
{
	int number = 0;

	for (; digits && g_ascii_isdigit(*on->at); digits--)
		number = number * 10 + *on->at++ - '0';
	on->is_wrong |= digits > 0 || number > most;
	return number;
}

/* Its place among words of three letters; 0 for the first. */
static int read_word(struct reader *on, const char *words)
{
	int count = (int)strlen(words) / 3;

	for (int i = 0; i < count; i++)
		if (g_ascii_strncasecmp(on->at, words + 3 * i, 3) == 0) {
			on->at += 3;
			return i;
		}
	on->is_wrong = true;
	return 0;
}

/* Since 1970, in the Gregorian calendar: years that begin in March, and leap
 * days at their end. */
static int64_t days_of(int year, int month, int day)
{
	int64_t years = month < 2 ? year - 1 : year;
	int64_t months = (month + 10) % 12;

	return years * 365 + years / 4 - years / 100 + years / 400 +
	       (months * 153 + 2) / 5 + day - 1 - 719468;
}

static int64_t read_zone(struct reader *on)
{
	char sign = *on->at;
	int hours, minutes;

	if (sign != '+' && sign != '-') {
		on->is_wrong = true;
		return 0;
	}
	on->at++;
	hours = read_number(on, 2, HOURS_AHEAD);
	minutes = read_number(on, 2, 59);
	return (sign == '+' ? 60 : -60) * (hours * 60 + minutes);
}

static int read_day(struct reader *on)
{
	on->at += strspn(on->at, " ");
	if (g_ascii_isalpha(*on->at)) {
		(void)read_word(on, "SunMonTueWedThuFriSat");
		skip(on, ',');
		skip(on, ' ');
	}
	return read_number(on, g_ascii_isdigit(*on->at) &&
			   g_ascii_isdigit(on->at[1]) ? 2 : 1, SURE_DAY);
}

static int read_year(struct reader *on)
{
	int year;

	skip(on, ' ');
	year = read_number(on, 4, 2100);
	skip(on, ' ');
	return year;
}

static int64_t read_time(struct reader *on)
{
	int hour, minute, second;

	hour = read_number(on, 2, 23);
	skip(on, ':');
	minute = read_number(on, 2, 59);
	skip(on, ':');
	second = read_number(on, 2, 59);
	skip(on, ' ');
	return hour * 3600 + minute * 60 + second;
}

/* False: it may be one nevertheless. */
static bool read_at_once(const char *text, int64_t *seconds_out)
{
	struct reader on = { .at = text };
	int day, month, year;
	int64_t seconds;

	day = read_day(&on);
	skip(&on, ' ');
	month = read_word(&on, "JanFebMarAprMayJunJulAugSepOctNovDec");
	year = read_year(&on);
	seconds = read_time(&on) - read_zone(&on);
	if (on.is_wrong || !day || year < 1970 ||
	    !(on.at[strspn(on.at, " \r\n")] == '\0' ||
	      g_str_has_prefix(on.at, " (")))
		return false;
	*seconds_out = days_of(year, month, day) * 86400 + seconds;
	return true;
}

bool maildate_read(const char *text, int64_t *seconds_out)
{
	g_autoptr(GDateTime) date = NULL;

	if (read_at_once(text, seconds_out))
		return true;
	date = g_mime_utils_header_decode_date(text);
	if (date)
		*seconds_out = g_date_time_to_unix(date);
	return date != NULL;
}
