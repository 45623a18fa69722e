/* xarfcheck.h - what the versions of XARF have in common */
#ifndef CASES_XARFCHECK_H
#define CASES_XARFCHECK_H

#include "base/arena.h"

#include <glib.h>
#include <jansson.h>

struct xarfcheck {
	struct arena *arena;
	const char *version;		/* of the sentence: "XARF 3" */
	const char *why;		/* NULL: all is well so far; in
					 * the arena */
};

/* The first is kept: "XARF 3: SourceIp is no IP address". */
void xarfcheck_refuse(struct xarfcheck *on, const char *field,
		      const char *what);

/* Names between blanks; each has to be there. */
void xarfcheck_need(struct xarfcheck *on, const json_t *object,
		    const char *names);

/* In the arena; "" for what is no text. */
const char *xarfcheck_text(struct xarfcheck *on, const json_t *object,
			   const char *name);
bool xarfcheck_is_pattern(const char *pattern, const char *text);
bool xarfcheck_is_mail(const char *text);
bool xarfcheck_is_host(const char *text);
bool xarfcheck_is_address(const char *text);	/* IPv4 or IPv6 */
bool xarfcheck_is_time(const char *text);	/* RFC 3339 */

/* Base64, or as it is; in the arena. */
struct span xarfcheck_payload(struct xarfcheck *on, const char *text,
			      bool is_base64);

#endif
