/* checks.h - every check there is, and at which stage it runs */
#ifndef VERDICT_CHECKS_H
#define VERDICT_CHECKS_H

#include "message/transaction.h"

/*
 * Runs the checks of one stage in the table's order; each adds its findings to
 * the transaction. At STAGE_RCPT they judge the recipient added last.
 */
void checks_run(struct transaction *tx, enum stage stage);
/* After the verdict on the recipient added last, or after the MTA's refusal of
 * it, for which STAGE_RCPT does not run. */
void checks_recipient(struct transaction *tx);
/* Between RCPT and the end: the header is there; the body in pieces. */
void checks_header(struct transaction *tx);
void checks_body(struct transaction *tx, struct span chunk);
/* After the verdict: what the checks remember of it. */
void checks_after(struct transaction *tx);
/* When the outcome is what the MTA is told; also of a message that
 * never came to its end. */
void checks_end(struct transaction *tx);

#endif
