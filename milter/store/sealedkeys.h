/* sealedkeys.h - what dayreader.h promises of the index, of a sealed day's */
#ifndef STORE_SEALEDKEYS_H
#define STORE_SEALEDKEYS_H

#include "store/dayreader.h"
#include "store/dayguide.h"

/* sealedread.h tells of the table; sealindex.h writes it. The
 * guide stays as long. */
struct sealedkeys;
struct sealedkeys *sealedkeys_new(const struct dayguide *guide) MUST_USE;
/* Accepts NULL, clears the pointer. */
void sealedkeys_free(struct sealedkeys **keys);
/* What was wrong with any answer so far, or NULL. */
const char *sealedkeys_problem(const struct sealedkeys *keys);

void sealedkeys_prefetch(struct sealedkeys *keys,
			 const struct record_key *key);
void sealedkeys_prefetch_postings(struct sealedkeys *keys,
				  const struct record_key *key, uint64_t most);
bool sealedkeys_postings(struct sealedkeys *keys,
			 const struct record_key *key, uint64_t most,
			 GArray *out) MUST_USE;
void sealedkeys_collect(struct sealedkeys *keys,
			const struct record_key *from,
			const struct record_key *to, GArray *out);
uint64_t sealedkeys_count(struct sealedkeys *keys,
			  const struct record_key *from,
			  const struct record_key *to, uint64_t enough)
	MUST_USE;
struct dayreader_bounds sealedkeys_bounds(struct sealedkeys *keys,
					  const struct record_key *from,
					  const struct record_key *to)
	MUST_USE;
bool sealedkeys_each_key(struct sealedkeys *keys, dayreader_take_key_fn *take,
			 void *context) MUST_USE;

#endif
