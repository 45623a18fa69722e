/* rawmessage.h - a message from a file, taken apart as an MTA does */
#ifndef MESSAGE_RAWMESSAGE_H
#define MESSAGE_RAWMESSAGE_H

#include "message/transaction.h"

/*
 * Adds header fields and body to the transaction as a milter gets them: an
 * mbox's "From " line skipped, folds with LF, no space behind the colon, the
 * body with CRLF (bare CR and LF as SMTP servers make of them: LF is a line
 * end, CR stays). Where the header has a line that is no field, the body
 * begins. Pure but for the transaction.
 */
void rawmessage_take(struct transaction *tx, struct span bytes);

#endif
