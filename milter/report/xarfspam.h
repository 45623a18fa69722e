/* xarfspam.h - reports of abuse as XARF version 4 */
#ifndef REPORT_XARFSPAM_H
#define REPORT_XARFSPAM_H

#include "report/abusefacts.h"

#include <jansson.h>

/*
 * A report of the type messaging/spam; a new reference. NULL: the record
 * has no client address and no sender's domain, and so no source that a
 * report could name.
 */
json_t *xarfspam_format(const struct abusefacts *facts, struct arena *arena)
	MUST_USE;

#endif
