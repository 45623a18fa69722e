/* listask.h - whether a list has who sends a message */
#ifndef CASES_LISTASK_H
#define CASES_LISTASK_H

#include "message/transaction.h"
#include "store/lists.h"

/*
 * Looks for the client's address and network and the login; and, where
 * asks_names, for the sender, its domain, and the customer in lists that cases
 * make. A stranger can say any of those names. The first that is there; its
 * texts live in the message's arena. tx->state is needed.
 */
bool listask_find(struct transaction *tx, enum list_which which,
		  bool asks_names, struct list_entry *entry_out) MUST_USE;

#endif
