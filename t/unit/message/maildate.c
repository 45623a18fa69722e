#include <config.h>

#include "message/maildate.h"

#include "unit/tap.h"

#include <gmime/gmime.h>

static const struct { const char *text; int64_t seconds; } cases[] = {
	{ "Thu, 01 Jan 1970 00:00:00 +0000", 0 },
	{ "Thu, 22 Aug 2002 18:26:25 +0700 (ICT)", 1030015585 },
	{ " 22 Aug 2002 18:26:25 +0700", 1030015585 },
	{ "thu, 22 aug 2002 11:26:25 -0000\n", 1030015585 },
	{ "Thu, 22 Aug 2002 01:56:25 -0930", 1030015585 },
	{ "Thu, 22 Aug 2002 11:26:25 GMT", 1030015585 },
	{ "Thu, 22 Aug 02 11:26 +0000", 1030015560 },
	{ "Tue, 29 Feb 2000 12:00:00 +0000", 951825600 },
	{ "Wed, 1 Mar 2000 12:00:00 +0000", 951912000 },
	{ "Sun, 31 Dec 2023 23:59:59 +0000", 1704067199 },
	{ "Fri, 1 Jan 2100 00:00:00 +0000", 4102444800 },
	{ "", -1 },
	{ "soon", -1 },
};

static void dates_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int64_t seconds = -1;
		bool is_date = maildate_read(cases[i].text, &seconds);

		if (is_date != (cases[i].seconds >= 0) ||
		    (is_date && seconds != cases[i].seconds))
			fail_msg("%s: %lld", cases[i].text, (long long)seconds);
	}
}

static char *random_date(GRand *random)
{
	static const char *const zones[] = {
		"+0000", "-0000", "+0530", "-0700", "+1400", "-1200", "+9999",
		"+0060", "EST", "GMT", "", "0100", "+0100 (CET)", "-0500 EST",
		"+0200\n", "+020", "+02000",
	};
	static const char *const days[] = {
		"Sun, ", "tue, ", "Sat,", "Foo, ", "", " ", "Wed ",
	};
	static const char *const months[] = {
		"Jan", "Feb", "MAR", "apr", "May", "Jun", "Jul", "Aug", "Sep",
		"Oct", "Nov", "Dec", "Mai", "June",
	};

	return g_strdup_printf("%s%0*d %s %d %02d:%02d:%02d %s",
		days[g_rand_int_range(random, 0, COUNT_OF(days))],
		g_rand_int_range(random, 1, 3), g_rand_int_range(random, 0, 33),
		months[g_rand_int_range(random, 0, COUNT_OF(months))],
		g_rand_int_range(random, 1960, 2110),
		g_rand_int_range(random, 0, 25),
		g_rand_int_range(random, 0, 61),
		g_rand_int_range(random, 0, 62),
		zones[g_rand_int_range(random, 0, COUNT_OF(zones))]);
}

static void dates_are_as_gmime_has_them(void **state)
{
	GRand *random = g_rand_new_with_seed(1);

	(void)state;
	for (int i = 0; i < 100000; i++) {
		g_autofree char *text = random_date(random);
		g_autoptr(GDateTime) date = g_mime_utils_header_decode_date(
			text);
		int64_t seconds = 0;

		if (maildate_read(text, &seconds) != (date != NULL) ||
		    (date && seconds != g_date_time_to_unix(date)))
			fail_msg("%s: %lld", text, (long long)seconds);
	}
	g_rand_free(random);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(dates_are_read),
	cmocka_unit_test(dates_are_as_gmime_has_them),
};

TAP_MAIN(tests)
