#include <config.h>

#include "report/figureshtml.h"

#include "base/guard.h"

#include <string.h>

#define CHART_ROWS_MIN 2
#define CHART_WIDTH 640
#define LABEL_WIDTH 190
#define NUMBER_WIDTH 70
#define BAR_HEIGHT 12
#define LABEL_MAX 26		/* characters; the table has the whole */

static const char style[] =
"body { font: 15px/1.45 system-ui, \"Noto Sans CJK SC\", sans-serif;\n"
"  color: #1b1f24; background: #fff; max-width: 62em; margin: 2em auto;\n"
"  padding: 0 1em; }\n"
"h1 { font-size: 1.7em; margin-bottom: .2em; }\n"
"h2 { font-size: 1.15em; margin: 2em 0 .5em; border-bottom: 1px solid #c9ced6; }\n"
"dl { display: grid; grid-template-columns: max-content auto; gap: .1em 1.2em; }\n"
"dt { color: #57606a; } dd { margin: 0; }\n"
"table { border-collapse: collapse; width: 100%; font-size: .93em; }\n"
"caption { position: absolute; left: -9999px; }\n"
"th, td { padding: .25em .7em .25em 0; text-align: right;\n"
"  border-bottom: 1px solid #e4e7eb; }\n"
"th:first-child, td:first-child { text-align: left; font-weight: normal; }\n"
"thead th { font-weight: 600; border-bottom: 1px solid #57606a; }\n"
"svg { width: 100%; max-width: 50em; height: auto; margin: .3em 0 .8em; }\n"
"svg text { font-size: 11px; fill: #1b1f24; }\n"
".bar0 { fill: #4a7fb5; } .bar1 { fill: #c0564b; }\n"
".key { font-size: .85em; color: #57606a; }\n"
"@media print {\n"
"  @page { margin: 15mm; }\n"
"  body { font-size: 10pt; margin: 0; max-width: none; color: #000; }\n"
"  h2 { break-after: avoid; } tr, svg, dl { break-inside: avoid; }\n"
"  thead { display: table-header-group; }\n"
"  .bar0, .bar1 { print-color-adjust: exact;\n"
"    -webkit-print-color-adjust: exact; }\n"
"}\n";

static void add_escaped(GString *out, const char *text)
{
	g_autofree char *safe = g_markup_escape_text(text, -1);

	g_string_append(out, safe);
}

static void add_element(GString *out, const char *element, const char *text)
{
	g_string_append_printf(out, "<%s>", element);
	add_escaped(out, text);
	g_string_append_printf(out, "</%s>\n", element);
}

static void add_head(GString *out, const struct figures *figures,
		     const char *language)
{
	g_string_append(out, "<!DOCTYPE html>\n<html lang=\"");
	add_escaped(out, language);
	g_string_append(out, "\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, "
		"initial-scale=1\">\n");
	add_element(out, "title", figures->title);
	g_string_append_printf(out, "<style>\n%s</style>\n</head>\n<body>\n",
			       style);
	add_element(out, "h1", figures->title);
	g_string_append(out, "<dl>\n");
	for (guint i = 0; i < figures->facts->len; i++) {
		const struct figures_fact *fact = g_ptr_array_index(
			figures->facts, i);

		add_element(out, "dt", fact->title);
		add_element(out, "dd", fact->text);
	}
	g_string_append(out, "</dl>\n");
}

static void add_table(GString *out, const struct figures_table *table)
{
	g_string_append(out, "<table>\n");
	add_element(out, "caption", table->title);
	g_string_append(out, "<thead>\n<tr>\n");
	for (size_t i = 0; i < table->column_count; i++) {
		g_string_append(out, "<th scope=\"col\">");
		add_escaped(out, table->columns[i].title);
		g_string_append(out, "</th>\n");
	}
	g_string_append(out, "</tr>\n</thead>\n<tbody>\n");
	for (size_t row = 0; row < figures_rows(table); row++) {
		g_string_append(out, "<tr>\n");
		for (size_t i = 0; i < table->column_count; i++) {
			g_autofree char *words = figures_words(table, row, i);

			g_string_append(out, i ? "<td>" :
						 "<th scope=\"row\">");
			add_escaped(out, words);
			g_string_append(out, i ? "</td>\n" : "</th>\n");
		}
		g_string_append(out, "</tr>\n");
	}
	g_string_append(out, "</tbody>\n</table>\n");
}

/* The columns with bars; returns how many. */
static size_t find_bars(const struct figures_table *table,
			size_t bars[FIGURES_COLUMNS_MAX])
{
	size_t count = 0;

	for (size_t i = 1; i < table->column_count; i++)
		if (table->columns[i].is_bar)
			bars[count++] = i;
	return count;
}

static void add_label(GString *out, const char *text, size_t y)
{
	g_autofree char *cut = g_utf8_strlen(text, -1) > LABEL_MAX ?
		g_utf8_substring(text, 0, LABEL_MAX - 1) : NULL;

	g_string_append_printf(out, "<text x=\"%d\" y=\"%zu\" "
		"text-anchor=\"end\">", LABEL_WIDTH - 8, y);
	add_escaped(out, cut ? cut : text);
	g_string_append(out, cut ? "…</text>\n" : "</text>\n");
}

static void add_bar(GString *out, const struct figures_table *table,
		    size_t row, size_t column, size_t place, double largest,
		    size_t y)
{
	double number = figures_cell(table, row, column)->number;
	long width = (long)(number / largest *
			    (CHART_WIDTH - LABEL_WIDTH - NUMBER_WIDTH) + 0.5);
	g_autofree char *words = figures_words(table, row, column);

	g_string_append_printf(out, "<rect class=\"bar%zu\" x=\"%d\" "
		"y=\"%zu\" width=\"%ld\" height=\"%d\"></rect>\n<text "
		"x=\"%ld\" y=\"%zu\">%s</text>\n", place, LABEL_WIDTH, y,
		width, BAR_HEIGHT - 1, LABEL_WIDTH + width + 5,
		y + BAR_HEIGHT - 2, words);
}

static void add_key(GString *out, const struct figures_table *table,
		    const size_t *bars, size_t bar_count)
{
	g_string_append(out, "<p class=\"key\">");
	for (size_t i = 0; i < bar_count; i++) {
		g_string_append_printf(out, "%s<svg viewBox=\"0 0 10 10\" "
			"style=\"width: .8em; margin: 0\"><rect "
			"class=\"bar%zu\" width=\"10\" height=\"10\">"
			"</rect></svg> ", i ? " &#160; " : "", i);
		add_escaped(out, table->columns[bars[i]].title);
	}
	g_string_append(out, "</p>\n");
}

static void add_chart(GString *out, const struct figures_table *table)
{
	size_t bars[FIGURES_COLUMNS_MAX], rows = figures_rows(table);
	size_t bar_count = find_bars(table, bars);
	size_t step = bar_count * BAR_HEIGHT + 5;
	double largest = 0;

	for (size_t i = 0; i < bar_count; i++)
		largest = MAX(largest, figures_largest(table, bars[i]));
	if (rows < CHART_ROWS_MIN || largest <= 0)
		return;
	add_key(out, table, bars, bar_count);
	g_string_append_printf(out, "<svg viewBox=\"0 0 %d %zu\" role=\"img\" "
		"aria-label=\"", CHART_WIDTH, rows * step);
	add_escaped(out, table->title);
	g_string_append(out, "\">\n");
	for (size_t row = 0; row < rows; row++) {
		g_autofree char *label = figures_words(table, row, 0);

		add_label(out, label, row * step + step / 2 + 2);
		for (size_t i = 0; i < bar_count; i++)
			add_bar(out, table, row, bars[i], i, largest,
				row * step + i * BAR_HEIGHT);
	}
	g_string_append(out, "</svg>\n");
}

char *figureshtml_format(const struct figures *figures, const char *language)
{
	GString *out = g_string_new(NULL);

	add_head(out, figures, language);
	for (guint i = 0; i < figures->tables->len; i++) {
		const struct figures_table *table = g_ptr_array_index(
			figures->tables, i);

		g_string_append(out, "<section>\n");
		add_element(out, "h2", table->title);
		add_chart(out, table);
		if (figures_rows(table))
			add_table(out, table);
		else
			add_element(out, "p", "None.");
		g_string_append(out, "</section>\n");
	}
	g_string_append(out, "</body>\n</html>\n");
	return g_string_free(out, FALSE);
}
