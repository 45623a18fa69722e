/* probe.h - is this server an open relay? Tried, not guessed */
#ifndef RELAY_PROBE_H
#define RELAY_PROBE_H

#include "base/guard.h"

#include <glib.h>
#include <stdint.h>

struct settings;

struct probe_options {
	const char *host;		/* name or address, [..] around IPv6 */
	const char *port;		/* "25" */
	const char *from;		/* outside address that sends;
					 * NULL: preset */
	const char *to;			/* outside address to reach;
					 * NULL: preset */
	bool is_starttls;
	const char *user, *password;	/* NULL: no login */
	bool is_deliver;		/* go on to DATA where it is accepted */
	bool is_confirmed;		/* --i-run-this-server */
	int timeout_ms;			/* of each step */
	int64_t run_ms;			/* of all tests; 0: PROBE_RUN_MS */
};

#define PROBE_RUN_MS (10 * 60 * 1000)

#define PROBE_ERROR probe_error_quark()
GQuark probe_error_quark(void);

/* Errors of another domain say that the server cannot be reached. */
enum probe_error {
	PROBE_ERROR_USAGE,		/* the options make no sense */
	PROBE_ERROR_NOT_PERMITTED,	/* not a server that may be probed */
	PROBE_ERROR_UNREACHABLE,
};

enum probe_verdict { PROBE_CLOSED, PROBE_OPEN, PROBE_UNKNOWN };

/* One test. Texts belong to the result. */
struct probe_row {
	const char *name;		/* "percent, server's name" */
	char *mail_from, *rcpt_to;	/* without < > */
	int code;			/* the last reply's; 0: none */
	char *text;			/* printable */
	enum probe_verdict verdict;	/* OPEN: it was accepted */
};

struct probe_result {
	char *server;			/* address and port that answered */
	GPtrArray *rows;		/* of struct probe_row * */
	enum probe_verdict verdict;	/* CLOSED: all; OPEN: one or more */
};

/*
 * Tries the server with every known game, each in a session of its own, up to
 * RCPT, with is_deliver to the end of DATA. A test is CLOSED when MAIL or RCPT
 * is refused for good (5xx), OPEN when it is accepted, and UNKNOWN for 4xx, for
 * trouble with the connection, the session or the login, when the time is up,
 * and when the server only says that it cannot find the domain of an address:
 * with from and to in domains that exist it may relay. (The presets are in
 * .invalid, so that nothing reaches anyone.)
 *
 * NULL and error when the server is not to be probed (one of its addresses is
 * not loopback, not in relay.networks, and it is not confirmed), when a login
 * would go in clear to another host, or when there is no connection. Resolving
 * the name takes as long as the system's resolver takes.
 *
 * Run it from where a stranger would be: a server that trusts this host's
 * address accepts all, and is called open. The same holds with a login, whose
 * point is to see that it lets one send: OPEN is then what one wants. A server
 * that takes any local part for its own domain, and looks later, is called open
 * too: is_deliver and the mailbox of to tell. With is_starttls the certificate
 * is not checked, for the server is one's own.
 */
struct probe_result *probe_run(const struct probe_options *options,
			       const struct settings *settings,
			       GError **error) MUST_USE;
void probe_result_free(struct probe_result *result);

#endif
