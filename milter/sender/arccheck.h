/* arccheck.h - ARC chains, validated and sealed (RFC 8617, 5) */
#ifndef SENDER_ARCCHECK_H
#define SENDER_ARCCHECK_H

#include "message/transaction.h"
#include "resolver/dnsanswer.h"
#include "sender/arcset.h"
#include "sender/dmarccheck.h"

struct arccheck;

/* Once the header is there: asks for the keys. is_sealing: the message will get
 * a seal of ours (arc.seal), so that its body is hashed whether it has a chain
 * or not. NULL when there is nothing to do. */
struct arccheck *arccheck_new(struct transaction *tx, struct dns_asker asker,
			      bool is_sealing) MUST_USE;
/* Accepts NULL. */
void arccheck_free(struct arccheck *check);
void arccheck_body(struct arccheck *check, struct span chunk);
/* Whether all keys are there; asks for those that are not. */
bool arccheck_is_ready(struct arccheck *check);

/*
 * At the end of the message: fills tx->auth.arc, but for has_passed_origin. The
 * result is none, pass or fail; a key that the DNS does not tell is fail, with
 * the reason, since RFC 8617 has no temporary result.
 */
void arccheck_validate(struct arccheck *check, struct transaction *tx);

/* Whether the sealers that we trust, from the last one back, saw DMARC
 * pass for the one domain in the one From, and no field was added since;
 * needs tx->auth.arc. */
bool arccheck_has_passed(const struct arccheck *check,
			 struct transaction *tx,
			 const struct from_facts *from);

/*
 * Adds a set of ours to tx->annotations, results (as authres_format() has them)
 * within, after validation; tx->auth.arc.result is what that said, or what it
 * said when the message came in. Nothing when the chain has failed before, has
 * 50 sets, or when nobody judged it, as when the DNS did not tell a key.
 */
void arccheck_seal(struct arccheck *check, struct transaction *tx,
		   const char *results);

#endif
