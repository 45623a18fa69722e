/* customerprint.h - customers as tables, words and JSON */
#ifndef ADMIN_CUSTOMERPRINT_H
#define ADMIN_CUSTOMERPRINT_H

#include "admin/table.h"
#include "cases/customerentry.h"

/* A table for customerprint_row(). */
struct table *customerprint_table(void) MUST_USE;
void customerprint_row(struct table *table,
		       const struct customer_entry *entry);
/* All that is known, a line a field. */
void customerprint_words(const struct customer_entry *entry);
/* One line, as reevectl customer import reads it. */
void customerprint_json(const struct customer_entry *entry);

#endif
