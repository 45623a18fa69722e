/* statecheck.h - what is done while lists, customers and cases
 * cannot be read */
#ifndef CASES_STATECHECK_H
#define CASES_STATECHECK_H

#include "message/transaction.h"

/*
 * Behind those that look into the state. For them what cannot be read is empty:
 * no one is suspended then. So when a read failed just now the finding
 * STATE_UNREADABLE says so, and demands what records.on_failure says: to come
 * again later, or nothing.
 */
void statecheck_sender(struct transaction *tx);

#endif
