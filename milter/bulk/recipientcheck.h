/* recipientcheck.h - recipients that do not exist, and those
 * that exist to catch */
#ifndef BULK_RECIPIENTCHECK_H
#define BULK_RECIPIENTCHECK_H

#include "message/transaction.h"

/* A check (STAGE_RCPT): DICTIONARY_ATTACK, when whoever sends this has named
 * too many that do not exist. The null sender's only recipient does not
 * count: it answers. */
void recipientcheck_recipient(struct transaction *tx);
/* After the verdict on the recipient added last, or the MTA's
 * refusal: counts. */
void recipientcheck_after_recipient(struct transaction *tx);

/*
 * A check (STAGE_MESSAGE), behind likeness: TRAP_HIT for mail to bulk.traps,
 * whose campaign has a bad name from then on; BULK_TRAPPED for others of it;
 * NULL_SENDER_FLOOD.
 */
void recipientcheck_message(struct transaction *tx);

#endif
