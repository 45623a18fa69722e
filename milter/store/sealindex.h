/* sealindex.h - writes the index of a sealed day */
#ifndef STORE_SEALINDEX_H
#define STORE_SEALINDEX_H

#include "store/sealedfile.h"
#include "store/sealedform.h"

struct sealindex;
/* The file is borrowed until sealindex_free(). */
struct sealindex *sealindex_new(struct sealedfile *file) MUST_USE;
/* Accepts NULL, clears the pointer. */
void sealindex_free(struct sealindex **index);

/* key as sealedform_key() has it, none before the last one; sequence counts
 * from the day's first, which is 1. */
void sealindex_add(struct sealindex *index, const struct record_key *key,
		   uint32_t sequence);
void sealindex_end(struct sealindex *index);

#endif
