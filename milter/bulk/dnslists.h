/* dnslists.h - DNS lists (RFC 5782) of addresses and domains, good and bad */
#ifndef BULK_DNSLISTS_H
#define BULK_DNSLISTS_H

#include "message/transaction.h"

/*
 * Checks, a finding DNSLIST_NAME for each list that has an answer which counts.
 * A list is believed only while it does not list 127.0.0.1 or "invalid", which
 * no list may (RFC 5782, 5); see bulk/listhealth.h for those that do not
 * answer.
 *
 * At MAIL, when it is known who comes: asks for all that is known, and
 * waits for nothing.
 */
void dnslists_sender(struct transaction *tx);
/* At the first RCPT: waits for lists that refuse by what is known by then. */
void dnslists_recipient(struct transaction *tx);
/* Before the other checks of the message: asks for the rest. */
void dnslists_ask(struct transaction *tx);
/* Behind them: takes the answers. */
void dnslists_message(struct transaction *tx);

#endif
