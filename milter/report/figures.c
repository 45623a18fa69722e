#include <config.h>

#include "report/figures.h"

#include "base/guard.h"

static void free_fact(void *memory)
{
	struct figures_fact *fact = memory;

	g_free(fact->text);
	g_free(fact);
}

static void clear_cell(void *memory)
{
	g_free(((struct figures_cell *)memory)->text);
}

static void free_table(void *memory)
{
	struct figures_table *table = memory;

	g_array_unref(table->cells);
	g_free(table);
}

static char *cleaned(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GString *out = g_string_new(NULL);

	for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);

		g_string_append_unichar(out, g_unichar_isprint(c) ? c : ' ');
	}
	return g_string_free(out, FALSE);
}

struct figures *figures_new(const char *title)
{
	struct figures *figures = g_new(struct figures, 1);

	figures->title = cleaned(title);
	figures->facts = g_ptr_array_new_with_free_func(free_fact);
	figures->tables = g_ptr_array_new_with_free_func(free_table);
	return figures;
}

void figures_free(struct figures *figures)
{
	if (!figures)
		return;
	g_free(figures->title);
	g_ptr_array_unref(figures->facts);
	g_ptr_array_unref(figures->tables);
	g_free(figures);
}

void figures_add_fact(struct figures *figures, const char *name,
		      const char *title, const char *text)
{
	struct figures_fact *fact = g_new(struct figures_fact, 1);

	*fact = (struct figures_fact){ name, title, cleaned(text) };
	g_ptr_array_add(figures->facts, fact);
}

void figures_begin(struct figures *figures, const char *name,
		   const char *title, const struct figures_column *columns)
{
	struct figures_table *table = g_new(struct figures_table, 1);

	*table = (struct figures_table){
		.name = name, .title = title, .columns = columns,
		.cells = g_array_new(FALSE, FALSE,
				     sizeof(struct figures_cell)),
	};
	g_array_set_clear_func(table->cells, clear_cell);
	while (columns[table->column_count].name)
		table->column_count++;
	BUG_IF(table->column_count > FIGURES_COLUMNS_MAX);
	g_ptr_array_add(figures->tables, table);
}

static void add(struct figures *figures, struct figures_cell cell)
{
	struct figures_table *table = g_ptr_array_index(
		figures->tables, figures->tables->len - 1);

	g_array_append_val(table->cells, cell);
}

void figures_add_text(struct figures *figures, const char *text)
{
	add(figures, (struct figures_cell){ .text = cleaned(text) });
}

void figures_add_number(struct figures *figures, double number)
{
	add(figures, (struct figures_cell){ .number = number });
}

void figures_add_none(struct figures *figures)
{
	add(figures, (struct figures_cell){ .is_none = true });
}

size_t figures_rows(const struct figures_table *table)
{
	return table->cells->len / table->column_count;
}

const struct figures_cell *figures_cell(const struct figures_table *table,
					size_t row, size_t column)
{
	return &g_array_index(table->cells, struct figures_cell,
			      row * table->column_count + column);
}

double figures_largest(const struct figures_table *table, size_t column)
{
	double largest = 0;

	for (size_t row = 0; row < figures_rows(table); row++)
		largest = MAX(largest, figures_cell(table, row,
						    column)->number);
	return largest;
}

static char *bytes_words(double bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	while (bytes >= 1024 && unit + 1 < COUNT_OF(units)) {
		bytes /= 1024;
		unit++;
	}
	return g_strdup_printf(unit ? "%.1f %s" : "%.0f %s", bytes,
			       units[unit]);
}

/* Two units at most: who reads of two days does not ask for the seconds. */
static char *span_words(double seconds)
{
	static const struct { const char *unit; int64_t seconds; } units[] = {
		{ "d", 86400 }, { "h", 3600 }, { "min", 60 }, { "s", 1 },
	};
	int64_t left = (int64_t)(seconds + 0.5);
	size_t i = 0;

	while (i + 1 < COUNT_OF(units) && left < units[i].seconds)
		i++;
	if (i + 1 == COUNT_OF(units) || left % units[i].seconds <
	    units[i + 1].seconds)
		return g_strdup_printf("%" G_GINT64_FORMAT " %s",
				       left / units[i].seconds,
				       units[i].unit);
	return g_strdup_printf("%" G_GINT64_FORMAT " %s %" G_GINT64_FORMAT
		" %s", left / units[i].seconds, units[i].unit,
		left % units[i].seconds / units[i + 1].seconds,
		units[i + 1].unit);
}

char *figures_words(const struct figures_table *table, size_t row,
		    size_t column)
{
	const struct figures_cell *cell = figures_cell(table, row, column);

	if (cell->is_none)
		return g_strdup("-");
	if (cell->text)
		return g_strdup(cell->text);
	switch (table->columns[column].type) {
	case FIGURES_BYTES:
		return bytes_words(cell->number);
	case FIGURES_SECONDS:
		return span_words(cell->number);
	case FIGURES_SHARE:
		return g_strdup_printf("%.1f %%", cell->number * 100);
	default:
		return g_strdup_printf("%.0f", cell->number);
	}
}
