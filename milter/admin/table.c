#include <config.h>

#include "admin/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_MAX 12
#define WIDTH_OF_PIPE 100000	/* nothing is cut where no terminal is */
#define WIDTH_LEAST 6		/* of a column that had to give room */

struct cell {
	char *text;
	enum table_style style;
};

struct table {
	const char *const *titles;
	size_t columns;
	GPtrArray *cells;		/* of struct cell *, row by row */
};

static void free_cell(void *data)
{
	struct cell *cell = data;

	g_free(cell->text);
	g_free(cell);
}

struct table *table_new(const char *const *titles)
{
	struct table *table = g_new0(struct table, 1);

	table->titles = titles;
	while (titles[table->columns])
		table->columns++;
	BUG_IF(table->columns > COLUMNS_MAX);
	table->cells = g_ptr_array_new_with_free_func(free_cell);
	return table;
}

void table_free(struct table *table)
{
	g_ptr_array_unref(table->cells);
	g_free(table);
}

void table_add(struct table *table, enum table_style style, const char *fmt,
	       ...)
{
	struct cell *cell = g_new0(struct cell, 1);
	va_list args;

	va_start(args, fmt);
	g_autofree char *raw = g_strdup_vprintf(fmt, args);

	va_end(args);
	cell->text = g_utf8_make_valid(raw, -1);
	for (char *c = cell->text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	cell->style = style;
	g_ptr_array_add(table->cells, cell);
}

static size_t width_of(const char *text)
{
	return (size_t)g_utf8_strlen(text, -1);
}

static size_t terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return WIDTH_OF_PIPE;
	return size.ws_col;
}

/* The widest column gives a place at a time until the row fits. */
static void fit(size_t *widths, size_t columns, size_t room)
{
	for (;;) {
		size_t all = 2 * (columns - 1), widest = 0;

		for (size_t i = 0; i < columns; i++) {
			all += widths[i];
			if (widths[i] > widths[widest])
				widest = i;
		}
		if (all <= room || widths[widest] <= WIDTH_LEAST)
			return;
		widths[widest]--;
	}
}

static void measure(const struct table *table, size_t *widths)
{
	for (size_t i = 0; i < table->columns; i++)
		widths[i] = width_of(table->titles[i]);
	for (guint i = 0; i < table->cells->len; i++) {
		const struct cell *cell = g_ptr_array_index(table->cells, i);
		size_t *width = &widths[i % table->columns];

		*width = MAX(*width, width_of(cell->text));
	}
	fit(widths, table->columns, terminal_width());
}

static void print_cell(const char *text, size_t width, const char *on,
		       bool is_last)
{
	size_t long_is = width_of(text);
	g_autofree char *cut = g_utf8_substring(
		text, 0, (glong)MIN(long_is, width));

	printf("%s%s%s", on, cut, *on ? "\033[0m" : "");
	if (!is_last)
		printf("%*s", (int)(width - MIN(long_is, width) + 2), "");
}

static const char *colour_of(enum table_style style)
{
	static const char *const codes[] = {
		"", "\033[32m", "\033[31m", "\033[2m",
	};

	return isatty(STDOUT_FILENO) && !getenv("NO_COLOR") ? codes[style] :
							      "";
}

static void print_rows(const struct table *table, const size_t *widths)
{
	for (guint i = 0; i < table->cells->len; i++) {
		const struct cell *cell = g_ptr_array_index(table->cells, i);
		size_t column = i % table->columns;
		bool is_last = column + 1 == table->columns;

		print_cell(cell->text, widths[column], colour_of(cell->style),
			   is_last);
		if (is_last)
			putchar('\n');
	}
}

void table_print_rows(const struct table *table)
{
	size_t widths[COLUMNS_MAX];

	measure(table, widths);
	print_rows(table, widths);
}

void table_print(const struct table *table)
{
	size_t widths[COLUMNS_MAX];

	measure(table, widths);
	for (size_t i = 0; i < table->columns; i++)
		print_cell(table->titles[i], widths[i], colour_of(TABLE_DIM),
			   i + 1 == table->columns);
	putchar('\n');
	print_rows(table, widths);
}
