#include <config.h>

#include "admin/figuresprint.h"

#include "admin/table.h"

#include <stdio.h>

void figuresprint_table(const struct figures_table *from)
{
	const char *titles[FIGURES_COLUMNS_MAX + 1] = { NULL };
	struct table *table;

	for (size_t i = 0; i < from->column_count; i++)
		titles[i] = from->columns[i].title;
	table = table_new(titles);
	for (size_t row = 0; row < figures_rows(from); row++)
		for (size_t i = 0; i < from->column_count; i++) {
			g_autofree char *words = figures_words(from, row, i);

			table_add(table, TABLE_PLAIN, "%s", words);
		}
	table_print(table);
	table_free(table);
}

static void print_facts(const struct figures *figures)
{
	static const char *const titles[] = { "", "", NULL };
	struct table *table = table_new(titles);

	for (guint i = 0; i < figures->facts->len; i++) {
		const struct figures_fact *fact = g_ptr_array_index(
			figures->facts, i);

		table_add(table, TABLE_DIM, "%s", fact->title);
		table_add(table, TABLE_PLAIN, "%s", fact->text);
	}
	table_print_rows(table);
	table_free(table);
}

void figuresprint_all(const struct figures *figures)
{
	printf("%s\n\n", figures->title);
	print_facts(figures);
	for (guint i = 0; i < figures->tables->len; i++) {
		const struct figures_table *table = g_ptr_array_index(
			figures->tables, i);

		printf("\n%s\n\n", table->title);
		if (figures_rows(table))
			figuresprint_table(table);
		else
			puts("none");
	}
}
