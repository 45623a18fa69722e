/* forgery.h - the games that forgers play with header fields */
#ifndef SENDER_FORGERY_H
#define SENDER_FORGERY_H

#include "message/transaction.h"
#include "sender/dmarccheck.h"

/*
 * What From says, and to whom it wants to be taken for: FROM_*, LOOKALIKE_*,
 * REPLY_TO_ELSEWHERE, ENVELOPE_DIFFERS. Of a stranger's message, after DMARC.
 */
void forgery_check_from(struct transaction *tx,
			const struct from_facts *from);
/* Fields that are missing, doubled or made up: HEADER_DUPLICATE, MESSAGE_ID_*,
 * DATE_*, RECEIVED_FORGED, NO_REPLY_PATH. Of a stranger's message. */
void forgery_check_fields(struct transaction *tx,
			  const struct from_facts *from);

#endif
