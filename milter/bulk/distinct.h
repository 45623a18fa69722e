/* distinct.h - how many different things came in the last so many seconds */
#ifndef BULK_DISTINCT_H
#define BULK_DISTINCT_H

#include "bulk/window.h"

#include <glib.h>

/*
 * A sliding window (bulk/window.h, whose bounds hold for when a thing came
 * last) over different things, each known by 28 bits of a hash. Up to
 * DISTINCT_EXACT they are counted one by one, at four to eight bytes each; from
 * there on by a HyperLogLog (bulk/hll.h) for each part of the window, 34 KB at
 * most, with its error of 2.3 %, until it has been empty. Two things of one
 * hash are one: among 1,500 that happens once in 240 windows, and then counts
 * one too few.
 */
#define DISTINCT_EXACT 1536

struct distinct;

struct distinct *distinct_new(void) MUST_USE;
/* Accepts NULL. */
void distinct_free(struct distinct *distinct);
/* What it takes in memory. */
size_t distinct_bytes(const struct distinct *distinct);

void distinct_add(struct distinct *distinct, uint32_t window_s, uint32_t hash,
		  int64_t now_us);
uint64_t distinct_count(struct distinct *distinct, uint32_t window_s,
			int64_t now_us);
/* Whether it is known to be there. False past DISTINCT_EXACT, where nobody can
 * say. */
bool distinct_has(struct distinct *distinct, uint32_t window_s, uint32_t hash,
		  int64_t now_us);
int64_t distinct_frees_us(struct distinct *distinct, uint32_t window_s,
			  uint64_t most, int64_t now_us);
int64_t distinct_ends_us(const struct distinct *distinct, uint32_t window_s);

/* Number of the newest part, as window has it. */
uint64_t distinct_newest(const struct distinct *distinct);

/* Its bytes on disk, appended. */
void distinct_pack(const struct distinct *distinct, GByteArray *out);
/* Takes them off the front; NULL when they are not what
 * distinct_pack() made. */
struct distinct *distinct_unpack(const uint8_t **at, const uint8_t *end)
	MUST_USE;

#endif
