/* figuresprint.h - figures for a terminal */
#ifndef ADMIN_FIGURESPRINT_H
#define ADMIN_FIGURESPRINT_H

#include "report/figures.h"

/* To standard output: what stands on top, and then each table. */
void figuresprint_all(const struct figures *figures);
void figuresprint_table(const struct figures_table *table);

#endif
