#include <config.h>

#include "store/recordid.h"

#include "base/clock.h"

#include "unit/tap.h"

#include <ctype.h>
#include <glib.h>
#include <string.h>

#define THREADS 4
#define EACH 20000

static void *make_many(void *data)
{
	char (*ids)[RECORD_ID_BYTES] = data;

	for (int i = 0; i < EACH; i++)
		record_id_new(ids[i]);
	return NULL;
}

static void ids_are_unique_over_threads(void **state)
{
	static char ids[THREADS][EACH][RECORD_ID_BYTES];
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	GThread *threads[THREADS];

	(void)state;
	for (int t = 0; t < THREADS; t++)
		threads[t] = g_thread_new("ids", make_many, ids[t]);
	for (int t = 0; t < THREADS; t++)
		g_thread_join(threads[t]);
	for (int t = 0; t < THREADS; t++)
		for (int i = 0; i < EACH; i++)
			assert_true(g_hash_table_add(seen, ids[t][i]));
}

static void text_and_number_agree(void **state)
{
	char id[RECORD_ID_BYTES], again[RECORD_ID_BYTES];
	uint64_t number, same;
	int64_t now_us = INT64_C(1700000000123456);

	(void)state;
	clock_set_us(now_us);
	record_id_new(id);
	clock_set_us(0);
	assert_int_equal(strlen(id), 13);
	assert_true(record_id_parse(span_text(id), &number));
	assert_string_equal(record_id_format(number, again), id);
	assert_int_equal(record_id_time_us(number), now_us / 1000 * 1000);
	for (char *c = again; *c; c++)
		*c = (char)tolower(*c);
	assert_true(record_id_parse(span_text(again), &same));
	assert_int_equal(same, number);
}

static void what_is_no_id_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "1", "01234567890AB1", "01234567890A", "0123456789ABU",
		"0123456789 BC", "ZZZZZZZZZZZZZ", "0123456789AB\xc3",
	};
	uint64_t number;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (record_id_parse(span_text(bad[i]), &number))
			fail_msg("%s", bad[i]);
	assert_true(record_id_parse(span_text("0O0Il10000001"), &number));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(ids_are_unique_over_threads),
	cmocka_unit_test(text_and_number_agree),
	cmocka_unit_test(what_is_no_id_is_refused),
};

TAP_MAIN(tests)
