/* listcheck.h - the operators' lists, asked for each message */
#ifndef CASES_LISTCHECK_H
#define CASES_LISTCHECK_H

#include "message/transaction.h"

/*
 * A check (STAGE_MAIL): client address and network, login, sender, sender's
 * domain. LIST_WELCOME demands that the score be passed over, LIST_BLOCK that
 * the message be refused. Welcome wins: it is the exception that an operator
 * made. LIST_EVIDENCE has the original kept, whatever becomes of it. Without a
 * state (tx->state NULL), or when it cannot be read, nothing.
 */
void listcheck_sender(struct transaction *tx);

#endif
