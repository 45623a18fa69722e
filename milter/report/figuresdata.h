/* figuresdata.h - figures for programs: JSON and CSV */
#ifndef REPORT_FIGURESDATA_H
#define REPORT_FIGURESDATA_H

#include "report/figures.h"

#include <jansson.h>

/* Facts as members, each table as an array of objects; a table of two
 * columns with one number each as an object. What is not known is
 * null. A new reference. */
json_t *figuresdata_json(const struct figures *figures) MUST_USE;
/* An array of objects, one a row. */
json_t *figuresdata_json_table(const struct figures_table *table) MUST_USE;

/* RFC 4180: a line for each number, with table, row, figure and value, so that
 * all tables are one; UTF-8. Free it. */
char *figuresdata_csv(const struct figures *figures) MUST_USE;
/* One table as it is. */
char *figuresdata_csv_table(const struct figures_table *table) MUST_USE;

#endif
