/* iodef.h - reports of abuse as IODEF version 2 (RFC 7970) */
#ifndef REPORT_IODEF_H
#define REPORT_IODEF_H

#include "report/abusefacts.h"

/* A whole document of one incident, UTF-8; free it. */
char *iodef_format(const struct abusefacts *facts, struct arena *arena) MUST_USE;

#endif
