/* headervalue.h - a header field's value as a reader sees it */
#ifndef MESSAGE_HEADERVALUE_H
#define MESSAGE_HEADERVALUE_H

#include "message/transaction.h"

/* Unfolded, decoded to UTF-8 (RFC 2047, but for fields that have no words),
 * trimmed; in the arena. */
const char *headervalue_decode(const struct header *header,
			       struct arena *arena);

#endif
