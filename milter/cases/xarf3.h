/* xarf3.h - abuse reports in JSON: XARF, version 3 */
#ifndef CASES_XARF3_H
#define CASES_XARF3_H

#include "cases/xarf.h"

#include <jansson.h>

/*
 * Version "3" as Abusix wrote it (github.com/abusix/xarf), checked by what its
 * schema demands of any report and which fields the type has to have; and "3.0"
 * or "3.0.0", as the specification of version 4 tells of it, where the source
 * is an object of its own. Category and type become those of version 4 where
 * there are such. NULL; or a sentence that names the field. Pure; any thread.
 */
const char *xarf3_read(const json_t *report, struct arena *arena,
		       struct xarf *out) MUST_USE;

#endif
