/* sealedread.h - what dayreader.h promises of records, of a sealed day's */
#ifndef STORE_SEALEDREAD_H
#define STORE_SEALEDREAD_H

#include "store/dayreader.h"
#include "store/dayguide.h"

/*
 * The tables of a sealed day's file (LMDB; format version 2):
 *
 *	records	first sequence of some runs (8 bytes, most significant first) ->
 *		how many runs (4 bytes), of each its first sequence and where it
 *		begins (8 and 8 bytes), then the runs: the hash of the record
 *		before, and what sealedform_compress() made.
 *	index	key and first sequence of a block (4 bytes, most significant
 *		first, from the day's first) -> the block
 *	meta	as an open day's; and the dictionary
 *
 * dayguide.h says where they lie, so that they are read without LMDB.
 *
 * Numbers are in the machine's order where it is not said otherwise: a day's
 * file is for machines of one kind, as LMDB's are.
 */
struct sealedread_run {
	uint64_t sequence, offset;	/* of its first record; in the value */
};

/* The guide stays as long. */
struct sealedread;
struct sealedread *sealedread_new(const struct dayguide *guide,
				  enum dayreader_mode mode) MUST_USE;
/* Accepts NULL, clears the pointer. */
void sealedread_free(struct sealedread **read);

bool sealedread_at(struct sealedread *read, uint64_t sequence,
		   struct dayreader_record *record_out) MUST_USE;
bool sealedread_next(struct sealedread *read, uint64_t from,
		     struct dayreader_record *record_out) MUST_USE;
bool sealedread_before(struct sealedread *read, uint64_t to,
		       struct dayreader_record *record_out) MUST_USE;
void sealedread_prefetch(struct sealedread *read, const uint64_t *sequences,
			 size_t count);
const char *sealedread_problem(const struct sealedread *read);

#endif
