/* dayreader.h - reads the records of one day, whether it is open or sealed */
#ifndef STORE_DAYREADER_H
#define STORE_DAYREADER_H

#include "store/segment.h"

/*
 * A snapshot of a day: what is written after it was made is not seen.
 * To be freed soon, since an open day's file grows while it lasts.
 * One thread at a time.
 */
struct dayreader;

enum dayreader_mode {
	DAYREADER_RECORDS,	/* what they say */
	DAYREADER_HASHES,		/* and their hashes, computed anew */
};

struct dayreader_record {
	uint64_t sequence;
	struct span bytes;	/* borrowed until the reader is asked again */
	bool is_erased;		/* words were taken out of it (erasure.h), so
				 * that bytes are not what sha256 is of */

	/* With DAYREADER_HASHES. */
	bool is_changed;	/* it is not what was written */
	uint8_t sha256[RECORD_HASH_BYTES];	/* of it as it was written */
	uint8_t previous_sha256[RECORD_HASH_BYTES];	/* as it says */
};

/* The segment must stay open for as long. NULL with error. */
struct dayreader *dayreader_new(struct segment *segment,
					  enum dayreader_mode reading,
					  GError **error) MUST_USE;
/* Accepts NULL, clears the pointer. */
void dayreader_free(struct dayreader **reader);

/* The record of that sequence; the first at or behind it; the last at or before
 * it. False: there is none, or dayreader_problem() says why. */
bool dayreader_at(struct dayreader *reader, uint64_t sequence,
		       struct dayreader_record *record_out) MUST_USE;
bool dayreader_next(struct dayreader *reader, uint64_t from,
			 struct dayreader_record *record_out) MUST_USE;
bool dayreader_before(struct dayreader *reader, uint64_t to,
			   struct dayreader_record *record_out) MUST_USE;
/* These will be asked for next, in this order: what lies on disk is fetched all
 * at once. Only a hint. */
void dayreader_prefetch(struct dayreader *reader, const uint64_t *sequences,
			size_t count);
/* The same of a key of the index: what tells how many have it; and of those
 * that have it, the last ones at or before most. */
void dayreader_prefetch_key(struct dayreader *reader,
			    const struct record_key *key);
void dayreader_prefetch_postings(struct dayreader *reader,
				 const struct record_key *key, uint64_t most);
/* Why the last of these could not be answered, or what is wrong with the index
 * as far as it was read; NULL: nothing. Borrowed. */
const char *dayreader_problem(const struct dayreader *reader);

/*
 * Sequences (uint64_t) that the index has under a key, newest first: the last
 * ones at or before most, behind what is in out; about as many as are wanted,
 * more where that costs nothing. False: there are none. What is found has to be
 * looked at: keys may be shared.
 */
bool dayreader_postings(struct dayreader *reader, const struct record_key *key,
			uint64_t most, guint wanted, GArray *out) MUST_USE;
/* All those of the keys between two of one kind, both of them, too; by key, so
 * in no order of theirs. */
void dayreader_collect(struct dayreader *reader,
			    const struct record_key *from,
			    const struct record_key *to, GArray *out);
/* The least and the greatest of them; first is past last when
 * there are none. */
struct dayreader_bounds {
	uint64_t first, last;
};
struct dayreader_bounds dayreader_bounds(struct dayreader *reader,
					 const struct record_key *from,
					 const struct record_key *to) MUST_USE;
/* How many that would be, roughly where there are many; it stops to count at
 * enough. */
uint64_t dayreader_count(struct dayreader *reader,
			      const struct record_key *from,
			      const struct record_key *to, uint64_t enough)
	MUST_USE;

/* The sequences of one key, ascending; borrowed for the call. False ends it. */
typedef bool dayreader_take_key_fn(const struct record_key *key,
				   const GArray *sequences, void *context);
/* All of the index, in its order; a key as the file has it
 * (sealedform.h), so it may come in pieces. False: dayreader_problem()
 * says why, or it was ended. */
bool dayreader_each_key(struct dayreader *reader, dayreader_take_key_fn *take,
			void *context) MUST_USE;

#endif
