/* unasked.h - advertising that nobody asked for: bulk, and what
 * its content lacks */
#ifndef BULK_UNASKED_H
#define BULK_UNASKED_H

#include "message/transaction.h"

/*
 * A check (STAGE_MESSAGE), behind content and likeness, of strangers' mail that
 * is bulk by its likeness, and that no list of ours welcomes: UNASKED_BULK,
 * with what content rules found (bulk.unasked_findings); BULK_NO_WAY_OUT, when
 * it has no List-Unsubscribe field; BULK_NO_REPLY, when nobody can be answered.
 */
void unasked_message(struct transaction *tx);

#endif
