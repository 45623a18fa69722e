/* customercheck.h - whose message it is */
#ifndef CASES_CUSTOMERCHECK_H
#define CASES_CUSTOMERCHECK_H

#include "message/transaction.h"

/*
 * A check (STAGE_MAIL): sets tx->customer, of outbound mail, from the book by
 * login, client address and the sender's domain. It finds nothing and demands
 * nothing. Without a state (tx->state NULL), or when it cannot be read, nobody
 * is known.
 */
void customercheck_sender(struct transaction *tx);
/* A check (STAGE_MESSAGE): sets tx->customer_networks and
 * tx->customer_domains of mail that a customer's server may have sent on:
 * without a login, with a Received field. */
void customercheck_message(struct transaction *tx);

#endif
