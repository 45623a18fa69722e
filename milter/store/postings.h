/* postings.h - what several keys of a day's index have in
 * common, newest first */
#ifndef STORE_POSTINGS_H
#define STORE_POSTINGS_H

#include "store/dayreader.h"

/*
 * The sequences that are in all of its streams. A stream is what one or two
 * keys have, fetched as it is asked for; or what a range of keys has, fetched
 * at once and put in order. Each is asked for the next at or before what those
 * before it agree on: give the rarest first.
 */
struct postings;

/* Sequences within the bounds; the reader is borrowed until postings_free(). */
struct postings *postings_new(struct dayreader *reader,
			      const struct dayreader_bounds *bounds) MUST_USE;
/* Accepts NULL. */
void postings_free(struct postings *postings);

/* A stream more: what either key has (second may be NULL). */
void postings_add_keys(struct postings *postings,
		       const struct record_key *first,
		       const struct record_key *second);
/* What the keys from one to another have, both of them, too. */
void postings_add_range(struct postings *postings,
			const struct record_key *from,
			const struct record_key *to);

/* The next one; false: there is none. At least one stream must
 * have been added. */
bool postings_next(struct postings *postings, uint64_t *sequence_out)
	MUST_USE;

#endif
