#include <config.h>

#include "store/sealedkeys.h"

#include "store/sealedform.h"
#include "store/willneed.h"

#include <lmdb.h>
#include <string.h>

#define FETCH_LEAST ((size_t)32 << 10)	/* of blocks */
#define FETCH_MOST ((size_t)256 << 10)
#define BLOCK_TAIL 4		/* of a block's key: its first sequence */

struct sealedkeys {
	MDB_cursor *cursor;
	uint64_t before;	/* the sequence in front of the day's first */
	bool is_broken;		/* something in it is no index */
};

struct sealedkeys *sealedkeys_new(const struct segment_view *view)
{
	struct sealedkeys *keys = g_new0(struct sealedkeys, 1);

	keys->before = view->first_sequence - 1;
	/* A transaction that was begun has room for a cursor. */
	BUG_IF(mdb_cursor_open(view->txn, view->index, &keys->cursor));
	return keys;
}

void sealedkeys_free(struct sealedkeys **keys)
{
	struct sealedkeys *old = *keys;

	*keys = NULL;
	if (!old)
		return;
	mdb_cursor_close(old->cursor);
	g_free(old);
}

const char *sealedkeys_problem(const struct sealedkeys *keys)
{
	return keys->is_broken ? "its index was changed: some of it cannot be "
				 "read, so records may be missed" : NULL;
}

/* A block, and what its key says of it. */
struct block {
	struct record_key first;
	uint32_t sequence;
	struct span bytes;
};

static bool take_block(struct sealedkeys *keys, int failed,
		       const MDB_val *key, const MDB_val *value,
		       struct block *out)
{
	uint32_t big_endian;

	if (failed == MDB_NOTFOUND)
		return false;
	if (failed || key->mv_size <= BLOCK_TAIL ||
	    key->mv_size > RECORD_KEY_MAX + BLOCK_TAIL) {
		keys->is_broken = true;
		return false;
	}
	out->first = (struct record_key){
		.len = (uint8_t)(key->mv_size - BLOCK_TAIL),
	};
	memcpy(out->first.bytes, key->mv_data, out->first.len);
	memcpy(&big_endian, (const char *)key->mv_data + out->first.len,
	       sizeof big_endian);
	out->sequence = GUINT32_FROM_BE(big_endian);
	out->bytes = span_of(value->mv_data, value->mv_size);
	return true;
}

/* The last block that begins at or before key and sequence, else the first. */
static bool find_block(struct sealedkeys *keys, const struct record_key *wanted,
		       uint32_t sequence, struct block *out)
{
	uint32_t big_endian = GUINT32_TO_BE(sequence);
	uint8_t bytes[RECORD_KEY_MAX + BLOCK_TAIL];
	MDB_val at = { wanted->len + BLOCK_TAIL, bytes }, key = at, value;
	int failed;

	memcpy(bytes, wanted->bytes, wanted->len);
	memcpy(bytes + wanted->len, &big_endian, BLOCK_TAIL);
	failed = mdb_cursor_get(keys->cursor, &key, &value, MDB_SET_RANGE);
	if (failed == MDB_NOTFOUND)
		failed = mdb_cursor_get(keys->cursor, &key, &value, MDB_LAST);
	else if (!failed && (key.mv_size != at.mv_size ||
			     memcmp(key.mv_data, bytes, at.mv_size) != 0) &&
		 mdb_cursor_get(keys->cursor, &key, &value, MDB_PREV) != 0)
		failed = mdb_cursor_get(keys->cursor, &key, &value, MDB_FIRST);
	return take_block(keys, failed, &key, &value, out);
}

static bool next_block(struct sealedkeys *keys, struct block *out)
{
	MDB_val key, value;
	int failed = mdb_cursor_get(keys->cursor, &key, &value, MDB_NEXT);

	return take_block(keys, failed, &key, &value, out);
}

static int compare(const struct record_key *a, const struct record_key *b)
{
	int order = memcmp(a->bytes, b->bytes, MIN(a->len, b->len));

	return order ? order : (int)a->len - (int)b->len;
}

/* Whether an entry says which records have its key. */
static bool take_sequences(struct sealedkeys *keys,
			   const struct sealedform_postings *postings,
			   GArray *out)
{
	bool is_good = sealedform_sequences(postings, out);

	keys->is_broken |= !is_good;
	return is_good;
}

/* The block's own page is not looked at: that would be to wait for it. */
void sealedkeys_prefetch(struct sealedkeys *keys,
			 const struct record_key *key)
{
	struct record_key wanted = sealedform_key(key);
	struct block block;

	if (find_block(keys, &wanted, 0, &block))
		willneed(span_first(block.bytes, FETCH_LEAST));
}

/* Those up to last. */
static void add_newest_first(const struct sealedkeys *keys,
			     const GArray *found, uint32_t last, GArray *out)
{
	const uint32_t *from = (const uint32_t *)(void *)found->data;
	guint count = found->len, before = out->len;
	uint64_t *to;

	while (count && from[count - 1] > last)
		count--;
	g_array_set_size(out, before + count);
	to = (uint64_t *)(void *)out->data + before;
	for (guint i = 0; i < count; i++)
		to[i] = from[count - 1 - i] + keys->before;
}

/* A key that begins in an earlier block has those in front of this one, too, and who goes
 * through what many records have wants them next. */
static void fetch_earlier(const struct block *block,
			  const struct record_key *wanted)
{
	if (compare(&block->first, wanted) == 0)
		willneed(span_of(block->bytes.ptr - FETCH_LEAST, FETCH_LEAST));
}

bool sealedkeys_postings(struct sealedkeys *keys,
			 const struct record_key *key, uint64_t most,
			 GArray *out)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	struct record_key wanted = sealedform_key(key);
	struct sealedform_postings postings;
	guint before = out->len;
	struct block block;
	uint32_t last;

	if (most <= keys->before)
		return false;
	last = (uint32_t)MIN(most - keys->before, UINT32_MAX);
	if (!find_block(keys, &wanted, last, &block))
		return false;
	fetch_earlier(&block, &wanted);
	postings = sealedform_postings_of(block.bytes, &block.first);
	while (sealedform_next_postings(&postings))
		if (compare(&postings.key, &wanted) == 0 &&
		    !take_sequences(keys, &postings, found))
			break;
	keys->is_broken |= postings.is_broken;
	add_newest_first(keys, found, last, out);
	return out->len > before;
}

/* Blocks lie one behind the other: who goes on from one to the next goes on further, so
 * more is fetched each time. */
struct going {
	const char *end;		/* of what was fetched */
	size_t len;			/* of what will be */
};

static void go_on(struct going *going, const struct block *block)
{
	const char *begin = block->bytes.ptr;

	if (begin < going->end && begin + going->len >= going->end)
		return;
	going->len = going->len ? MIN(going->len * 2, FETCH_MOST) :
				  FETCH_LEAST;
	willneed(span_of(begin, going->len));
	going->end = begin + going->len;
}

/* What is done with each entry between two keys; false ends it. */
typedef bool entry_fn(struct sealedkeys *keys,
		      const struct sealedform_postings *postings,
		      void *context);

static void walk_entries(struct sealedkeys *keys,
			 const struct record_key *from,
			 const struct record_key *to, entry_fn *take,
			 void *context)
{
	struct record_key first = sealedform_key(from);
	struct record_key last = sealedform_key(to);
	struct going going = { NULL, 0 };
	struct block block;
	bool is_more = find_block(keys, &first, 0, &block);

	for (; is_more && compare(&block.first, &last) <= 0;
	     is_more = next_block(keys, &block)) {
		struct sealedform_postings postings =
			sealedform_postings_of(block.bytes, &block.first);

		go_on(&going, &block);
		while (sealedform_next_postings(&postings)) {
			if (compare(&postings.key, &first) < 0)
				continue;
			if (compare(&postings.key, &last) > 0 ||
			    !take(keys, &postings, context))
				return;
		}
		keys->is_broken |= postings.is_broken;
	}
}

static bool collect_entry(struct sealedkeys *keys,
			  const struct sealedform_postings *postings,
			  void *context)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	GArray *out = context;

	guint before = out->len;
	uint64_t *to;

	if (!take_sequences(keys, postings, found))
		return false;
	g_array_set_size(out, before + found->len);
	to = (uint64_t *)(void *)out->data + before;
	for (guint i = 0; i < found->len; i++)
		to[i] = g_array_index(found, uint32_t, i) + keys->before;
	return true;
}

void sealedkeys_collect(struct sealedkeys *keys,
			const struct record_key *from,
			const struct record_key *to, GArray *out)
{
	walk_entries(keys, from, to, collect_entry, out);
}

/* The first and last of each entry; all are read, but nothing is sorted. */
static bool widen(struct sealedkeys *keys,
		  const struct sealedform_postings *postings, void *context)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	struct dayreader_bounds *bounds = context;

	if (!take_sequences(keys, postings, found) || !found->len)
		return false;
	bounds->first = MIN(bounds->first, keys->before +
			    g_array_index(found, uint32_t, 0));
	bounds->last = MAX(bounds->last, keys->before +
			   g_array_index(found, uint32_t, found->len - 1));
	return true;
}

struct dayreader_bounds sealedkeys_bounds(struct sealedkeys *keys,
					  const struct record_key *from,
					  const struct record_key *to)
{
	struct dayreader_bounds bounds = { UINT64_MAX, 0 };

	walk_entries(keys, from, to, widen, &bounds);
	return bounds;
}

struct counting {
	uint64_t count, enough;
};

static bool count_entry(struct sealedkeys *keys,
			const struct sealedform_postings *postings,
			void *context)
{
	struct counting *counting = context;

	(void)keys;
	counting->count += postings->count;
	return counting->count < counting->enough;
}

uint64_t sealedkeys_count(struct sealedkeys *keys,
			  const struct record_key *from,
			  const struct record_key *to, uint64_t enough)
{
	struct counting counting = { 0, enough };

	walk_entries(keys, from, to, count_entry, &counting);
	return counting.count;
}

bool sealedkeys_each_key(struct sealedkeys *keys, dayreader_take_key_fn *take,
			 void *context)
{
	static const struct record_key lowest = { .len = 1 };
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	struct block block;
	bool is_more = find_block(keys, &lowest, 0, &block);

	for (; is_more; is_more = next_block(keys, &block)) {
		struct sealedform_postings postings =
			sealedform_postings_of(block.bytes, &block.first);

		while (sealedform_next_postings(&postings)) {
			g_array_set_size(all, 0);
			if (!collect_entry(keys, &postings, all) ||
			    !take(&postings.key, all, context))
				return false;
		}
		keys->is_broken |= postings.is_broken;
		if (postings.is_broken)
			return false;
	}
	return true;
}
