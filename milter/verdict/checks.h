/* checks.h - every check there is, and at which stage it runs */
#ifndef VERDICT_CHECKS_H
#define VERDICT_CHECKS_H

#include "message/transaction.h"

/*
 * Runs the checks of one stage in the table's order; each adds its findings to
 * the transaction. At STAGE_RCPT they judge the recipient added last.
 */
void checks_run(struct transaction *tx, enum stage stage);

#endif
