/* counts.h - sliding counts of many keys, in memory and in state.mdb */
#ifndef BULK_COUNTS_H
#define BULK_COUNTS_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>
#include <stdint.h>

/*
 * A table from keys (any bytes, up to COUNTS_KEY_MAX) to sliding windows, of
 * amounts (bulk/window.h) or of different things (bulk/distinct.h). A key is
 * for one window and one kind: asked for with others, it begins anew.
 *
 * It lies in 256 shards with a lock each, so threads hardly meet; the hash is
 * keyed, so strangers cannot make them. A shard has 64 pages, and a page is
 * what is written at once: a snapshot holds a shard's lock only while it copies
 * one page, and writes those that changed (bulk/countsnapshot.h).
 *
 * An entry costs about 110 bytes and its key. A stranger who could make them
 * without end would take all memory, so there are at most so many; past that
 * the least useful of sixteen that lie near leaves: one whose window is over,
 * else the one that counted least, and of these the one not used for longest.
 *
 * Any thread may call anything but counts_new() and counts_free().
 */
struct counts;

#define COUNTS_KEY_MAX 255

enum counts_kind {
	COUNTS_AMOUNT,		/* how much */
	COUNTS_DISTINCT,	/* how many different */
};

/* Borrowed for the call. Longer keys are cut, and told apart by a hash. */
struct counts_key {
	enum counts_kind kind;
	uint32_t window_s;	/* WINDOW_LEAST_S to WINDOW_MOST_S */
	struct span bytes;
};

struct counts_stats {
	uint64_t entries, bytes;
	uint64_t pushed_out;	/* live ones that left for others */
	uint64_t look_ups;
};

/* entries_max 0: nothing is counted. */
struct counts *counts_new(uint64_t entries_max) MUST_USE;
/* Accepts NULL. */
void counts_free(struct counts *counts);
/* From the next new entry on. */
void counts_set_max(struct counts *counts, uint64_t entries_max);

/* What strangers cannot make others with: for a thing of counts_add_thing(). */
uint64_t counts_hash(const struct counts *counts, struct span bytes);

/* Counts, and gives what is counted then. */
uint64_t counts_add(struct counts *counts, const struct counts_key *key,
		    uint32_t amount, int64_t now_us);
uint64_t counts_add_thing(struct counts *counts, const struct counts_key *key,
			  struct span thing, int64_t now_us);
uint64_t counts_get(struct counts *counts, const struct counts_key *key,
		    int64_t now_us);

/* What a limit said. */
struct counts_answer {
	bool is_taken;
	uint64_t count;		/* then, with what was taken */
	int64_t frees_us;	/* when not taken: when it will be, at
				 * the latest */
};

/*
 * Counts unless that made it more than most; whoever comes at the same time,
 * never more than most are taken. An amount that alone is more than most is
 * taken when nothing is counted. A thing that is there already is taken, since
 * it changes nothing; past DISTINCT_EXACT nobody knows that.
 */
struct counts_answer counts_take(struct counts *counts,
				 const struct counts_key *key,
				 uint32_t amount, uint64_t most,
				 int64_t now_us);
struct counts_answer counts_take_thing(struct counts *counts,
				       const struct counts_key *key,
				       struct span thing, uint64_t most,
				       int64_t now_us);
/* Whether one more would be taken; counts nothing. */
struct counts_answer counts_ask(struct counts *counts,
				const struct counts_key *key, uint64_t most,
				int64_t now_us);
/* What was taken was not used after all. Not for things. */
void counts_give_back(struct counts *counts, const struct counts_key *key,
		      uint32_t amount, int64_t now_us);
/* As if it had never come; whether there was anything. */
bool counts_clear(struct counts *counts, const struct counts_key *key);

/* Drops what is over in a sixty-fourth of the table: for a timer. */
void counts_sweep(struct counts *counts, int64_t now_us);
void counts_stats(struct counts *counts, struct counts_stats *stats_out);

/* For bulk/countsnapshot.h. A page is known by its shard and
 * its number there. */
#define COUNTS_SHARDS 256
#define COUNTS_PAGES 64

struct countentry;

/* The snapshots' pages go by the secret of the hash. Before
 * there are entries. */
bool counts_set_secret(struct counts *counts, struct span secret) MUST_USE;
struct span counts_secret(const struct counts *counts);
/* Whether it changed since it was packed last; and as if it had. */
bool counts_is_changed(struct counts *counts, unsigned shard, unsigned page);
void counts_mark_page(struct counts *counts, unsigned shard, unsigned page);
/* Its bytes; none when it is empty. */
void counts_pack_page(struct counts *counts, unsigned shard, unsigned page,
		      GByteArray *out);
/* What there is, is on disk. */
void counts_mark_saved(struct counts *counts);
/* Takes over an entry that was read from that page. */
void counts_put(struct counts *counts, struct countentry *entry,
		unsigned shard, unsigned page, int64_t now_us);

#endif
