/* customerread.h - files of customers: CSV with a header line,
 * and JSON lines */
#ifndef CASES_CUSTOMERREAD_H
#define CASES_CUSTOMERREAD_H

#include "cases/customerentry.h"

#define CUSTOMERREAD_BYTES_MAX (256 << 20)
#define CUSTOMERREAD_MAX 1000000	/* customers of a file */

/*
 * Reads all customers of a file: struct customer_entry *, in arena. One whose
 * first byte that is no blank is "{" has an object a line; else it is CSV
 * (csvtext.h), whose first line names the columns, in any order; id must be
 * among them. The fields are those of customerentry.h; in JSON lists are
 * arrays, or texts as in CSV, and created_us and changed_us, which reevectl
 * writes, are passed over. Error (STORE_ERROR_INVALID): "NAME:LINE: what". Free
 * with g_ptr_array_unref(). Pure; any thread.
 */
GPtrArray *customerread_parse(struct span text, const char *name,
			      struct arena *arena, GError **error) MUST_USE;

#endif
