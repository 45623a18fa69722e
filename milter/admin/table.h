/* table.h - tables for people, that fit the terminal */
#ifndef ADMIN_TABLE_H
#define ADMIN_TABLE_H

#include "base/guard.h"

#include <glib.h>
#include <stdbool.h>

enum table_style { TABLE_PLAIN, TABLE_GOOD, TABLE_BAD, TABLE_DIM };

struct table;

/* titles ends with NULL; the last column takes what room is left. */
struct table *table_new(const char *const *titles) MUST_USE;
void table_free(struct table *table);

/* The next cell of the row being filled; rows begin by themselves. Bytes that
 * could steer a terminal are shown as "?". */
void table_add(struct table *table, enum table_style style, const char *fmt,
	       ...) PRINTF_LIKE(3, 4);

/* Prints, cut to the terminal's width when standard output is one, in colour
 * only there (and not when NO_COLOR is set). */
void table_print(const struct table *table);
/* The same without the titles. */
void table_print_rows(const struct table *table);

#endif
