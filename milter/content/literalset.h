/* literalset.h - sets of short texts with which what a pattern
 * matches begins */
#ifndef CONTENT_LITERALSET_H
#define CONTENT_LITERALSET_H

#include "base/guard.h"

#include <glib.h>
#include <stdint.h>

#define LITERAL_BYTES_MAX 8

/*
 * A beginning. An open one is all of a match, so that what comes next in the
 * pattern can be put behind it; a closed one may be followed by anything.
 * Letters of ASCII are small. The bytes behind len are zero.
 */
struct literal {
	uint8_t bytes[LITERAL_BYTES_MAX];
	uint8_t len;
	bool is_open;
	double odds;			/* to be found at a place in mail */
};

/*
 * A set is a GArray of struct literal: whatever matches, begins with one of
 * them. It is sorted, without those that another, closed one makes needless.
 * Free with g_array_unref().
 */
GArray *literalset_new(void) MUST_USE;
/* Puts in one of at most LITERAL_BYTES_MAX bytes. They come in their order, and
 * none makes another needless. */
void literalset_put(GArray *set, const uint8_t *bytes, uint8_t len,
		    bool is_open);
/* With one in it. */
GArray *literalset_of(const uint8_t *bytes, uint8_t len, bool is_open)
	MUST_USE;
GArray *literalset_copy(const GArray *set) MUST_USE;
/* Of what matches first the one, then the other. Where that grows too long or
 * too many, those that are rare already are closed. is_once: where the same
 * byte would stand twice in a row, it stands once. */
GArray *literalset_join(const GArray *set, const GArray *next, bool is_once)
	MUST_USE;
/* Of what matches any; where they are too many, shorter ones. */
GArray *literalset_unite(const GPtrArray *sets) MUST_USE;
/* Of what matches and anything behind it. */
void literalset_close(GArray *set);
bool literalset_has_open(const GArray *set);
/* Whether an open one of no bytes is in it. */
bool literalset_has_none(const GArray *set);
/* How often one of them is found at a place in mail; 1 and
 * more: it says nothing. */
double literalset_odds(const GArray *set);
/* Without those that hold another. To be used when it is only a matter
 * of what occurs. How many bytes behind the first one of any such
 * another begins, at most. */
unsigned literalset_reduce(GArray *set);

#endif
