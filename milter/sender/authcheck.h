/* authcheck.h - all that is asked about a sender, at once, and the answers */
#ifndef SENDER_AUTHCHECK_H
#define SENDER_AUTHCHECK_H

#include "message/transaction.h"

/*
 * In the order of a message. Questions are asked as early as what they need is
 * there, and waited for only in authcheck_message(): so their waits overlap.
 * tx->inquiry must be set before; NULL: nothing can be asked.
 */

/* A check (STAGE_MAIL): SPF and the client's name. */
void authcheck_sender(struct transaction *tx);
/* A check, once the header is there: keys, policies, signatures of ours. */
void authcheck_header(struct transaction *tx);
/* The body in pieces, CRLF at its lines, as it comes. */
void authcheck_body(struct transaction *tx, struct span chunk);
/* A check (STAGE_MESSAGE): fills tx->auth, and finds what is wrong. */
void authcheck_message(struct transaction *tx);
/* After the verdict: whom this message makes known (see contacts.h). */
void authcheck_remember(struct transaction *tx);

/* Whether a stranger or an account wrote a header field that says to be an
 * Authentication-Results of ours, or does not say whose it is. */
bool authcheck_is_forged_result(struct transaction *tx,
				const struct header *header);

#endif
