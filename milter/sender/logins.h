/* logins.h - which account may send as whom */
#ifndef SENDER_LOGINS_H
#define SENDER_LOGINS_H

#include "base/guard.h"
#include "base/span.h"
#include "message/mailaddr.h"

#include <glib.h>

/*
 * A table account -> senders. A line is "account: sender, sender
 * ..."; a sender is an address, a @domain, a @.domain for all below it, or *.
 * The account * stands for every account that has no line of its own. Read-only
 * once filled.
 */
struct logins;

struct logins *logins_new(void) MUST_USE;
/* Accepts NULL. */
void logins_free(struct logins *logins);
bool logins_add(struct logins *logins, struct span line, GError **error)
	MUST_USE;
/* # begins a comment. Error "path:line: what". */
bool logins_add_file(struct logins *logins, const char *path, GError **error)
	MUST_USE;
/* Whether the account may; an account that is itself an address may always
 * send as that. */
bool logins_may_send(const struct logins *logins, const char *account,
		     const struct mailaddr *sender);
bool logins_is_empty(const struct logins *logins);

#endif
