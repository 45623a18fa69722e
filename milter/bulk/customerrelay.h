/* customerrelay.h - customers' servers that relay for strangers */
#ifndef BULK_CUSTOMERRELAY_H
#define BULK_CUSTOMERRELAY_H

#include "message/transaction.h"

/*
 * A check (STAGE_MESSAGE) of mail from a customer's network, by the settings
 * (bulk.customers) or by tx->customer_networks: CUSTOMER_RELAYS, and an
 * incident, when the customer's server says in its Received field that it had
 * the message from an address that is not the customer's, without a login, and
 * neither the sender nor the recipient that it was for (if it says) is of a
 * domain of theirs.
 */
void customerrelay_message(struct transaction *tx);

#endif
