/* hashtree.h - one hash over all records of a day, and proofs
 * that one is among them */
#ifndef STORE_HASHTREE_H
#define STORE_HASHTREE_H

#include "base/guard.h"
#include "store/digest.h"

#include <glib.h>
#include <stdint.h>

/*
 * The Merkle tree of RFC 9162, 2.1, whose leaves are the records' SHA-256. Who
 * has the root, which the day's seal signs, and some thirty hashes can tell
 * that a record was among a day's without seeing any other. Zeroed, it has no
 * leaf.
 */
struct hashtree {
	uint64_t count;
	uint8_t nodes[64][DIGEST_SHA256_BYTES];	/* of whole trees, by height */
};

void hashtree_add(struct hashtree *tree,
		  const uint8_t sha256[DIGEST_SHA256_BYTES]);
void hashtree_root(const struct hashtree *tree,
		   uint8_t root_out[DIGEST_SHA256_BYTES]);

/* The hashes beside the way from one leaf to the root (RFC 9162, 2.1.3.1). */
struct hashtree_path;
/* Of leaf index, counted from 0, among count. */
struct hashtree_path *hashtree_path_new(uint64_t index, uint64_t count)
	MUST_USE;
/* All leaves, in order. */
void hashtree_path_add(struct hashtree_path *path,
		       const uint8_t sha256[DIGEST_SHA256_BYTES]);
/* The hashes, from the leaf up, one behind the other; frees path. */
GByteArray *hashtree_path_end(struct hashtree_path **path) MUST_USE;

/* Whether they lead from the leaf to the root (RFC 9162, 2.1.3.2). */
bool hashtree_is_proved(const uint8_t sha256[DIGEST_SHA256_BYTES],
			uint64_t index, uint64_t count,
			const GByteArray *hashes,
			const uint8_t root[DIGEST_SHA256_BYTES]);

#endif
