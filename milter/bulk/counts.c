#include <config.h>

#include "bulk/counts.h"

#include "base/guard.h"
#include "bulk/countshard.h"
#include "bulk/keyhash.h"

#include <openssl/rand.h>
#include <stdatomic.h>
#include <string.h>

#define SHARDS COUNTS_SHARDS
#define SWEPT_AT_ONCE (SHARDS / 64)
#define KEPT_OF_LONG 238		/* then # and 16 hex digits */

G_STATIC_ASSERT(SHARDS == 1u << COUNTSHARD_BITS);

struct counts {
	struct keyhash_secret secret;
	atomic_uint swept;		/* shards */
	_Atomic uint64_t entries_max;
	struct countshard shards[SHARDS];
};

/* A key as the table has it. */
struct wanted {
	struct counts_key key;
	uint32_t hash;
	struct countshard *shard;
	char longer[COUNTS_KEY_MAX + 1];
};

struct counts *counts_new(uint64_t entries_max)
{
	struct counts *counts = g_new0(struct counts, 1);

	BUG_IF(RAND_bytes((unsigned char *)&counts->secret,
			  sizeof counts->secret) != 1);
	atomic_store(&counts->entries_max, entries_max);
	for (unsigned i = 0; i < SHARDS; i++)
		countshard_init(&counts->shards[i]);
	return counts;
}

void counts_free(struct counts *counts)
{
	for (unsigned i = 0; counts && i < SHARDS; i++)
		countshard_release(&counts->shards[i]);
	g_free(counts);
}

void counts_set_max(struct counts *counts, uint64_t entries_max)
{
	atomic_store(&counts->entries_max, entries_max);
}

static struct span shorten(const struct counts *counts, struct span bytes,
			   char *longer)
{
	if (bytes.len <= COUNTS_KEY_MAX)
		return bytes;
	memcpy(longer, bytes.ptr, KEPT_OF_LONG);
	g_snprintf(longer + KEPT_OF_LONG, COUNTS_KEY_MAX + 1 - KEPT_OF_LONG,
		   "#%016" G_GINT64_MODIFIER "x",
		   keyhash_of(&counts->secret, bytes));
	return span_of(longer, COUNTS_KEY_MAX);
}

static void want(struct counts *counts, const struct counts_key *key,
		 struct wanted *out)
{
	BUG_IF(key->window_s < WINDOW_LEAST_S || key->window_s > WINDOW_MOST_S);
	out->key = *key;
	out->key.bytes = shorten(counts, key->bytes, out->longer);
	out->hash = (uint32_t)(keyhash_of(&counts->secret, out->key.bytes) >>
			       32);
	out->shard = &counts->shards[out->hash >> (32 - COUNTSHARD_BITS)];
}

static struct countentry *find(const struct wanted *wanted, int64_t now_us)
{
	return countshard_find(wanted->shard, wanted->hash, &wanted->key,
			       now_us);
}

/* Each shard has its share: the hash is even. */
static void make_room(struct counts *counts, struct countshard *shard,
		      const struct countentry *keep, int64_t now_us)
{
	uint64_t max = atomic_load_explicit(&counts->entries_max,
					    memory_order_relaxed);

	countshard_make_room(shard, (max + SHARDS - 1) / SHARDS, keep, now_us);
}

/* NULL when nothing is to be counted at all. */
static struct countentry *find_or_make(struct counts *counts,
				       const struct wanted *wanted,
				       int64_t now_us)
{
	struct countentry *entry = find(wanted, now_us);

	if (entry || atomic_load_explicit(&counts->entries_max,
					  memory_order_relaxed) == 0)
		return entry;
	entry = countentry_new(&wanted->key, wanted->hash);
	entry->used_s = (uint32_t)(now_us / G_USEC_PER_SEC);
	countshard_insert(wanted->shard, entry);
	make_room(counts, wanted->shard, entry, now_us);
	return entry;
}

static void put_amount(struct countshard *shard, struct countentry *entry,
		       uint32_t amount, int64_t now_us)
{
	window_add(&entry->of.window, entry->window_s, amount, now_us);
	countshard_mark(shard, entry->hash);
}

uint64_t counts_hash(const struct counts *counts, struct span bytes)
{
	return keyhash_of(&counts->secret, bytes);
}

static uint32_t thing_hash(const struct counts *counts, struct span thing)
{
	return (uint32_t)keyhash_of(&counts->secret, thing);
}

static void put_thing(struct counts *counts, struct countshard *shard,
		      struct countentry *entry, uint32_t thing,
		      int64_t now_us)
{
	uint64_t before = countentry_bytes(entry);

	distinct_add(entry->of.distinct, entry->window_s, thing, now_us);
	shard->bytes += countentry_bytes(entry) - before;
	countshard_mark(shard, entry->hash);
	make_room(counts, shard, entry, now_us);
}

uint64_t counts_add(struct counts *counts, const struct counts_key *key,
		    uint32_t amount, int64_t now_us)
{
	struct wanted wanted;
	struct countentry *entry;
	uint64_t count = 0;

	BUG_IF(key->kind != COUNTS_AMOUNT);
	want(counts, key, &wanted);
	pthread_mutex_lock(&wanted.shard->lock);
	entry = find_or_make(counts, &wanted, now_us);
	if (entry) {
		put_amount(wanted.shard, entry, amount, now_us);
		count = countshard_count(wanted.shard, entry, now_us);
	}
	pthread_mutex_unlock(&wanted.shard->lock);
	return count;
}

uint64_t counts_add_thing(struct counts *counts, const struct counts_key *key,
			  struct span thing, int64_t now_us)
{
	uint32_t hash = thing_hash(counts, thing);
	struct wanted wanted;
	struct countentry *entry;
	uint64_t count = 0;

	BUG_IF(key->kind != COUNTS_DISTINCT);
	want(counts, key, &wanted);
	pthread_mutex_lock(&wanted.shard->lock);
	entry = find_or_make(counts, &wanted, now_us);
	if (entry) {
		put_thing(counts, wanted.shard, entry, hash, now_us);
		count = countshard_count(wanted.shard, entry, now_us);
	}
	pthread_mutex_unlock(&wanted.shard->lock);
	return count;
}

uint64_t counts_get(struct counts *counts, const struct counts_key *key,
		    int64_t now_us)
{
	return counts_ask(counts, key, UINT64_MAX, now_us).count - 1;
}

static bool fits(uint64_t count, uint32_t amount, uint64_t most)
{
	return count == 0 || (count <= most && amount <= most - count);
}

static struct counts_answer refuse(struct countentry *entry, uint64_t count,
				   uint32_t amount, uint64_t most,
				   int64_t now_us)
{
	return (struct counts_answer){
		false, count + amount,
		countentry_frees_us(entry, amount < most ? most - amount : 0,
				    now_us),
	};
}

struct counts_answer counts_take(struct counts *counts,
				 const struct counts_key *key,
				 uint32_t amount, uint64_t most,
				 int64_t now_us)
{
	struct counts_answer answer = { true, amount, 0 };
	struct wanted wanted;
	struct countentry *entry;
	uint64_t count;

	BUG_IF(key->kind != COUNTS_AMOUNT);
	want(counts, key, &wanted);
	pthread_mutex_lock(&wanted.shard->lock);
	entry = find_or_make(counts, &wanted, now_us);
	count = entry ? countshard_count(wanted.shard, entry, now_us) : 0;
	answer.count = count + amount;
	if (entry && fits(count, amount, most))
		put_amount(wanted.shard, entry, amount, now_us);
	else if (entry)
		answer = refuse(entry, count, amount, most, now_us);
	pthread_mutex_unlock(&wanted.shard->lock);
	return answer;
}

struct counts_answer counts_take_thing(struct counts *counts,
				       const struct counts_key *key,
				       struct span thing, uint64_t most,
				       int64_t now_us)
{
	uint32_t hash = thing_hash(counts, thing);
	struct counts_answer answer = { true, 1, 0 };
	struct wanted wanted;
	struct countentry *entry;
	bool is_there;
	uint64_t count;

	BUG_IF(key->kind != COUNTS_DISTINCT);
	want(counts, key, &wanted);
	pthread_mutex_lock(&wanted.shard->lock);
	entry = find_or_make(counts, &wanted, now_us);
	count = entry ? countshard_count(wanted.shard, entry, now_us) : 0;
	is_there = entry && distinct_has(entry->of.distinct, entry->window_s,
					 hash, now_us);
	answer.count = count + !is_there;
	if (entry && (is_there || fits(count, 1, most)))
		put_thing(counts, wanted.shard, entry, hash, now_us);
	else if (entry)
		answer = refuse(entry, count, 1, most, now_us);
	pthread_mutex_unlock(&wanted.shard->lock);
	return answer;
}

struct counts_answer counts_ask(struct counts *counts,
				const struct counts_key *key, uint64_t most,
				int64_t now_us)
{
	struct counts_answer answer = { true, 1, 0 };
	struct wanted wanted;
	struct countentry *entry;
	uint64_t count;

	want(counts, key, &wanted);
	pthread_mutex_lock(&wanted.shard->lock);
	entry = find(&wanted, now_us);
	count = entry ? countshard_count(wanted.shard, entry, now_us) : 0;
	if (entry && !fits(count, 1, most))
		answer = refuse(entry, count, 1, most, now_us);
	else
		answer.count = count + 1;
	pthread_mutex_unlock(&wanted.shard->lock);
	return answer;
}

void counts_give_back(struct counts *counts, const struct counts_key *key,
		      uint32_t amount, int64_t now_us)
{
	struct wanted wanted;
	struct countentry *entry;

	BUG_IF(key->kind != COUNTS_AMOUNT);
	want(counts, key, &wanted);
	pthread_mutex_lock(&wanted.shard->lock);
	entry = find(&wanted, now_us);
	if (entry) {
		window_take_back(&entry->of.window, entry->window_s, amount,
				 now_us);
		countshard_mark(wanted.shard, wanted.hash);
	}
	pthread_mutex_unlock(&wanted.shard->lock);
}

bool counts_clear(struct counts *counts, const struct counts_key *key)
{
	struct wanted wanted;
	struct countentry *entry;

	want(counts, key, &wanted);
	pthread_mutex_lock(&wanted.shard->lock);
	entry = find(&wanted, 0);
	if (entry) {
		wanted.shard->bytes -= countentry_bytes(entry);
		countentry_clear(entry);
		wanted.shard->bytes += countentry_bytes(entry);
		countshard_mark(wanted.shard, wanted.hash);
	}
	pthread_mutex_unlock(&wanted.shard->lock);
	return entry != NULL;
}

void counts_sweep(struct counts *counts, int64_t now_us)
{
	for (unsigned i = 0; i < SWEPT_AT_ONCE; i++) {
		unsigned next = atomic_fetch_add(&counts->swept, 1) % SHARDS;

		countshard_sweep(&counts->shards[next], now_us);
	}
}

void counts_stats(struct counts *counts, struct counts_stats *stats_out)
{
	*stats_out = (struct counts_stats){ 0 };
	for (unsigned i = 0; i < SHARDS; i++) {
		struct countshard *shard = &counts->shards[i];

		pthread_mutex_lock(&shard->lock);
		stats_out->entries += shard->entries;
		stats_out->bytes += shard->bytes +
			sizeof *shard->buckets * (1u << shard->bits);
		stats_out->pushed_out += shard->pushed_out;
		stats_out->look_ups += shard->look_ups;
		pthread_mutex_unlock(&shard->lock);
	}
}

bool counts_is_changed(struct counts *counts, unsigned number, unsigned page)
{
	struct countshard *shard = &counts->shards[number];
	bool is_changed;

	pthread_mutex_lock(&shard->lock);
	is_changed = shard->dirty >> page & 1;
	pthread_mutex_unlock(&shard->lock);
	return is_changed;
}

void counts_mark_page(struct counts *counts, unsigned number, unsigned page)
{
	struct countshard *shard = &counts->shards[number];

	pthread_mutex_lock(&shard->lock);
	shard->dirty |= UINT64_C(1) << page;
	pthread_mutex_unlock(&shard->lock);
}

void counts_mark_saved(struct counts *counts)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		pthread_mutex_lock(&counts->shards[i].lock);
		counts->shards[i].dirty = 0;
		pthread_mutex_unlock(&counts->shards[i].lock);
	}
}

void counts_pack_page(struct counts *counts, unsigned number, unsigned page,
		      GByteArray *out)
{
	countshard_pack_page(&counts->shards[number], page, out);
}

void counts_put(struct counts *counts, struct countentry *entry,
		unsigned number, unsigned page, int64_t now_us)
{
	struct counts_key key = {
		(enum counts_kind)entry->kind, entry->window_s,
		countentry_key(entry),
	};
	struct wanted wanted;

	want(counts, &key, &wanted);
	entry->hash = wanted.hash;
	entry->used_s = (uint32_t)(now_us / G_USEC_PER_SEC);
	if (wanted.shard != &counts->shards[number] ||
	    countshard_page_of(wanted.hash) != page)
		counts_mark_page(counts, number, page);
	pthread_mutex_lock(&wanted.shard->lock);
	if (!countentry_is_over(entry, now_us) && !find(&wanted, now_us) &&
	    atomic_load(&counts->entries_max)) {
		countshard_insert(wanted.shard, entry);
		make_room(counts, wanted.shard, entry, now_us);
		entry = NULL;
	}
	pthread_mutex_unlock(&wanted.shard->lock);
	if (entry)
		countentry_free(entry);
}

struct span counts_secret(const struct counts *counts)
{
	return span_of((const char *)&counts->secret, sizeof counts->secret);
}

bool counts_set_secret(struct counts *counts, struct span secret)
{
	if (secret.len != sizeof counts->secret)
		return false;
	memcpy(&counts->secret, secret.ptr, sizeof counts->secret);
	return true;
}
