/* day.h - UTC days, and the files of records that are named after them */
#ifndef STORE_DAY_H
#define STORE_DAY_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>
#include <stdint.h>

#define DAY_US (INT64_C(86400) * 1000000)
#define DAY_TEXT_MAX 16

/* Days since 1970-01-01. */
int64_t day_of_us(int64_t time_us);
int64_t day_begin_us(int64_t day);
/* "2026-02-28", into a buffer of DAY_TEXT_MAX; returns it. */
const char *day_format(int64_t day, char *out);
bool day_parse(struct span text, int64_t *day_out) MUST_USE;

/* records_dir/YYYY-MM-DD.mdb; free with g_free(). */
char *day_path(const char *records_dir, int64_t day) MUST_USE;

/* ...seal in place of ...mdb; free with g_free(). */
char *day_seal_path(const char *path) MUST_USE;

/* The days (int64_t) that have a file, oldest first. NULL when the folder can't
 * be read; one that is not there has no days. g_array_unref(). */
GArray *day_list(const char *records_dir, GError **error) MUST_USE;

/* Both of them, too. */
struct day_range {
	int64_t since, until;
};

/* Whether one of the ranges (struct day_range) has it. */
bool day_is_within(int64_t day, const GArray *ranges);

/* Removes the day's files. The records go first: who comes
 * between finds no day. */
bool day_remove(const char *records_dir, int64_t day, GError **error) MUST_USE;
/* Removes what a crash left of days that went. */
bool day_clean(const char *records_dir, GError **error) MUST_USE;

#endif
