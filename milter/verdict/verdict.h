/* verdict.h - findings in, one action out */
#ifndef VERDICT_VERDICT_H
#define VERDICT_VERDICT_H

#include "message/transaction.h"

/*
 * Whether the message is refused at MAIL, by a finding that says so: fills
 * tx->outcome then. Never in monitor mode, nor DIRECTION_LOCAL, for which the
 * MTA has the message already: that waits for verdict_message().
 */
bool verdict_sender(struct transaction *tx);

/*
 * Decides on the recipient added last, from its own findings and from those
 * that concern the whole envelope: fills its outcome, and its state when it
 * is refused. A DIRECTION_LOCAL recipient is never refused here, since the
 * MTA would keep the message for ever: verdict_message() then refuses all.
 * tx->is_enforced false (monitor mode): decided, but the state stays accepted.
 */
void verdict_recipient(struct transaction *tx);

/*
 * Decides on the whole message at its end: fills tx->outcome and the findings'
 * scores. The reply's text is printable ASCII without a stranger's bytes.
 */
void verdict_message(struct transaction *tx);

/* An operator decided: accepted, whatever was found. */
void verdict_released(struct transaction *tx);

/*
 * The outcome of a message that never came to its end, for its record: the
 * first refusal when all recipients were refused by us, else none.
 */
void verdict_unfinished(struct transaction *tx);

#endif
