/* arcseal.h - sets of our own at the end of an ARC chain (RFC 8617, 5.1) */
#ifndef SENDER_ARCSEAL_H
#define SENDER_ARCSEAL_H

#include "message/transaction.h"
#include "sender/arcset.h"
#include "sender/canon.h"

/*
 * Adds a set to tx->annotations, by the key of arc.key, which must be there.
 * chain: what there was before, with room for one more, or NULL;
 * tx->auth.arc.result says whether it is valid. body_digest: of the body,
 * relaxed. results: as authres_format() has them.
 */
void arcseal_add(struct transaction *tx, const struct arc_chain *chain,
		 const uint8_t body_digest[CANON_HASH_BYTES],
		 const char *results);

#endif
