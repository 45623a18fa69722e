/* dkimsign.h - DKIM signatures for what we send (RFC 6376, 5) */
#ifndef SENDER_DKIMSIGN_H
#define SENDER_DKIMSIGN_H

#include "message/transaction.h"

struct dkimsign;

/* Once the header is there: one signature for each key of the
 * domain (A-labels), both RSA and Ed25519 where there are both.
 * NULL when there is no key. */
struct dkimsign *dkimsign_new(const struct transaction *tx,
			      const char *domain) MUST_USE;
/* Accepts NULL. */
void dkimsign_free(struct dkimsign *sign);
/* The body in pieces, as it comes. */
void dkimsign_body(struct dkimsign *sign, struct span chunk);
/* At the end: values of DKIM-Signature fields for tx->annotations, folded with
 * LF and a tab. A key that cannot sign is logged, and left out. */
void dkimsign_finish(struct dkimsign *sign, struct transaction *tx);

#endif
