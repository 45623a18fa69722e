/* dkimverify.h - DKIM signatures of a message, verified (RFC
 * 6376, 8301, 8463) */
#ifndef SENDER_DKIMVERIFY_H
#define SENDER_DKIMVERIFY_H

#include "message/transaction.h"
#include "resolver/dnsanswer.h"

struct dkimverify;

/*
 * Once the header is there: asks for the keys of all signatures within
 * dkim.signatures. NULL when the message has no signature.
 */
struct dkimverify *dkimverify_new(const struct transaction *tx,
				  struct dns_asker asker) MUST_USE;
/* Accepts NULL. */
void dkimverify_free(struct dkimverify *verify);

/* The body in pieces, CRLF at its lines, as it comes. */
void dkimverify_body(struct dkimverify *verify, struct span chunk);
/* Whether all keys are there; asks for those that are not. */
bool dkimverify_is_ready(struct dkimverify *verify);
/*
 * At the end of the message: a result for each signature into tx->auth.dkim. A
 * key that is not there by now counts as a time-out.
 */
void dkimverify_finish(struct dkimverify *verify, struct transaction *tx);

/* A field that RFC 5322 allows once, and that is there more often than it is
 * listed (as h= lists them), so that another one can be shown than was signed
 * (RFC 6376, 8.15); NULL: none. */
const char *dkimverify_find_added(const struct transaction *tx,
				  struct span listed);

#endif
