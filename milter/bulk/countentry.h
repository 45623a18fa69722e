/* countentry.h - one entry of counts, in memory and as bytes on disk */
#ifndef BULK_COUNTENTRY_H
#define BULK_COUNTENTRY_H

#include "bulk/counts.h"
#include "bulk/distinct.h"
#include "bulk/window.h"

/* In a chain of its bucket. Its size follows its kind and key. */
struct countentry {
	struct countentry *next;
	uint32_t hash;			/* upper half of it */
	uint32_t used_s;		/* when it was asked for last */
	uint32_t window_s;
	uint8_t kind, key_len;
	union {
		struct window window;
		struct distinct *distinct;
	} of;
	/* Its key follows: countentry_key(). */
};

struct countentry *countentry_new(const struct counts_key *key,
				  uint32_t hash) MUST_USE;
void countentry_free(struct countentry *entry);
/* In memory. */
size_t countentry_bytes(const struct countentry *entry);
struct span countentry_key(const struct countentry *entry);

void countentry_clear(struct countentry *entry);
uint64_t countentry_count(struct countentry *entry, int64_t now_us);
int64_t countentry_frees_us(struct countentry *entry, uint64_t most,
			    int64_t now_us);
int64_t countentry_ends_us(const struct countentry *entry);
/* Nothing of it counts any more. */
bool countentry_is_over(struct countentry *entry, int64_t now_us);

/*
 * A page is a byte of version, then its entries, one behind the other. Bytes on
 * disk are a stranger's: countentry_unpack() takes one off the front of at, and
 * gives NULL at the end or when what follows cannot have been written by
 * countentry_pack(). The hash is left to the caller.
 */
void countentry_begin_page(GByteArray *out);
void countentry_pack(const struct countentry *entry, GByteArray *out);
/* False when the page has another version. */
bool countentry_enter_page(const uint8_t **at, const uint8_t *end) MUST_USE;
struct countentry *countentry_unpack(const uint8_t **at, const uint8_t *end)
	MUST_USE;

#endif
