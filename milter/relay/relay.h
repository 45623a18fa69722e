/* relay.h - may this client send to this recipient through us? */
#ifndef RELAY_RELAY_H
#define RELAY_RELAY_H

#include "message/transaction.h"

/*
 * Whether the client may send anywhere: by its network, its login, or its
 * certificate's fingerprint. why_out says which, in a word. Pure.
 */
bool relay_is_trusted(const struct transaction *tx, const char **why_out);

/*
 * Checks (STAGE_MAIL and STAGE_MESSAGE): a stranger with one of our domains as
 * envelope sender (RELAY_OWN_SENDER). Where relay.own_sender is reject, at
 * once; where it is tag, once SPF is known, and not when that passes.
 */
void relay_check_sender(struct transaction *tx);
void relay_check_message(struct transaction *tx);

/*
 * A check (STAGE_RCPT): the relay policy, on the recipient added last. A
 * stranger (whose direction is neither outbound nor local) may send to our
 * domains and to nothing that a relay could be led astray by; those we trust
 * may send to anything that is an address.
 */
void relay_check_recipient(struct transaction *tx);

#endif
