/* csvtext.h - comma-separated values, as RFC 4180 has them */
#ifndef CASES_CSVTEXT_H
#define CASES_CSVTEXT_H

#include "base/arena.h"

#include <glib.h>

#define CSVTEXT_FIELDS_MAX 100		/* of a row */

/*
 * Strict where leniency would put words into another column: a quote within a
 * field that does not begin with one, something behind a closing quote, and one
 * that is never closed are errors. Lines end with LF or CRLF; a byte order mark
 * in front is passed over, and so are lines with nothing in them.
 */
struct csvtext {
	struct span rest;
	unsigned line;			/* where rest begins, from 1 */
	unsigned row_line;		/* where the last row began */
};

enum csvtext_result { CSVTEXT_ROW, CSVTEXT_END, CSVTEXT_BROKEN };

/* Borrows text for as long as rows are read. Pure; any thread. */
void csvtext_init(struct csvtext *csv, struct span text);
/*
 * The next row: const char * in arena, put into fields (emptied before).
 * BROKEN: error (STORE_ERROR_INVALID) says what is wrong in row_line;
 * there is no going on.
 */
enum csvtext_result csvtext_next(struct csvtext *csv, struct arena *arena,
				 GPtrArray *fields, GError **error) MUST_USE;

#endif
