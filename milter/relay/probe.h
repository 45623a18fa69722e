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
	const char *from;		/* outside address that sends; NULL: preset */
	const char *to;			/* outside address to reach; NULL: preset */
	bool is_starttls;
	const char *user, *password;	/* NULL: no login */
	bool is_deliver;		/* go on to DATA where it is accepted */
	bool is_confirmed;		/* --i-run-this-server */
	int timeout_ms;			/* of each step */
};

enum probe_verdict { PROBE_CLOSED, PROBE_OPEN, PROBE_UNKNOWN };

/* One test. Texts belong to the result. */
struct probe_row {
	const char *name;		/* "percent, server's name" */
	char *mail_from, *rcpt_to;	/* without < > */
	int code;			/* the last reply's; 0: none */
	char *text;			/* printable */
	enum probe_verdict verdict;	/* OPEN: RCPT was accepted */
};

struct probe_result {
	char *server;			/* address and port that answered */
	GPtrArray *rows;		/* of struct probe_row * */
	enum probe_verdict verdict;	/* OPEN when one row is; CLOSED when all */
};

/*
 * Tries the server with every known game, each in a session of its own, up to
 * RCPT. NULL and error when it is not to be probed (not loopback, not in
 * relay.networks, not confirmed), or cannot be reached.
 *
 * Run it from where a stranger would be: a server that trusts this host's
 * address accepts all, and is called open. The same holds with a login: then
 * the point is to see that the login lets one send.
 */
struct probe_result *probe_run(const struct probe_options *options,
			       const struct settings *settings,
			       GError **error) MUST_USE;
void probe_result_free(struct probe_result *result);

#endif
