/* clientcheck.h - who the client says it is: HELO, and its name in the DNS */
#ifndef SENDER_CLIENTCHECK_H
#define SENDER_CLIENTCHECK_H

#include "message/transaction.h"
#include "resolver/dnsanswer.h"

struct resolver;

/* At connect: asks for the client's name, so that the answer is there at the
 * end of its message. Waits for nothing; resolver may be NULL. */
void clientcheck_prefetch(struct resolver *resolver,
			  const struct client *client);
/*
 * Does the address have a name that leads back to it (RFC 8601, 3)? Fills
 * tx->auth.iprev; false while an answer is not there yet. An MTA that has found
 * such a name is believed.
 */
bool clientcheck_iprev(struct transaction *tx, const struct dns_asker *asker)
	MUST_USE;
/* HELO_* and CLIENT_*, of a stranger (RFC 5321, 4.1.1.1 and 4.1.3). */
void clientcheck_find(struct transaction *tx);

#endif
