/* arctext.h - the bytes that ARC's signatures and seals cover */
#ifndef SENDER_ARCTEXT_H
#define SENDER_ARCTEXT_H

#include "message/transaction.h"
#include "sender/arcset.h"
#include "sender/canon.h"

/* Each appends to out, in the canonical form. */
void arctext_field(GString *out, const struct transaction *tx,
		   const struct header *header, enum canon canon);
/* A signature's or seal's own field: without the value of b=, and no CRLF. */
void arctext_signature(GString *out, const struct transaction *tx,
		       const struct header *header, enum canon canon);
/* The fields of h= (RFC 6376, 5.4.2): of a name that is listed several times,
 * they count from the last one up; one that is not there counts as nothing. */
void arctext_listed(GString *out, const struct transaction *tx,
		    struct span names, enum canon canon);
/* The first sets of a chain, as a seal of a later one covers them (RFC 8617,
 * 5.1.1). */
void arctext_sets(GString *out, const struct transaction *tx,
		  const struct arc_chain *chain, unsigned count);

#endif
