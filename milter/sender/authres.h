/* authres.h - Authentication-Results fields, read and written
 * (RFC 8601, 8616) */
#ifndef SENDER_AUTHRES_H
#define SENDER_AUTHRES_H

#include "base/arena.h"
#include "base/span.h"
#include "message/transaction.h"

#define AUTHRES_METHODS_MAX 100	/* of one field that are read */

/* One "method=result reason=... ptype.property=value ...". */
struct authres_method {
	const char *method;		/* lower case */
	enum auth_result result;
	/* Of the properties only what is asked for below; NULL: not said. */
	const char *header_d, *header_from, *smtp_mailfrom;
};

struct authres {
	const char *authserv_id;	/* lower case */
	struct authres_method *methods;	/* in the arena */
	size_t count;
};

/* Pure; the text is a field's value. False when it is none; what cannot be read
 * of a method ends the list. */
bool authres_parse(struct span text, struct arena *arena,
		   struct authres *out) MUST_USE;
/* The authserv-id alone, lower case; NULL when there is none. */
const char *authres_parse_id(struct span text, struct arena *arena);

/*
 * The value of ours, from tx->auth: "id; spf=... ; dkim=...", one method a
 * line, folded with LF and a tab. ASCII, with A-labels; in an internationalised
 * message (SMTPUTF8) U-labels and UTF-8 local parts (RFC 8616, 5). authserv_id
 * NULL: only what stands behind it.
 */
const char *authres_format(struct transaction *tx, const char *authserv_id);
/* The value of Received-SPF (RFC 7208, 9.1), ASCII; NULL: there
 * is no result. */
const char *authres_format_spf(struct transaction *tx,
			       const char *authserv_id);

#endif
