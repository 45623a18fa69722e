#include <config.h>

#include "bulk/countshard.h"

#include <string.h>

#define PAGE_BITS 6
#define MOST_BITS (32 - COUNTSHARD_BITS)	/* of a bucket's number */
#define LOOKED_AT 16			/* for one that may leave */
#define BYTES_EACH 192		/* an entry may be so large, on average */

G_STATIC_ASSERT(COUNTS_PAGES == 1u << PAGE_BITS);

void countshard_init(struct countshard *shard)
{
	pthread_mutex_init(&shard->lock, NULL);
	shard->bits = PAGE_BITS;
	shard->buckets = g_new0(struct countentry *, COUNTS_PAGES);
}

void countshard_release(struct countshard *shard)
{
	for (unsigned i = 0; i < 1u << shard->bits; i++)
		while (shard->buckets[i]) {
			struct countentry *entry = shard->buckets[i];

			shard->buckets[i] = entry->next;
			countentry_free(entry);
		}
	g_free(shard->buckets);
	pthread_mutex_destroy(&shard->lock);
}

static unsigned bucket_of(const struct countshard *shard, uint32_t hash)
{
	return (hash << COUNTSHARD_BITS) >> (32 - shard->bits);
}

unsigned countshard_page_of(uint32_t hash)
{
	return (hash << COUNTSHARD_BITS) >> (32 - PAGE_BITS);
}

void countshard_mark(struct countshard *shard, uint32_t hash)
{
	shard->dirty |= UINT64_C(1) << countshard_page_of(hash);
}

static bool is_same(const struct countentry *entry, uint32_t hash,
		    struct span bytes)
{
	return entry->hash == hash && entry->key_len == bytes.len &&
	       memcmp(countentry_key(entry).ptr, bytes.ptr, bytes.len) == 0;
}

uint64_t countshard_count(struct countshard *shard, struct countentry *entry,
			  int64_t now_us)
{
	uint64_t before = countentry_bytes(entry);
	uint64_t count = countentry_count(entry, now_us);

	shard->bytes += countentry_bytes(entry) - before;
	return count;
}

static void drop(struct countshard *shard, struct countentry **at)
{
	struct countentry *entry = *at;

	*at = entry->next;
	countshard_mark(shard, entry->hash);
	shard->entries--;
	shard->bytes -= countentry_bytes(entry);
	countentry_free(entry);
}

struct countentry *countshard_find(struct countshard *shard, uint32_t hash,
				   const struct counts_key *key,
				   int64_t now_us)
{
	struct countentry **at = &shard->buckets[bucket_of(shard, hash)];

	shard->look_ups++;
	while (*at && !is_same(*at, hash, key->bytes))
		at = &(*at)->next;
	if (!*at)
		return NULL;
	if ((*at)->kind != key->kind || (*at)->window_s != key->window_s) {
		drop(shard, at);
		return NULL;
	}
	(*at)->used_s = (uint32_t)(now_us / G_USEC_PER_SEC);
	return *at;
}

static void grow(struct countshard *shard)
{
	unsigned count = 1u << shard->bits;
	struct countentry **old = shard->buckets;

	shard->bits++;
	shard->buckets = g_new0(struct countentry *, count * 2);
	for (unsigned i = 0; i < count; i++)
		while (old[i]) {
			struct countentry *entry = old[i];
			struct countentry **to = &shard->buckets[
				bucket_of(shard, entry->hash)];

			old[i] = entry->next;
			entry->next = *to;
			*to = entry;
		}
	g_free(old);
}

void countshard_insert(struct countshard *shard, struct countentry *entry)
{
	struct countentry **to;

	if (shard->entries >= 1u << shard->bits && shard->bits < MOST_BITS)
		grow(shard);
	to = &shard->buckets[bucket_of(shard, entry->hash)];
	entry->next = *to;
	*to = entry;
	shard->entries++;
	shard->bytes += countentry_bytes(entry);
	countshard_mark(shard, entry->hash);
}

/* Less is less useful: what is over, then what counted least, then what was not
 * used for longest. */
struct worth {
	uint64_t count;
	uint32_t used_s;
};

static bool is_less(struct worth a, struct worth b)
{
	return a.count != b.count ? a.count < b.count : a.used_s < b.used_s;
}

/* False when there is none but the one to keep. */
static bool push_out(struct countshard *shard, const struct countentry *keep,
		     int64_t now_us)
{
	unsigned buckets = 1u << shard->bits, seen = 0;
	struct countentry **least_at = NULL;
	struct worth least = { 0, 0 };

	for (unsigned i = 0; i < buckets && seen < LOOKED_AT; i++) {
		struct countentry **at = &shard->buckets[
			shard->hand++ & (buckets - 1)];

		for (; *at; at = &(*at)->next) {
			struct worth worth = {
				countshard_count(shard, *at, now_us),
				(*at)->used_s,
			};

			if (*at == keep)
				continue;
			if (!least_at || is_less(worth, least)) {
				least_at = at;
				least = worth;
			}
			seen++;
		}
	}
	if (!least_at)
		return false;
	shard->pushed_out += least.count != 0;
	drop(shard, least_at);
	return true;
}

void countshard_make_room(struct countshard *shard, uint64_t most,
			  const struct countentry *keep, int64_t now_us)
{
	while (shard->entries > most || shard->bytes > most * BYTES_EACH)
		if (!push_out(shard, keep, now_us))
			break;
}

void countshard_sweep(struct countshard *shard, int64_t now_us)
{
	pthread_mutex_lock(&shard->lock);
	for (unsigned i = 0; i < 1u << shard->bits; i++)
		for (struct countentry **at = &shard->buckets[i]; *at;) {
			uint64_t before = countentry_bytes(*at);
			bool is_over = countentry_is_over(*at, now_us);

			shard->bytes += countentry_bytes(*at) - before;
			if (is_over)
				drop(shard, at);
			else
				at = &(*at)->next;
		}
	pthread_mutex_unlock(&shard->lock);
}

void countshard_pack_page(struct countshard *shard, unsigned page,
			  GByteArray *out)
{
	bool is_any = false;
	unsigned run;

	countentry_begin_page(out);
	pthread_mutex_lock(&shard->lock);
	shard->dirty &= ~(UINT64_C(1) << page);
	run = 1u << (shard->bits - PAGE_BITS);
	for (unsigned i = page * run; i < (page + 1) * run; i++)
		for (const struct countentry *at = shard->buckets[i]; at;
		     at = at->next) {
			countentry_pack(at, out);
			is_any = true;
		}
	pthread_mutex_unlock(&shard->lock);
	if (!is_any)
		g_byte_array_set_size(out, 0);
}
