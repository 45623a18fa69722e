#include <config.h>

#include "report/figuresdata.h"

#include <math.h>
#include <string.h>

static json_t *cell_json(const struct figures_table *table, size_t row,
			 size_t column)
{
	const struct figures_cell *cell = figures_cell(table, row, column);

	if (cell->is_none)
		return json_null();
	if (cell->text)
		return json_string(cell->text);
	if (table->columns[column].type == FIGURES_SHARE)
		return json_real(round(cell->number * 1e6) / 1e6);
	return json_integer((json_int_t)llround(cell->number));
}

json_t *figuresdata_json_table(const struct figures_table *table)
{
	json_t *array = json_array();

	for (size_t row = 0; row < figures_rows(table); row++) {
		json_t *object = json_object();

		for (size_t i = 0; i < table->column_count; i++)
			json_object_set_new(object, table->columns[i].name,
					    cell_json(table, row, i));
		json_array_append_new(array, object);
	}
	return array;
}

static bool is_map(const struct figures_table *table)
{
	return table->column_count == 2 && !table->columns[1].is_bar;
}

static json_t *map_json(const struct figures_table *table)
{
	json_t *object = json_object();

	for (size_t row = 0; row < figures_rows(table); row++)
		json_object_set_new(object, figures_cell(table, row, 0)->text,
				    cell_json(table, row, 1));
	return object;
}

json_t *figuresdata_json(const struct figures *figures)
{
	json_t *object = json_object();

	for (guint i = 0; i < figures->facts->len; i++) {
		const struct figures_fact *fact = g_ptr_array_index(
			figures->facts, i);

		json_object_set_new(object, fact->name,
				    json_string(fact->text));
	}
	for (guint i = 0; i < figures->tables->len; i++) {
		const struct figures_table *table = g_ptr_array_index(
			figures->tables, i);

		json_object_set_new(object, table->name, is_map(table) ?
				    map_json(table) :
				    figuresdata_json_table(table));
	}
	return object;
}

/* A spreadsheet would take what begins so for a formula to run. */
static bool is_formula(const char *text)
{
	return *text && strchr("=+-@", *text);
}

static void add_text(GString *out, const char *text)
{
	g_string_append_c(out, '"');
	if (is_formula(text))
		g_string_append_c(out, '\'');
	for (; *text; text++) {
		if (*text == '"')
			g_string_append_c(out, '"');
		g_string_append_c(out, *text);
	}
	g_string_append_c(out, '"');
}

static void add_cell(GString *out, const struct figures_table *table,
		     size_t row, size_t column)
{
	const struct figures_cell *cell = figures_cell(table, row, column);

	if (cell->text)
		add_text(out, cell->text);
	else if (!cell->is_none)
		g_string_append_printf(out, table->columns[column].type ==
			FIGURES_SHARE ? "%.6f" : "%.0f", cell->number);
}

static void add_long(GString *out, const struct figures_table *table)
{
	for (size_t row = 0; row < figures_rows(table); row++)
		for (size_t i = 1; i < table->column_count; i++) {
			add_text(out, table->name);
			g_string_append_c(out, ',');
			add_cell(out, table, row, 0);
			g_string_append_c(out, ',');
			add_text(out, table->columns[i].name);
			g_string_append_c(out, ',');
			add_cell(out, table, row, i);
			g_string_append(out, "\r\n");
		}
}

char *figuresdata_csv(const struct figures *figures)
{
	GString *out = g_string_new("table,row,figure,value\r\n");

	for (guint i = 0; i < figures->facts->len; i++) {
		const struct figures_fact *fact = g_ptr_array_index(
			figures->facts, i);

		g_string_append(out, "\"report\",");
		add_text(out, fact->name);
		g_string_append(out, ",\"text\",");
		add_text(out, fact->text);
		g_string_append(out, "\r\n");
	}
	for (guint i = 0; i < figures->tables->len; i++)
		add_long(out, g_ptr_array_index(figures->tables, i));
	return g_string_free(out, FALSE);
}

char *figuresdata_csv_table(const struct figures_table *table)
{
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < table->column_count; i++)
		g_string_append_printf(out, "%s%s", i ? "," : "",
				       table->columns[i].name);
	g_string_append(out, "\r\n");
	for (size_t row = 0; row < figures_rows(table); row++) {
		for (size_t i = 0; i < table->column_count; i++) {
			if (i)
				g_string_append_c(out, ',');
			add_cell(out, table, row, i);
		}
		g_string_append(out, "\r\n");
	}
	return g_string_free(out, FALSE);
}
