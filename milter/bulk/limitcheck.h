/* limitcheck.h - the limits, asked for each recipient and message */
#ifndef BULK_LIMITCHECK_H
#define BULK_LIMITCHECK_H

#include "message/transaction.h"

/*
 * What is counted is taken when a recipient is named, before it is answered, so
 * that no number of sessions at once passes a limit; and given back when the
 * recipient is refused, or the message does not end with our acceptance. So one
 * that is deferred or aborted, and comes again, is counted once. Bytes are
 * taken at the end, when they are known. Different things (recipients,
 * sessions) are not given back: the same ones again are none.
 *
 * A limit that is reached gives BULK_LIMIT_<NAME>, with the settings' action,
 * and notes an incident. Before it refuses, it asks state.mdb whether an
 * operator raised or cleared it. Without tx->bulk nothing is counted and all is
 * let through.
 *
 * A recipient that another check refuses is not counted, so
 * this one comes last.
 */

/* A check (STAGE_RCPT). */
void limitcheck_recipient(struct transaction *tx);
/* After the verdict on the recipient added last, or the MTA's refusal of it. */
void limitcheck_after_recipient(struct transaction *tx);
/* A check (STAGE_MESSAGE). */
void limitcheck_message(struct transaction *tx);
/* When the outcome is what the MTA is told; also of an unfinished message. */
void limitcheck_end(struct transaction *tx);

#endif
