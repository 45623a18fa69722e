#include <config.h>

#include "report/figuresdata.h"
#include "report/figureshtml.h"
#include "report/monthlyduty.h"

#include "unit/tap.h"

#include <stdlib.h>
#include <string.h>

static const struct figures_column columns[] = {
	{ "name", "Name", FIGURES_TEXT, false },
	{ "count", "Count", FIGURES_COUNT, true },
	{ "span_s", "Span", FIGURES_SECONDS, false },
	{ "share", "Share", FIGURES_SHARE, false },
	{ NULL, NULL, FIGURES_TEXT, false },
};

/* What people wrote into it is only shown. */
static struct figures *sample(void)
{
	struct figures *figures = figures_new("<b> & \x1b[31m");

	figures_add_fact(figures, "who", "who", "\xE5\x8C\x97\xE4\xBA\xAC \xff");
	figures_begin(figures, "rows", "Rows", columns);
	figures_add_text(figures, "=1+1 \"x\"");
	figures_add_number(figures, 12);
	figures_add_number(figures, 93784);
	figures_add_number(figures, 0.975);
	figures_add_text(figures, "<script>");
	figures_add_number(figures, 0);
	figures_add_none(figures);
	figures_add_none(figures);
	return figures;
}

static void as_csv(void **state)
{
	struct figures *figures = sample();
	g_autofree char *whole = figuresdata_csv(figures);
	g_autofree char *table = figuresdata_csv_table(
		g_ptr_array_index(figures->tables, 0));

	(void)state;
	assert_string_equal(table, "name,count,span_s,share\r\n"
		"\"'=1+1 \"\"x\"\"\",12,93784,0.975000\r\n\"<script>\",0,,\r\n");
	assert_non_null(strstr(whole, "\"report\",\"who\",\"text\","
			       "\"\xE5\x8C\x97\xE4\xBA\xAC \xEF\xBF\xBD\"\r\n"));
	assert_non_null(strstr(whole, "\"rows\",\"<script>\",\"share\",\r\n"));
	figures_free(figures);
}

static void as_json(void **state)
{
	struct figures *figures = sample();
	json_t *object = figuresdata_json(figures);
	char *text = json_dumps(object, JSON_COMPACT |
				JSON_REAL_PRECISION(6));

	(void)state;
	assert_string_equal(text, "{\"who\":\"\xE5\x8C\x97\xE4\xBA\xAC "
		"\xEF\xBF\xBD\",\"rows\":[{\"name\":\"=1+1 \\\"x\\\"\","
		"\"count\":12,\"span_s\":93784,\"share\":0.975},"
		"{\"name\":\"<script>\",\"count\":0,\"span_s\":null,"
		"\"share\":null}]}");
	free(text);
	json_decref(object);
	figures_free(figures);
}

static void as_html(void **state)
{
	struct figures *figures = sample();
	g_autofree char *text = figureshtml_format(figures, "en");

	(void)state;
	assert_null(strstr(text, "<script"));
	assert_null(strchr(text, 0x1b));
	assert_non_null(strstr(text, "<h1>&lt;b&gt; &amp;  [31m</h1>"));
	assert_non_null(strstr(text, "<rect class=\"bar0\""));
	assert_non_null(strstr(text, "<td>97.5 %</td>"));
	assert_true(g_utf8_validate(text, -1, NULL));
	figures_free(figures);
}

static const struct { enum figures_type type; double number;
		      const char *want; } words[] = {
	{ FIGURES_COUNT, 1234567, "1234567" },
	{ FIGURES_BYTES, 1023, "1023 B" }, { FIGURES_BYTES, 1536, "1.5 KiB" },
	{ FIGURES_BYTES, 5e15, "4547.5 TiB" },
	{ FIGURES_SECONDS, 0, "0 s" }, { FIGURES_SECONDS, 59.6, "1 min" },
	{ FIGURES_SECONDS, 93784, "1 d 2 h" },
	{ FIGURES_SECONDS, 86400, "1 d" }, { FIGURES_SECONDS, 86450, "1 d" },
	{ FIGURES_SECONDS, 3660, "1 h 1 min" },
	{ FIGURES_SHARE, 1, "100.0 %" },
};

static void for_people(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		const struct figures_column one[] = {
			{ "n", "N", words[i].type, false },
			{ NULL, NULL, FIGURES_TEXT, false },
		};
		struct figures *figures = figures_new("t");

		figures_begin(figures, "t", "T", one);
		figures_add_number(figures, words[i].number);
		g_autofree char *got = figures_words(
			g_ptr_array_index(figures->tables, 0), 0, 0);

		assert_string_equal(got, words[i].want);
		figures_free(figures);
	}
}

#define S G_USEC_PER_SEC

/* Opened at 1,000 s, with a term of 100; now is 2,000. */
static const struct { int64_t due, done, ended; const char *want; } duties[] = {
	{ 1100, 1050, 0, "1 1 0 0 0 0 50 50 1" },
	{ 1100, 1100, 0, "1 1 0 0 0 0 100 100 1" },
	{ 1100, 1160, 0, "1 1 0 0 0 0 160 160 1" },
	{ 1100, 1200, 0, "1 0 1 0 0 0 200 200 0" },
	{ 1100, 0, 0, "1 0 0 1 0 0 - - 0" },
	{ 2100, 0, 0, "1 0 0 0 1 0 - - -" },
	{ 1100, 0, 1050, "1 0 0 0 0 1 - - -" },
	{ 1100, 1300, 1050, "1 0 0 0 0 1 - - -" },
	{ 1100, 1050, 1060, "1 1 0 0 0 0 50 50 1" },
	{ 0, 1050, 0, "0 0 0 0 0 0 - - -" },
};

static char *row_of(struct monthlyduty *duty)
{
	struct figures *figures = figures_new("t");
	GString *out = g_string_new(NULL);
	const struct figures_table *table;

	monthlyduty_begin(figures);
	monthlyduty_tell(duty, "warn", figures);
	table = g_ptr_array_index(figures->tables, 0);
	for (size_t i = 1; i < table->column_count; i++) {
		const struct figures_cell *cell = figures_cell(table, 0, i);

		if (cell->is_none)
			g_string_append(out, " -");
		else
			g_string_append_printf(out, " %g", cell->number);
	}
	figures_free(figures);
	g_string_erase(out, 0, 1);
	return g_string_free(out, FALSE);
}

static void duties_are_counted(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(duties); i++) {
		struct monthlyduty duty;
		const struct monthlyduty_case one = {
			1000 * S, duties[i].due * S, duties[i].done * S,
			duties[i].ended * S,
		};

		monthlyduty_init(&duty);
		monthlyduty_add(&duty, &one, 2000 * S);
		g_autofree char *got = row_of(&duty);

		assert_string_equal(got, duties[i].want);
		monthlyduty_release(&duty);
	}
}

static void median_and_worst(void **state)
{
	static const int64_t spans[] = { 10, 90, 20, 300 };
	struct monthlyduty duty;

	(void)state;
	monthlyduty_init(&duty);
	for (size_t i = 0; i < COUNT_OF(spans); i++)
		monthlyduty_add(&duty, &(struct monthlyduty_case){
			1000 * S, 1100 * S, (1000 + spans[i]) * S, 0 },
			2000 * S);
	g_autofree char *got = row_of(&duty);

	assert_string_equal(got, "4 3 1 0 0 0 55 300 0.75");
	monthlyduty_release(&duty);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(as_csv),
	cmocka_unit_test(as_json),
	cmocka_unit_test(as_html),
	cmocka_unit_test(for_people),
	cmocka_unit_test(duties_are_counted),
	cmocka_unit_test(median_and_worst),
};
TAP_MAIN(tests)
