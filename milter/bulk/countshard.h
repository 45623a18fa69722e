/* countshard.h - a part of the counts, behind one lock */
#ifndef BULK_COUNTSHARD_H
#define BULK_COUNTSHARD_H

#include "bulk/countentry.h"

#include <pthread.h>

#define COUNTSHARD_BITS 8		/* of a hash: its shard's number */

/*
 * Buckets go by the upper bits of the hash: first the shard's, then the page's,
 * then as many as the shard has buckets for; so a page is a run of buckets.
 */
struct countshard {
	pthread_mutex_t lock;
	struct countentry **buckets;
	unsigned bits;			/* log2 of their number */
	unsigned hand;			/* where to look for one that
					 * may leave */
	uint64_t dirty;			/* pages that changed */
	uint64_t entries, bytes, pushed_out, look_ups;
};

void countshard_init(struct countshard *shard);
void countshard_release(struct countshard *shard);

/* Who calls these holds the lock. */

/* NULL: it is not there, or only of another kind or window, which goes. key's
 * bytes are as they are kept. */
struct countentry *countshard_find(struct countshard *shard, uint32_t hash,
				   const struct counts_key *key,
				   int64_t now_us) MUST_USE;
/* Takes one that is not there; its hash is set. */
void countshard_insert(struct countshard *shard, struct countentry *entry);
/* Pushes out what is least worth until there are so many at
 * most; keep stays. */
void countshard_make_room(struct countshard *shard, uint64_t most,
			  const struct countentry *keep, int64_t now_us);
/* Things that are over leave when an entry is looked at. */
uint64_t countshard_count(struct countshard *shard, struct countentry *entry,
			  int64_t now_us);
unsigned countshard_page_of(uint32_t hash);
/* The page of it changed. */
void countshard_mark(struct countshard *shard, uint32_t hash);

/* These take it. */

/* Drops what is over. */
void countshard_sweep(struct countshard *shard, int64_t now_us);
/* As counts_pack_page(). */
void countshard_pack_page(struct countshard *shard, unsigned page,
			  GByteArray *out);

#endif
