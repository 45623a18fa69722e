/* proof.h - that a record was among those of a day, for who sees no other */
#ifndef STORE_PROOF_H
#define STORE_PROOF_H

#include "store/segment.h"

#include <glib.h>

/*
 * The record as it was written, with the hash of the one before; where it
 * stood; and of a sealed day the hashes beside its way to the root
 * (hashtree.h), which the seal signs. Each part is there for as long as the day
 * has it: of a day that is not sealed no seal, of one of which records went at
 * their term no hashes.
 */
struct proof {
	int64_t day;
	uint64_t sequence;
	uint64_t index, count;		/* of the tree's leaves; index from 0 */
	GBytes *record;
	uint8_t sha256[RECORD_HASH_BYTES];	/* of it as it was written */
	bool is_erased;			/* record is not what that is the
					 * hash of */
	GByteArray *hashes;		/* from the leaf up; NULL: none */
	char *seal;			/* its text; NULL: none */
};

/* Looks for a record by its sequence, and reads all of its day.
 * STORE_ERROR_MISSING: there is none. Release what is in
 * proof_out only when true. */
bool proof_make(const char *state_dir, uint64_t sequence,
		struct proof *proof_out, GError **error) MUST_USE;
void proof_release(struct proof *proof);

#endif
