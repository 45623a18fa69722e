#include <config.h>

#include "store/sealedkeys.h"

#include "store/mapread.h"
#include "store/sealedform.h"

#include <lmdb.h>
#include <string.h>

#define PAGE_BYTES 4096		/* a block's */
#define FETCH_FIRST (PAGE_BYTES + SEALEDFORM_BLOCK_BYTES)	/* of a key */
#define BLOCK_ENTRIES 3000	/* of one that is all a key's, roughly */
#define BLOCKS_COUNTED 2	/* that are looked at to count what is in them */
#define READ_BEFORE (7 * PAGE_BYTES)	/* of a key that goes on there */
#define READ_BEHIND (15 * PAGE_BYTES)	/* at most, of who goes on */
#define BLOCK_TAIL 4		/* of a block's key: its first sequence */

struct sealedkeys {
	MDB_cursor *cursor;
	uint64_t before;	/* the sequence in front of the day's first */
	struct mapread_file file;
	struct mapread *read;
	bool is_broken;		/* something in it is no index */
};

struct sealedkeys *sealedkeys_new(const struct segment_view *view)
{
	struct sealedkeys *keys = g_new0(struct sealedkeys, 1);

	keys->before = view->first_sequence - 1;
	keys->file = view->file;
	keys->read = mapread_new(&view->file);
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
	mapread_free(&old->read);
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
	struct span place;	/* in the map: not looked at there */
};

static bool take_block(struct sealedkeys *keys, int failed,
		       const MDB_val *key, const MDB_val *value,
		       struct block *out)
{
	uint32_t big_endian;

	if (failed == MDB_NOTFOUND)
		return false;
	if (failed || key->mv_size <= BLOCK_TAIL ||
	    key->mv_size > RECORD_KEY_MAX + BLOCK_TAIL ||
	    value->mv_size > SEALEDFORM_BLOCK_BYTES) {
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
	out->place = span_of(value->mv_data, value->mv_size);
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

/* What lies before and behind it is wanted next. */
static struct sealedform_postings look_into(struct sealedkeys *keys,
					    const struct block *block,
					    size_t before, size_t behind)
{
	struct span bytes = mapread_get(keys->read, block->place, before,
					behind);

	keys->is_broken |= !bytes.len;
	return sealedform_postings_of(bytes, &block->first);
}

/* Whether an entry says which records have its key. */
static bool take_sequences(struct sealedkeys *keys,
			   const struct sealedform_postings *postings,
			   bool is_newest_first, GArray *out)
{
	bool is_good = sealedform_sequences(postings, keys->before,
					    is_newest_first, out);

	keys->is_broken |= !is_good;
	return is_good;
}

/* The block itself is not looked at: that would be to wait for it. */
void sealedkeys_prefetch(struct sealedkeys *keys,
			 const struct record_key *key)
{
	struct record_key wanted = sealedform_key(key);
	struct block block;

	if (find_block(keys, &wanted, 0, &block))
		mapread_fetch(&keys->file, span_of(block.place.ptr,
						   FETCH_FIRST));
}

/* Those behind last, which are in front. */
static void drop_later(GArray *sequences, guint from, uint64_t last)
{
	guint low = from, high = sequences->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (g_array_index(sequences, uint64_t, middle) > last)
			low = middle + 1;
		else
			high = middle;
	}
	g_array_remove_range(sequences, from, low - from);
}

bool sealedkeys_postings(struct sealedkeys *keys,
			 const struct record_key *key, uint64_t most,
			 GArray *out)
{
	struct record_key wanted = sealedform_key(key);
	struct sealedform_postings postings;
	guint before = out->len;
	struct block block;
	uint32_t last;
	int order = -1;

	if (most <= keys->before)
		return false;
	last = (uint32_t)MIN(most - keys->before, UINT32_MAX);
	if (!find_block(keys, &wanted, last, &block))
		return false;
	/* What begins in an earlier block is in those before this one, too, and
	 * who goes through it from the newest wants them next. */
	postings = look_into(keys, &block, compare(&block.first, &wanted) ?
			     0 : READ_BEFORE, 0);
	while (order < 0 && sealedform_next_postings(&postings)) {
		order = compare(&postings.key, &wanted);
		if (order == 0 && !take_sequences(keys, &postings, true, out))
			return false;
	}
	keys->is_broken |= postings.is_broken;
	drop_later(out, before, most);
	return out->len > before;
}

/* Blocks lie one behind the other: who goes on from one to the next goes on further, so
 * more is read each time. */
static struct sealedform_postings go_on(struct sealedkeys *keys,
					const struct block *block,
					size_t *behind)
{
	struct sealedform_postings postings = look_into(keys, block, 0,
							*behind);

	*behind = MIN(*behind * 2 + PAGE_BYTES, READ_BEHIND);
	return postings;
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
	size_t behind = PAGE_BYTES;
	struct block block;
	bool is_more = find_block(keys, &first, 0, &block);

	for (; is_more && compare(&block.first, &last) <= 0;
	     is_more = next_block(keys, &block)) {
		struct sealedform_postings postings = go_on(keys, &block,
							    &behind);

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
	return take_sequences(keys, postings, false, context);
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
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	struct dayreader_bounds *bounds = context;

	if (!take_sequences(keys, postings, false, found) || !found->len)
		return false;
	bounds->first = MIN(bounds->first,
			    g_array_index(found, uint64_t, 0));
	bounds->last = MAX(bounds->last,
			   g_array_index(found, uint64_t, found->len - 1));
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

/* How many blocks a key fills, which then lie one behind the other, with a page of LMDB's
 * own here and there; 0: it is in few, or where they lie does not tell. */
static size_t blocks_of(struct sealedkeys *keys,
			const struct record_key *key)
{
	struct record_key wanted = sealedform_key(key);
	struct block first, last;

	if (!find_block(keys, &wanted, 0, &first))
		return 0;
	for (int i = 0; i < BLOCKS_COUNTED; i++)
		if (!next_block(keys, &first) ||
		    compare(&first.first, &wanted) != 0)
			return 0;
	if (!find_block(keys, &wanted, UINT32_MAX, &last) ||
	    last.place.ptr < first.place.ptr)
		return 0;
	return (size_t)(last.place.ptr - first.place.ptr) / PAGE_BYTES +
	       BLOCKS_COUNTED;
}

uint64_t sealedkeys_count(struct sealedkeys *keys,
			  const struct record_key *from,
			  const struct record_key *to, uint64_t enough)
{
	struct counting counting = { 0, enough };
	size_t blocks = compare(from, to) == 0 ? blocks_of(keys, from) : 0;

	if (blocks)
		return blocks * BLOCK_ENTRIES;
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
	size_t behind = PAGE_BYTES;

	for (; is_more; is_more = next_block(keys, &block)) {
		struct sealedform_postings postings = go_on(keys, &block,
							    &behind);

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
