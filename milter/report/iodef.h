/* iodef.h - reports of abuse as IODEF version 2 (RFC 7970) */
#ifndef REPORT_IODEF_H
#define REPORT_IODEF_H

#include "report/abusefacts.h"

/* A whole document, UTF-8: one incident, which is told by the first (one at
 * least), with an event for each message; free it. */
char *iodef_format(const struct abusefacts *const *all, size_t count,
		   struct arena *arena) MUST_USE;

#endif
