/* figures.h - tables of figures, which can be written as text,
 * CSV, JSON and HTML */
#ifndef REPORT_FIGURES_H
#define REPORT_FIGURES_H

#include "base/guard.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* What the numbers of a column are. */
enum figures_type {
	FIGURES_TEXT,
	FIGURES_COUNT,
	FIGURES_BYTES,
	FIGURES_SECONDS,		/* a span */
	FIGURES_SHARE,			/* 0 to 1 */
};

struct figures_column {
	const char *name;		/* for programs: "worst_s" */
	const char *title;		/* for people */
	enum figures_type type;
	bool is_bar;			/* worth a chart */
};

#define FIGURES_COLUMNS_MAX 12

struct figures_cell {
	char *text;			/* NULL: a number */
	double number;
	bool is_none;			/* nothing is known */
};

struct figures_table {
	const char *name, *title;
	const struct figures_column *columns;	/* the first is what a
						 * row is of */
	size_t column_count;
	GArray *cells;			/* of struct figures_cell, row by row */
};

/* A line on top. */
struct figures_fact {
	const char *name, *title;
	char *text;
};

struct figures {
	char *title;
	GPtrArray *facts;		/* of struct figures_fact * */
	GPtrArray *tables;		/* of struct figures_table * */
};

/* All texts but title, which is copied as those of facts and cells are,
 * are borrowed for ever. Bytes that are not UTF-8, and control
 * characters, become others. */
struct figures *figures_new(const char *title) MUST_USE;
void figures_free(struct figures *figures);	/* accepts NULL */

void figures_add_fact(struct figures *figures, const char *name,
		      const char *title, const char *text);
/* columns ends with a name NULL. What is added then are the cells of its rows,
 * one after another. */
void figures_begin(struct figures *figures, const char *name,
		   const char *title, const struct figures_column *columns);
void figures_add_text(struct figures *figures, const char *text);
void figures_add_number(struct figures *figures, double number);
void figures_add_none(struct figures *figures);

size_t figures_rows(const struct figures_table *table);
const struct figures_cell *figures_cell(const struct figures_table *table,
					size_t row, size_t column);
/* The largest number of a column, 0 when there is none. */
double figures_largest(const struct figures_table *table, size_t column);
/* For people: 12, 3.4 MiB, 1 d 2 h, 97.5 %, -. Free it. */
char *figures_words(const struct figures_table *table, size_t row,
		    size_t column) MUST_USE;

#endif
