/* sealguide.h - makes the guide of a sealed day */
#ifndef STORE_SEALGUIDE_H
#define STORE_SEALGUIDE_H

#include "store/dayguide.h"

/* dayguide.h tells what it is. */
struct sealguide;
struct sealguide *sealguide_new(void) MUST_USE;
/* In the file's order each. */
void sealguide_add_chunk(struct sealguide *guide, uint64_t sequence,
			 uint64_t offset, uint64_t bytes);
/* key: as the index table has it (sealedread.h). One that it cannot have is not
 * put, and told by what the guide lacks. */
void sealguide_add_block(struct sealguide *guide, struct span key,
			 uint64_t offset, uint64_t bytes);
/* Its bytes, and frees it. */
GByteArray *sealguide_end(struct sealguide **guide,
			  const struct segment_facts *facts,
			  uint64_t dict_offset, uint64_t dict_bytes) MUST_USE;

/* The tables of a sealed day's file, in a transaction. */
struct MDB_txn;
struct sealguide_tables {
	struct MDB_txn *txn;
	unsigned int records, index, meta;
};
/* Of all that can be found in them, and the facts that meta has.
 * Returns LMDB's code. */
int sealguide_make(const struct sealguide_tables *tables,
		   const struct segment_facts *facts, GByteArray **bytes_out)
	MUST_USE;

#endif
