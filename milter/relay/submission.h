/* submission.h - hands one message to an MTA by SMTP */
#ifndef RELAY_SUBMISSION_H
#define RELAY_SUBMISSION_H

#include "base/guard.h"

#include <glib.h>

struct submission {
	const char *host, *port;	/* of the server */
	const char *sender;		/* without < >; "": the null sender */
	const char *const *to;		/* ends with NULL */
	const char *text;		/* whole message, lines end with LF */
	int timeout_ms;			/* for each step */
};

#define SUBMISSION_ERROR submission_error_quark()
GQuark submission_error_quark(void);

enum submission_error {
	SUBMISSION_ERROR_TEMP,		/* may pass: no connection, a
					 * reply 4xx */
	SUBMISSION_ERROR_PERM,		/* a reply 5xx */
	SUBMISSION_ERROR_ADDRESS,	/* one that cannot stand in a command */
};

/*
 * In one session, to all recipients or, when the server refuses one of them, to
 * none. The error has the reply. Resolving a name takes as long as the system's
 * resolver takes. No TLS and no login: for the MTA of this host, or of this
 * network.
 */
bool submission_send(const struct submission *mail, GError **error) MUST_USE;

#endif
