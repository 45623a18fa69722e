#include <config.h>

#include "store/day.h"

#include "store/storeerror.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SUFFIX ".mdb"
#define LOCK_SUFFIX ".mdb-lock"
#define SEAL_SUFFIX ".seal"

int64_t day_of_us(int64_t time_us)
{
	int64_t day = time_us / DAY_US;

	return time_us % DAY_US < 0 ? day - 1 : day;
}

int64_t day_begin_us(int64_t day)
{
	return day * DAY_US;
}

/* GDate counts from 0001-01-01, which is its day 1. */
#define JULIAN_1970 719163
#define MOST_DAYS 2932896		/* 9999-12-31 */

const char *day_format(int64_t day, char *out)
{
	GDate date;

	g_date_clear(&date, 1);
	g_date_set_julian(&date,
			  (guint32)(CLAMP(day, 0, MOST_DAYS) + JULIAN_1970));
	snprintf(out, DAY_TEXT_MAX, "%04u-%02u-%02u",
		 g_date_get_year(&date) % 10000u,
		 (unsigned)g_date_get_month(&date) % 100u,
		 g_date_get_day(&date) % 100u);
	return out;
}

static bool number_at(struct span text, size_t start, size_t len,
		      unsigned *number_out)
{
	*number_out = 0;
	for (size_t i = start; i < start + len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		*number_out = *number_out * 10 + (unsigned)(text.ptr[i] - '0');
	}
	return true;
}

bool day_parse(struct span text, int64_t *day_out)
{
	unsigned year, month, mday;
	GDate date;

	if (text.len != 10 || text.ptr[4] != '-' || text.ptr[7] != '-' ||
	    !number_at(text, 0, 4, &year) || !number_at(text, 5, 2, &month) ||
	    !number_at(text, 8, 2, &mday))
		return false;
	if (year < 1970 || month > 12 || mday > 31 ||
	    !g_date_valid_dmy((GDateDay)mday, (GDateMonth)month,
			      (GDateYear)year))
		return false;
	g_date_clear(&date, 1);
	g_date_set_dmy(&date, (GDateDay)mday, (GDateMonth)month,
		       (GDateYear)year);
	*day_out = (int64_t)g_date_get_julian(&date) - JULIAN_1970;
	return true;
}

static char *path_with(const char *dir, int64_t day, const char *suffix)
{
	char text[DAY_TEXT_MAX];

	return g_strconcat(dir, G_DIR_SEPARATOR_S, day_format(day, text),
			   suffix, NULL);
}

char *day_path(const char *records_dir, int64_t day)
{
	return path_with(records_dir, day, SUFFIX);
}

char *day_seal_path(const char *path)
{
	g_autoptr(GString) seal = g_string_new(path);

	if (g_str_has_suffix(path, SUFFIX))
		g_string_truncate(seal, seal->len - strlen(SUFFIX));
	return g_string_free(g_string_append(g_steal_pointer(&seal),
					     SEAL_SUFFIX), FALSE);
}

static gint by_day(gconstpointer a, gconstpointer b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The days whose file name ends in suffix. */
static GArray *list_with(const char *dir, const char *suffix, GError **error)
{
	GArray *days = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_autoptr(GError) why = NULL;
	g_autoptr(GDir) folder = g_dir_open(dir, 0, &why);
	const char *name;
	int64_t day;

	if (!folder && g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT))
		return days;
	if (!folder) {
		store_error_set_text(error, STORE_ERROR_PERM, "%s",
				     why->message);
		g_array_unref(days);
		return NULL;
	}
	while ((name = g_dir_read_name(folder)))
		if (g_str_has_suffix(name, suffix) &&
		    day_parse(span_of(name, strlen(name) - strlen(suffix)),
			      &day))
			g_array_append_val(days, day);
	g_array_sort(days, by_day);
	return days;
}

GArray *day_list(const char *records_dir, GError **error)
{
	return list_with(records_dir, SUFFIX, error);
}

static bool remove_file(const char *dir, int64_t day, const char *suffix,
			GError **error)
{
	g_autofree char *path = path_with(dir, day, suffix);

	if (unlink(path) == 0 || errno == ENOENT)
		return true;
	store_error_set(error, path, errno);
	return false;
}

bool day_is_within(int64_t day, const GArray *ranges)
{
	for (guint i = 0; i < ranges->len; i++) {
		const struct day_range *range = &g_array_index(
			ranges, struct day_range, i);

		if (day >= range->since && day <= range->until)
			return true;
	}
	return false;
}

static const char *const companions[] = { LOCK_SUFFIX, SEAL_SUFFIX };

bool day_remove(const char *records_dir, int64_t day, GError **error)
{
	bool is_done = remove_file(records_dir, day, SUFFIX, error);

	for (size_t i = 0; is_done && i < COUNT_OF(companions); i++)
		is_done = remove_file(records_dir, day, companions[i], error);
	return is_done;
}

/* Asked for last, so that a day that has just begun is not taken for one that
 * went: its records come before its other files. */
static bool has_records(const char *records_dir, int64_t day)
{
	g_autofree char *path = day_path(records_dir, day);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

bool day_clean(const char *records_dir, GError **error)
{
	for (size_t i = 0; i < COUNT_OF(companions); i++) {
		g_autoptr(GArray) days = list_with(records_dir, companions[i],
						   error);

		for (guint at = 0; days && at < days->len; at++) {
			int64_t day = g_array_index(days, int64_t, at);

			if (!has_records(records_dir, day) &&
			    !remove_file(records_dir, day, companions[i],
					 error))
				return false;
		}
		if (!days)
			return false;
	}
	return true;
}
