#include <config.h>

#include "bulk/countentry.h"

#include "bulk/packing.h"

#include <string.h>

#define PAGE_VERSION 1
/* A part's number on disk: past it, it would be later than the year 100000. */
#define LATEST_US (INT64_C(1) << 61)

static size_t head_bytes(uint8_t kind)
{
	return kind == COUNTS_AMOUNT ?
	       sizeof(struct countentry) :
	       offsetof(struct countentry, of) + sizeof(struct distinct *);
}

struct countentry *countentry_new(const struct counts_key *key, uint32_t hash)
{
	struct span kept = span_first(key->bytes, COUNTS_KEY_MAX);
	struct countentry *entry = g_malloc0(
		head_bytes((uint8_t)key->kind) + kept.len);

	entry->hash = hash;
	entry->window_s = key->window_s;
	entry->kind = (uint8_t)key->kind;
	entry->key_len = (uint8_t)kept.len;
	if (kept.len)
		memcpy((char *)entry + head_bytes(entry->kind), kept.ptr,
		       kept.len);
	if (key->kind == COUNTS_DISTINCT)
		entry->of.distinct = distinct_new();
	return entry;
}

void countentry_free(struct countentry *entry)
{
	if (entry->kind == COUNTS_DISTINCT)
		distinct_free(entry->of.distinct);
	g_free(entry);
}

/* With what malloc() needs for itself. */
size_t countentry_bytes(const struct countentry *entry)
{
	size_t bytes = head_bytes(entry->kind) + entry->key_len + 16;

	if (entry->kind == COUNTS_DISTINCT)
		bytes += distinct_bytes(entry->of.distinct) + 32;
	return bytes;
}

struct span countentry_key(const struct countentry *entry)
{
	return span_of((const char *)entry + head_bytes(entry->kind),
		       entry->key_len);
}

void countentry_clear(struct countentry *entry)
{
	if (entry->kind == COUNTS_DISTINCT) {
		distinct_free(entry->of.distinct);
		entry->of.distinct = distinct_new();
	} else {
		entry->of.window = (struct window){ 0 };
	}
}

uint64_t countentry_count(struct countentry *entry, int64_t now_us)
{
	return entry->kind == COUNTS_DISTINCT ?
	       distinct_count(entry->of.distinct, entry->window_s, now_us) :
	       window_count(&entry->of.window, entry->window_s, now_us);
}

int64_t countentry_frees_us(struct countentry *entry, uint64_t most,
			    int64_t now_us)
{
	return entry->kind == COUNTS_DISTINCT ?
	       distinct_frees_us(entry->of.distinct, entry->window_s, most,
				 now_us) :
	       window_frees_us(&entry->of.window, entry->window_s, most,
			       now_us);
}

int64_t countentry_ends_us(const struct countentry *entry)
{
	return entry->kind == COUNTS_DISTINCT ?
	       distinct_ends_us(entry->of.distinct, entry->window_s) :
	       window_ends_us(&entry->of.window, entry->window_s);
}

/* Settled first: after a jump of the clock, what is from the future is not. */
bool countentry_is_over(struct countentry *entry, int64_t now_us)
{
	if (entry->kind == COUNTS_DISTINCT)
		distinct_has(entry->of.distinct, entry->window_s, 0, now_us);
	else
		window_settle(&entry->of.window, entry->window_s, now_us);
	return countentry_ends_us(entry) <= now_us;
}

/* Little-endian: newest, a bit for each part that is not 0, and these. */
static void pack_window(const struct window *window, GByteArray *out)
{
	unsigned parts = 0;

	for (unsigned i = 0; i < WINDOW_PARTS; i++)
		parts |= (unsigned)(window->parts[i] != 0) << i;
	packing_add(out, window->newest, 8);
	packing_add(out, parts, 2);
	for (unsigned i = 0; i < WINDOW_PARTS; i++)
		if (window->parts[i])
			packing_add(out, window->parts[i], 4);
}

static bool unpack_window(struct window *window, const uint8_t **at,
			  const uint8_t *end)
{
	uint64_t parts, amount;

	if (!packing_take(at, end, 8, &window->newest) ||
	    !packing_take(at, end, 2, &parts))
		return false;
	for (unsigned i = 0; i < WINDOW_PARTS; i++) {
		if (!(parts >> i & 1))
			continue;
		if (!packing_take(at, end, 4, &amount))
			return false;
		window->parts[i] = (uint32_t)amount;
	}
	return true;
}

void countentry_begin_page(GByteArray *out)
{
	g_byte_array_set_size(out, 0);
	packing_add(out, PAGE_VERSION, 1);
}

bool countentry_enter_page(const uint8_t **at, const uint8_t *end)
{
	uint64_t version;

	return packing_take(at, end, 1, &version) && version == PAGE_VERSION;
}

void countentry_pack(const struct countentry *entry, GByteArray *out)
{
	struct span key = countentry_key(entry);

	packing_add(out, entry->kind, 1);
	packing_add(out, entry->key_len, 1);
	packing_add(out, entry->window_s, 4);
	g_byte_array_append(out, (const guint8 *)key.ptr, (guint)key.len);
	if (entry->kind == COUNTS_DISTINCT)
		distinct_pack(entry->of.distinct, out);
	else
		pack_window(&entry->of.window, out);
}

static bool unpack_head(const uint8_t **at, const uint8_t *end,
			struct counts_key *key_out)
{
	uint64_t kind, len, window_s;

	if (!packing_take(at, end, 1, &kind) ||
	    !packing_take(at, end, 1, &len) ||
	    !packing_take(at, end, 4, &window_s) ||
	    kind > COUNTS_DISTINCT || window_s < WINDOW_LEAST_S ||
	    window_s > WINDOW_MOST_S || end - *at < (ptrdiff_t)len)
		return false;
	*key_out = (struct counts_key){
		(enum counts_kind)kind, (uint32_t)window_s,
		span_of((const char *)*at, (size_t)len),
	};
	*at += len;
	return true;
}

static bool unpack_body(struct countentry *entry, const uint8_t **at,
			const uint8_t *end)
{
	if (entry->kind == COUNTS_AMOUNT)
		return unpack_window(&entry->of.window, at, end);
	distinct_free(entry->of.distinct);
	entry->of.distinct = distinct_unpack(at, end);
	return entry->of.distinct != NULL;
}

/* The number of the newest part, times its length, is a time. */
static bool is_sane(const struct countentry *entry)
{
	uint64_t newest = entry->kind == COUNTS_AMOUNT ?
		entry->of.window.newest :
		distinct_newest(entry->of.distinct);

	return newest <= (uint64_t)LATEST_US / entry->window_s /
			 (G_USEC_PER_SEC / WINDOW_PARTS);
}

struct countentry *countentry_unpack(const uint8_t **at, const uint8_t *end)
{
	struct counts_key key;
	struct countentry *entry;

	if (!unpack_head(at, end, &key))
		return NULL;
	entry = countentry_new(&key, 0);
	if (unpack_body(entry, at, end) && is_sane(entry))
		return entry;
	countentry_free(entry);
	return NULL;
}
