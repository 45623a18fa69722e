/* headerwire.h - header fields as they went over the wire, for signatures */
#ifndef MESSAGE_HEADERWIRE_H
#define MESSAGE_HEADERWIRE_H

#include "message/transaction.h"

/*
 * "Name: value" with CRLF at its folds and none at the end (the milter protocol
 * gives folds as LF). Where the MTA does not pass the space behind the colon,
 * one is put there. Free with g_string_free().
 */
GString *headerwire_format(const struct transaction *tx,
			   const struct header *header) MUST_USE;

#endif
