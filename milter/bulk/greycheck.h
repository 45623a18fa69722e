/* greycheck.h - greylisting of suspicious strangers */
#ifndef BULK_GREYCHECK_H
#define BULK_GREYCHECK_H

#include "message/transaction.h"

/*
 * A check (STAGE_MESSAGE), behind those whose findings make a client
 * suspicious: GREYLISTED, which demands that the message is deferred. The key
 * is the domain that DMARC, DKIM or SPF proves, else the client's network,
 * sender and recipients.
 */
void greycheck_message(struct transaction *tx);

#endif
