#include <config.h>

#include "store/sealedread.h"

#include "store/digest.h"

#include <inttypes.h>
#include <lmdb.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHUNK_HEAD_BYTES 8192	/* of most chunks: where their runs are */
#define FETCH_LEAST ((size_t)8 << 10)	/* of blocks */
#define FETCH_MOST ((size_t)256 << 10)
#define BLOCK_TAIL 4		/* of a block's key: its first sequence */

/* A record of the run in hand. */
struct place {
	struct sealedform_record record;
	uint8_t sha256[RECORD_HASH_BYTES];	/* with DAYREADER_HASHES */
};

struct sealedread {
	struct segment_view view;
	enum dayreader_mode mode;
	MDB_cursor *records, *index;
	struct sealedform_unpacker *unpacker;	/* once it is needed, as */
	struct sealedform_dict *dict;

	struct span chunk;		/* some runs, as they lie in the file */
	uint32_t runs;			/* in it */
	GByteArray *run;		/* the one in hand, decompressed */
	GArray *places;			/* its records; empty: none in hand */
	uint64_t first;			/* sequence of its first */
	uint8_t before[RECORD_HASH_BYTES];	/* the hash in front of it */
	GByteArray *whole;		/* a record with the hash before */
	char *problem;
};

struct sealedread *sealedread_new(const struct segment_view *view,
				  enum dayreader_mode mode)
{
	struct sealedread *read = g_new0(struct sealedread, 1);

	read->view = *view;
	read->mode = mode;
	read->run = g_byte_array_new();
	read->places = g_array_new(FALSE, FALSE, sizeof(struct place));
	read->whole = g_byte_array_new();
	/* A transaction that was begun has room for two cursors. */
	BUG_IF(mdb_cursor_open(view->txn, view->records, &read->records) ||
	       mdb_cursor_open(view->txn, view->index, &read->index));
	return read;
}

void sealedread_free(struct sealedread **read)
{
	struct sealedread *old = *read;

	*read = NULL;
	if (!old)
		return;
	mdb_cursor_close(old->records);
	mdb_cursor_close(old->index);
	sealedform_unpacker_free(&old->unpacker);
	sealedform_dict_free(&old->dict);
	g_byte_array_unref(old->run);
	g_array_unref(old->places);
	g_byte_array_unref(old->whole);
	g_free(old->problem);
	g_free(old);
}

const char *sealedread_problem(const struct sealedread *read)
{
	return read->problem;
}

static bool tell(struct sealedread *read, uint64_t sequence)
{
	g_free(read->problem);
	read->problem = g_strdup_printf("record %" PRIu64 " or one behind it "
		"was changed: what is there is no record", sequence);
	return false;
}

/* The kernel begins to read it. */
static void will_need(struct span bytes)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t begin = (uintptr_t)bytes.ptr & ~(page - 1);

	if (bytes.len)
		madvise((void *)begin, (uintptr_t)bytes.ptr + bytes.len -
				       begin, MADV_WILLNEED);
}

static uint64_t number_at(const MDB_val *value)
{
	uint64_t big_endian = 0;

	if (value->mv_size == sizeof big_endian)
		memcpy(&big_endian, value->mv_data, sizeof big_endian);
	return GUINT64_FROM_BE(big_endian);
}

/* The last chunk that begins at or before sequence, else the first; nothing of its
 * value is read. */
static bool locate_chunk(struct sealedread *read, uint64_t sequence,
			 uint64_t *first_out)
{
	uint64_t big_endian = GUINT64_TO_BE(sequence);
	MDB_val key = { sizeof big_endian, &big_endian }, value;
	int failed = mdb_cursor_get(read->records, &key, &value,
				    MDB_SET_RANGE);

	if (failed == MDB_NOTFOUND)
		failed = mdb_cursor_get(read->records, &key, &value, MDB_LAST);
	else if (!failed && number_at(&key) > sequence &&
		 mdb_cursor_get(read->records, &key, &value, MDB_PREV) != 0)
		failed = mdb_cursor_get(read->records, &key, &value,
					MDB_FIRST);
	if (failed)
		return false;
	read->chunk = span_of(value.mv_data, value.mv_size);
	*first_out = number_at(&key);
	return true;
}

static bool find_chunk(struct sealedread *read, uint64_t sequence)
{
	uint64_t first;

	if (!locate_chunk(read, sequence, &first))
		return false;
	read->runs = 0;
	if (read->chunk.len >= sizeof read->runs)
		memcpy(&read->runs, read->chunk.ptr, sizeof read->runs);
	if (!read->runs || read->runs > (read->chunk.len - sizeof read->runs) /
					sizeof(struct sealedread_run))
		return tell(read, first);
	return true;
}

static struct sealedread_run run_at(const struct sealedread *read, uint32_t i)
{
	struct sealedread_run run;

	memcpy(&run, read->chunk.ptr + sizeof read->runs + i * sizeof run,
	       sizeof run);
	return run;
}

/* The last run of the chunk that begins at or before sequence, else the first. */
static uint32_t find_run(const struct sealedread *read, uint64_t sequence)
{
	uint32_t low = 0, high = read->runs;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (run_at(read, middle).sequence <= sequence)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The record as it was written: with the hash of the one before at its end. */
static struct span make_whole(struct sealedread *read, guint at)
{
	const struct place *place = &g_array_index(read->places, struct place,
						   at);
	size_t len = place->record.bytes.len;

	g_byte_array_set_size(read->whole, (guint)(len + PACKED_TAIL_BYTES));
	memcpy(read->whole->data, place->record.bytes.ptr, len);
	recordform_put_tail(read->whole->data + len, at ?
			    (place - 1)->sha256 : read->before);
	return span_of((const char *)read->whole->data, read->whole->len);
}

static void compute_hashes(struct sealedread *read)
{
	for (guint i = 0; i < read->places->len; i++) {
		struct place *place = &g_array_index(read->places,
						     struct place, i);

		if (place->record.is_erased)
			memcpy(place->sha256, place->record.sha256,
			       sizeof place->sha256);
		else
			digest_sha256(make_whole(read, i), place->sha256);
	}
}

/* Who walks goes on from what a run says: it must lead out of the run. */
static bool is_of_day(const struct sealedread *read)
{
	return read->first >= read->view.first_sequence &&
	       read->first <= UINT64_MAX - read->places->len;
}

/* Where it lies in the chunk; empty: not in it. */
static struct span run_bytes(const struct sealedread *read, uint32_t i)
{
	uint64_t begin = run_at(read, i).offset;
	uint64_t end = i + 1 < read->runs ? run_at(read, i + 1).offset :
					    read->chunk.len;

	if (end > read->chunk.len || begin > end)
		return span_of(NULL, 0);
	return span_of(read->chunk.ptr + begin, (size_t)(end - begin));
}

static bool load_run(struct sealedread *read, uint32_t i)
{
	struct sealedread_run run = run_at(read, i);
	struct span rest = run_bytes(read, i);
	struct place place = { .sha256 = { 0 } };

	g_array_set_size(read->places, 0);
	if (rest.len < RECORD_HASH_BYTES)
		return tell(read, run.sequence);
	memcpy(read->before, rest.ptr, RECORD_HASH_BYTES);
	if (!read->dict) {
		will_need(read->view.dict);
		read->unpacker = sealedform_unpacker_new();
		read->dict = sealedform_dict_new(read->view.dict);
	}
	if (!sealedform_decompress(read->unpacker, read->dict,
				   span_from(rest, RECORD_HASH_BYTES),
				   read->run))
		return tell(read, run.sequence);
	rest = span_of((const char *)read->run->data, read->run->len);
	while (sealedform_next_record(&rest, &place.record))
		g_array_append_val(read->places, place);
	read->first = run.sequence;
	if (rest.len || !read->places->len || !is_of_day(read)) {
		g_array_set_size(read->places, 0);
		return tell(read, run.sequence);
	}
	if (read->mode == DAYREADER_HASHES)
		compute_hashes(read);
	return true;
}

static bool is_in_hand(const struct sealedread *read, uint64_t sequence)
{
	return sequence >= read->first &&
	       sequence - read->first < read->places->len;
}

static bool give(struct sealedread *read, uint64_t sequence,
		 struct dayreader_record *out)
{
	guint at = (guint)(sequence - read->first);
	const struct place *place = &g_array_index(read->places, struct place,
						   at);

	*out = (struct dayreader_record){
		.sequence = sequence, .bytes = place->record.bytes,
		.is_erased = place->record.is_erased,
	};
	if (read->mode != DAYREADER_HASHES)
		return true;
	out->bytes = make_whole(read, at);
	out->is_changed = memcmp(place->sha256, place->record.sha256,
				 SEALEDFORM_CHECK_BYTES) != 0;
	memcpy(out->sha256, place->sha256, sizeof out->sha256);
	memcpy(out->previous_sha256, at ? (place - 1)->sha256 : read->before,
	       sizeof out->previous_sha256);
	return true;
}

/* The run that has it, or the one before where it would be. */
static bool find(struct sealedread *read, uint64_t sequence)
{
	g_clear_pointer(&read->problem, g_free);
	if (is_in_hand(read, sequence))
		return true;
	return find_chunk(read, sequence) &&
	       load_run(read, find_run(read, sequence));
}

bool sealedread_at(struct sealedread *read, uint64_t sequence,
		   struct dayreader_record *record_out)
{
	return find(read, sequence) && is_in_hand(read, sequence) &&
	       give(read, sequence, record_out);
}

/* First the dictionary and what says where the runs of each chunk are, then the runs. */
void sealedread_prefetch(struct sealedread *read, const uint64_t *sequences,
			 size_t count)
{
	uint64_t last = 0, first;

	if (!read->dict && count)
		will_need(read->view.dict);
	g_array_set_size(read->places, 0);	/* it is of another chunk */
	for (size_t i = 0; i < count; i++) {
		if (!locate_chunk(read, sequences[i], &first) || first == last)
			continue;
		will_need(span_first(read->chunk, CHUNK_HEAD_BYTES));
		last = first;
	}
	for (size_t i = 0; i < count; i++)
		if (find_chunk(read, sequences[i]))
			will_need(run_bytes(read, find_run(read,
							   sequences[i])));
}

/* The run behind the one in hand. */
static bool load_next(struct sealedread *read)
{
	uint32_t i = find_run(read, read->first) + 1;
	MDB_val key, value;

	if (i < read->runs)
		return load_run(read, i);
	if (mdb_cursor_get(read->records, &key, &value, MDB_NEXT) != 0)
		return false;
	return find_chunk(read, number_at(&key)) && load_run(read, 0);
}

bool sealedread_next(struct sealedread *read, uint64_t from,
		     struct dayreader_record *record_out)
{
	if (!find(read, from))
		return false;
	if (read->first > from)
		from = read->first;
	if (!is_in_hand(read, from)) {
		if (!load_next(read))
			return false;
		if (read->first < from)
			return tell(read, from);
		from = read->first;
	}
	return give(read, from, record_out);
}

bool sealedread_before(struct sealedread *read, uint64_t to,
		       struct dayreader_record *record_out)
{
	if (!find(read, to) || read->first > to)
		return false;
	return give(read, MIN(to, read->first + read->places->len - 1),
		    record_out);
}

/* A block, and what its key says of it. */
struct block {
	struct record_key first;
	uint32_t sequence;
	struct span bytes;
};

static bool take_block(int failed, const MDB_val *key, const MDB_val *value,
		       struct block *out)
{
	uint32_t big_endian;

	if (failed || key->mv_size <= BLOCK_TAIL ||
	    key->mv_size > RECORD_KEY_MAX + BLOCK_TAIL)
		return false;
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
static bool find_block(struct sealedread *read, const struct record_key *wanted,
		       uint32_t sequence, struct block *out)
{
	uint32_t big_endian = GUINT32_TO_BE(sequence);
	uint8_t bytes[RECORD_KEY_MAX + BLOCK_TAIL];
	MDB_val at = { wanted->len + BLOCK_TAIL, bytes }, key = at, value;
	int failed;

	memcpy(bytes, wanted->bytes, wanted->len);
	memcpy(bytes + wanted->len, &big_endian, BLOCK_TAIL);
	failed = mdb_cursor_get(read->index, &key, &value, MDB_SET_RANGE);
	if (failed == MDB_NOTFOUND)
		failed = mdb_cursor_get(read->index, &key, &value, MDB_LAST);
	else if (!failed && (key.mv_size != at.mv_size ||
			     memcmp(key.mv_data, bytes, at.mv_size) != 0) &&
		 mdb_cursor_get(read->index, &key, &value, MDB_PREV) != 0)
		failed = mdb_cursor_get(read->index, &key, &value, MDB_FIRST);
	return take_block(failed, &key, &value, out);
}

static bool next_block(struct sealedread *read, struct block *out)
{
	MDB_val key, value;
	int failed = mdb_cursor_get(read->index, &key, &value, MDB_NEXT);

	return take_block(failed, &key, &value, out);
}

static int compare(const struct record_key *a, const struct record_key *b)
{
	int order = memcmp(a->bytes, b->bytes, MIN(a->len, b->len));

	return order ? order : (int)a->len - (int)b->len;
}

static uint64_t day_begin(const struct sealedread *read)
{
	return read->view.first_sequence - 1;
}

/* Those up to last. */
static void add_newest_first(const struct sealedread *read,
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
		to[i] = from[count - 1 - i] + day_begin(read);
}

bool sealedread_postings(struct sealedread *read,
			 const struct record_key *key, uint64_t most,
			 GArray *out)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	struct record_key wanted = sealedform_key(key);
	struct sealedform_postings postings;
	guint before = out->len;
	struct block block;
	uint32_t last;

	if (most <= day_begin(read))
		return false;
	last = (uint32_t)MIN(most - day_begin(read), UINT32_MAX);
	if (!find_block(read, &wanted, last, &block))
		return false;
	postings = sealedform_postings_of(block.bytes, &block.first);
	while (sealedform_next_postings(&postings))
		if (compare(&postings.key, &wanted) == 0 &&
		    !sealedform_sequences(&postings, found))
			break;
	add_newest_first(read, found, last, out);
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
	will_need(span_of(begin, going->len));
	going->end = begin + going->len;
}

/* What is done with each entry between two keys; false ends it. */
typedef bool entry_fn(struct sealedread *read,
		      const struct sealedform_postings *postings,
		      void *context);

static void walk_entries(struct sealedread *read,
			 const struct record_key *from,
			 const struct record_key *to, entry_fn *take,
			 void *context)
{
	struct record_key first = sealedform_key(from);
	struct record_key last = sealedform_key(to);
	struct going going = { NULL, 0 };
	struct block block;
	bool is_more = find_block(read, &first, 0, &block);

	for (; is_more && compare(&block.first, &last) <= 0;
	     is_more = next_block(read, &block)) {
		struct sealedform_postings postings =
			sealedform_postings_of(block.bytes, &block.first);

		go_on(&going, &block);
		while (sealedform_next_postings(&postings)) {
			if (compare(&postings.key, &first) < 0)
				continue;
			if (compare(&postings.key, &last) > 0 ||
			    !take(read, &postings, context))
				return;
		}
	}
}

static bool collect_entry(struct sealedread *read,
			  const struct sealedform_postings *postings,
			  void *context)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	GArray *out = context;

	guint before = out->len;
	uint64_t *to;

	if (!sealedform_sequences(postings, found))
		return false;
	g_array_set_size(out, before + found->len);
	to = (uint64_t *)(void *)out->data + before;
	for (guint i = 0; i < found->len; i++)
		to[i] = g_array_index(found, uint32_t, i) + day_begin(read);
	return true;
}

void sealedread_collect(struct sealedread *read,
			const struct record_key *from,
			const struct record_key *to, GArray *out)
{
	walk_entries(read, from, to, collect_entry, out);
}

/* The first and last of each entry; all are read, but nothing is sorted. */
static bool widen(struct sealedread *read,
		  const struct sealedform_postings *postings, void *context)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	struct dayreader_bounds *bounds = context;

	if (!sealedform_sequences(postings, found) || !found->len)
		return false;
	bounds->first = MIN(bounds->first, day_begin(read) +
			    g_array_index(found, uint32_t, 0));
	bounds->last = MAX(bounds->last, day_begin(read) +
			   g_array_index(found, uint32_t, found->len - 1));
	return true;
}

struct dayreader_bounds sealedread_bounds(struct sealedread *read,
					  const struct record_key *from,
					  const struct record_key *to)
{
	struct dayreader_bounds bounds = { UINT64_MAX, 0 };

	walk_entries(read, from, to, widen, &bounds);
	return bounds;
}

struct counting {
	uint64_t count, enough;
};

static bool count_entry(struct sealedread *read,
			const struct sealedform_postings *postings,
			void *context)
{
	struct counting *counting = context;

	(void)read;
	counting->count += postings->count;
	return counting->count < counting->enough;
}

uint64_t sealedread_count(struct sealedread *read,
			  const struct record_key *from,
			  const struct record_key *to, uint64_t enough)
{
	struct counting counting = { 0, enough };

	walk_entries(read, from, to, count_entry, &counting);
	return counting.count;
}

bool sealedread_each_key(struct sealedread *read, dayreader_take_key_fn *take,
			 void *context)
{
	static const struct record_key lowest = { .len = 1 };
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	struct block block;
	bool is_more = find_block(read, &lowest, 0, &block);

	for (; is_more; is_more = next_block(read, &block)) {
		struct sealedform_postings postings =
			sealedform_postings_of(block.bytes, &block.first);

		while (sealedform_next_postings(&postings)) {
			g_array_set_size(all, 0);
			if (!collect_entry(read, &postings, all) ||
			    !take(&postings.key, all, context))
				return false;
		}
		if (postings.is_broken)
			return false;
	}
	return true;
}
