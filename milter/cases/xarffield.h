/* xarffield.h - the form of fields in JSON reports, as tables */
#ifndef CASES_XARFFIELD_H
#define CASES_XARFFIELD_H

#include "cases/xarfcheck.h"

enum xarffield_form {
	XARFFIELD_TEXT,
	XARFFIELD_LONG_TEXT,		/* of three letters at least */
	XARFFIELD_MAIL, XARFFIELD_HOST, XARFFIELD_URL,
	XARFFIELD_ADDRESS,		/* IPv4 or IPv6 */
	XARFFIELD_TIME,			/* RFC 3339 */
	XARFFIELD_YES_NO,
	XARFFIELD_NUMBER,		/* a whole one */
	XARFFIELD_SIZE,			/* not less than 0 */
	XARFFIELD_PORT,
	XARFFIELD_PORTS,		/* one, or a list */
	XARFFIELD_AS_NUMBER, XARFFIELD_CVE,
	XARFFIELD_WORD,			/* one of words */
};

struct xarffield {
	const char *name;
	enum xarffield_form form;
	const char *words;		/* between blanks, and some
					 * around all */
};

/* A field that is there has its form; else the report is refused. */
void xarffield_check(struct xarfcheck *on, const json_t *object,
		     const struct xarffield *fields, size_t count);

#endif
