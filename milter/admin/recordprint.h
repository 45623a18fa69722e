/* recordprint.h - records as a table, as CSV, or line by line */
#ifndef ADMIN_RECORDPRINT_H
#define ADMIN_RECORDPRINT_H

#include "store/recordview.h"

#include <glib.h>

struct recordprint;

/* A table for people, printed at the end since its columns must be measured;
 * or CSV (RFC 4180), printed as it comes. */
struct recordprint *recordprint_new(bool is_csv) MUST_USE;
/* From now on each record is printed at once, in fixed columns. */
void recordprint_stream(struct recordprint *print);
void recordprint_add(struct recordprint *print, const Reeve__Record *record);
void recordprint_end(struct recordprint *print);
void recordprint_free(struct recordprint *print);

/* The same lines of CSV, behind what is in out. */
void recordprint_csv_titles(GString *out);
void recordprint_csv(GString *out, const Reeve__Record *record);

#endif
