#include <config.h>

#include "store/dayreader.h"

#include "store/digest.h"
#include "store/sealedkeys.h"
#include "store/sealedread.h"

#include <lmdb.h>
#include <string.h>

struct dayreader {
	struct segment *segment;
	struct segment_view view;
	struct sealedread *sealed;	/* then all below keys is for nothing */
	struct sealedkeys *keys;
	enum dayreader_mode mode;
	MDB_cursor *records, *index;
	uint64_t at;			/* where records stands; 0: nowhere */
	int failed;			/* of the last question for a record */
	int index_failed;		/* of any for the index */
};

static uint64_t sequence_of(const MDB_val *value)
{
	uint64_t big_endian = 0;

	if (value->mv_size == sizeof big_endian)
		memcpy(&big_endian, value->mv_data, sizeof big_endian);
	return GUINT64_FROM_BE(big_endian);
}

struct dayreader *dayreader_new(struct segment *segment,
					  enum dayreader_mode mode,
					  GError **error)
{
	struct dayreader *reader = g_new0(struct dayreader, 1);
	int failed;

	reader->segment = segment;
	reader->mode = mode;
	if (!segment_begin_read(segment, &reader->view, error)) {
		g_free(reader);
		return NULL;
	}
	if (reader->view.guide) {
		reader->sealed = sealedread_new(reader->view.guide, mode);
		reader->keys = sealedkeys_new(reader->view.guide);
		return reader;
	}
	failed = mdb_cursor_open(reader->view.txn, reader->view.records,
				 &reader->records);
	if (!failed)
		failed = mdb_cursor_open(reader->view.txn, reader->view.index,
					 &reader->index);
	if (!failed)
		return reader;
	segment_fail(segment, failed, error);
	dayreader_free(&reader);
	return NULL;
}

void dayreader_free(struct dayreader **reader)
{
	struct dayreader *old = *reader;

	*reader = NULL;
	if (!old)
		return;
	sealedread_free(&old->sealed);
	sealedkeys_free(&old->keys);
	if (old->records)
		mdb_cursor_close(old->records);
	if (old->index)
		mdb_cursor_close(old->index);
	segment_end_read(old->segment, &old->view);
	g_free(old);
}

const char *dayreader_problem(const struct dayreader *reader)
{
	if (reader->sealed)
		return sealedread_problem(reader->sealed) ?:
		       sealedkeys_problem(reader->keys);
	if (reader->failed || reader->index_failed)
		return mdb_strerror(reader->failed ?: reader->index_failed);
	return NULL;
}

/* An index that ends is none that failed. */
static void note_end(struct dayreader *reader, int failed)
{
	if (failed && failed != MDB_NOTFOUND)
		reader->index_failed = failed;
}

static void take_hashes(struct dayreader_record *record)
{
	const uint8_t *previous;

	digest_sha256(record->bytes, record->sha256);
	record->is_changed = !recordform_get_tail(record->bytes, &previous);
	if (!record->is_changed)
		memcpy(record->previous_sha256, previous, RECORD_HASH_BYTES);
}

/* Where the cursor stands, or not. */
static bool take_record(struct dayreader *reader, int failed,
			const MDB_val *key, const MDB_val *value,
			struct dayreader_record *out)
{
	reader->failed = failed == MDB_NOTFOUND ? 0 : failed;
	reader->at = 0;
	if (failed)
		return false;
	*out = (struct dayreader_record){
		.sequence = sequence_of(key),
		.bytes = span_of(value->mv_data, value->mv_size),
	};
	reader->at = out->sequence;
	if (reader->mode == DAYREADER_HASHES)
		take_hashes(out);
	return true;
}

static bool open_at(struct dayreader *reader, uint64_t sequence,
		       struct dayreader_record *record_out)
{
	uint64_t big_endian = GUINT64_TO_BE(sequence);
	MDB_val key = { sizeof big_endian, &big_endian }, value;
	int failed = mdb_cursor_get(reader->records, &key, &value,
				    MDB_SET_KEY);

	return take_record(reader, failed, &key, &value, record_out);
}

static bool open_next(struct dayreader *reader, uint64_t from,
			 struct dayreader_record *record_out)
{
	uint64_t big_endian = GUINT64_TO_BE(from);
	MDB_val key = { sizeof big_endian, &big_endian }, value;
	bool is_near = reader->at && from == reader->at + 1;
	int failed = mdb_cursor_get(reader->records, &key, &value,
				    is_near ? MDB_NEXT : MDB_SET_RANGE);

	return take_record(reader, failed, &key, &value, record_out);
}

static bool open_before(struct dayreader *reader, uint64_t to,
			   struct dayreader_record *record_out)
{
	uint64_t big_endian = GUINT64_TO_BE(to);
	MDB_val key = { sizeof big_endian, &big_endian }, value;
	int failed;

	if (reader->at && to == reader->at - 1) {
		failed = mdb_cursor_get(reader->records, &key, &value,
					MDB_PREV);
	} else {
		failed = mdb_cursor_get(reader->records, &key, &value,
					MDB_SET_RANGE);
		if (failed == MDB_NOTFOUND)
			failed = mdb_cursor_get(reader->records, &key, &value,
						MDB_LAST);
		else if (!failed && sequence_of(&key) > to)
			failed = mdb_cursor_get(reader->records, &key, &value,
						MDB_PREV);
	}
	return take_record(reader, failed, &key, &value, record_out);
}

/* The last sequence of the key that is at or before most. */
static int seek_posting(struct dayreader *reader,
			const struct record_key *wanted, uint64_t most,
			MDB_val *value)
{
	uint64_t big_endian = GUINT64_TO_BE(most);
	MDB_val key = { wanted->len, (void *)wanted->bytes };
	int failed;

	*value = (MDB_val){ sizeof big_endian, &big_endian };
	failed = mdb_cursor_get(reader->index, &key, value,
				MDB_GET_BOTH_RANGE);
	if (!failed && sequence_of(value) > most)
		return mdb_cursor_get(reader->index, &key, value,
				      MDB_PREV_DUP);
	if (failed != MDB_NOTFOUND)
		return failed;
	failed = mdb_cursor_get(reader->index, &key, value, MDB_SET);
	return failed ? failed : mdb_cursor_get(reader->index, &key, value,
						MDB_LAST_DUP);
}

static bool open_postings(struct dayreader *reader,
			  const struct record_key *key, uint64_t most,
			  guint wanted, GArray *out)
{
	guint before = out->len;
	MDB_val unused, value;
	int failed = seek_posting(reader, key, most, &value);

	while (!failed && out->len < before + wanted) {
		uint64_t sequence = sequence_of(&value);

		g_array_append_val(out, sequence);
		failed = mdb_cursor_get(reader->index, &unused, &value,
					MDB_PREV_DUP);
	}
	note_end(reader, failed);
	return out->len > before;
}

static bool is_at_most(const MDB_val *key, const struct record_key *to)
{
	return key->mv_size == to->len &&
	       memcmp(key->mv_data, to->bytes, to->len) <= 0;
}

static void open_collect(struct dayreader *reader,
			    const struct record_key *from,
			    const struct record_key *to, GArray *out)
{
	MDB_val key = { from->len, (void *)from->bytes }, value;
	int failed = mdb_cursor_get(reader->index, &key, &value,
				    MDB_SET_RANGE);

	while (!failed && is_at_most(&key, to)) {
		uint64_t sequence = sequence_of(&value);

		g_array_append_val(out, sequence);
		failed = mdb_cursor_get(reader->index, &key, &value, MDB_NEXT);
	}
	note_end(reader, failed);
}

static uint64_t open_count(struct dayreader *reader,
			      const struct record_key *from,
			      const struct record_key *to, uint64_t enough)
{
	MDB_val key = { from->len, (void *)from->bytes }, value;
	int failed = mdb_cursor_get(reader->index, &key, &value,
				    MDB_SET_RANGE);
	uint64_t count = 0;

	while (!failed && count < enough && is_at_most(&key, to)) {
		size_t of_key = 0;

		failed = mdb_cursor_count(reader->index, &of_key);
		count += of_key;
		if (!failed)
			failed = mdb_cursor_get(reader->index, &key, &value,
						MDB_NEXT_NODUP);
	}
	note_end(reader, failed);
	return count;
}

static struct dayreader_bounds open_bounds(struct dayreader *reader,
					   const struct record_key *from,
					   const struct record_key *to)
{
	struct dayreader_bounds bounds = { UINT64_MAX, 0 };
	MDB_val key = { from->len, (void *)from->bytes }, value;
	int failed = mdb_cursor_get(reader->index, &key, &value,
				    MDB_SET_RANGE);

	while (!failed && is_at_most(&key, to)) {
		bounds.first = MIN(bounds.first, sequence_of(&value));
		failed = mdb_cursor_get(reader->index, &key, &value,
					MDB_LAST_DUP);
		if (failed)
			break;
		bounds.last = MAX(bounds.last, sequence_of(&value));
		failed = mdb_cursor_get(reader->index, &key, &value,
					MDB_NEXT_NODUP);
	}
	note_end(reader, failed);
	return bounds;
}

/* A key has all its sequences one behind the other. */
static bool open_each_key(struct dayreader *reader, dayreader_take_key_fn *take,
			  void *context)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	MDB_val key, value;
	int failed = mdb_cursor_get(reader->index, &key, &value, MDB_FIRST);

	while (!failed) {
		struct record_key one = { .len = (uint8_t)key.mv_size };

		if (key.mv_size > RECORD_KEY_MAX) {
			failed = MDB_CORRUPTED;
			break;
		}
		memcpy(one.bytes, key.mv_data, one.len);
		g_array_set_size(all, 0);
		while (!failed) {
			uint64_t sequence = sequence_of(&value);

			g_array_append_val(all, sequence);
			failed = mdb_cursor_get(reader->index, &key, &value,
						MDB_NEXT_DUP);
		}
		if (failed != MDB_NOTFOUND || !take(&one, all, context))
			break;
		failed = mdb_cursor_get(reader->index, &key, &value,
					MDB_NEXT_NODUP);
	}
	reader->failed = failed == MDB_NOTFOUND ? 0 : failed;
	return failed == MDB_NOTFOUND;
}

bool dayreader_at(struct dayreader *reader, uint64_t sequence,
		  struct dayreader_record *record_out)
{
	return reader->sealed ?
	       sealedread_at(reader->sealed, sequence, record_out) :
	       open_at(reader, sequence, record_out);
}

bool dayreader_next(struct dayreader *reader, uint64_t from,
		    struct dayreader_record *record_out)
{
	return reader->sealed ?
	       sealedread_next(reader->sealed, from, record_out) :
	       open_next(reader, from, record_out);
}

bool dayreader_before(struct dayreader *reader, uint64_t to,
		      struct dayreader_record *record_out)
{
	return reader->sealed ?
	       sealedread_before(reader->sealed, to, record_out) :
	       open_before(reader, to, record_out);
}

bool dayreader_postings(struct dayreader *reader, const struct record_key *key,
			uint64_t most, guint wanted, GArray *out)
{
	return reader->sealed ?
	       sealedkeys_postings(reader->keys, key, most, out) :
	       open_postings(reader, key, most, wanted, out);
}

void dayreader_prefetch(struct dayreader *reader, const uint64_t *sequences,
			size_t count)
{
	if (reader->sealed)
		sealedread_prefetch(reader->sealed, sequences, count);
}

void dayreader_prefetch_key(struct dayreader *reader,
			    const struct record_key *key)
{
	if (reader->sealed)
		sealedkeys_prefetch(reader->keys, key);
}

void dayreader_prefetch_postings(struct dayreader *reader,
				 const struct record_key *key, uint64_t most)
{
	if (reader->sealed)
		sealedkeys_prefetch_postings(reader->keys, key, most);
}

struct dayreader_bounds dayreader_bounds(struct dayreader *reader,
					 const struct record_key *from,
					 const struct record_key *to)
{
	return reader->sealed ? sealedkeys_bounds(reader->keys, from, to) :
				open_bounds(reader, from, to);
}

void dayreader_collect(struct dayreader *reader, const struct record_key *from,
		       const struct record_key *to, GArray *out)
{
	if (reader->sealed)
		sealedkeys_collect(reader->keys, from, to, out);
	else
		open_collect(reader, from, to, out);
}

uint64_t dayreader_count(struct dayreader *reader,
			 const struct record_key *from,
			 const struct record_key *to, uint64_t enough)
{
	return reader->sealed ?
	       sealedkeys_count(reader->keys, from, to, enough) :
	       open_count(reader, from, to, enough);
}

bool dayreader_each_key(struct dayreader *reader, dayreader_take_key_fn *take,
			void *context)
{
	return reader->sealed ?
	       sealedkeys_each_key(reader->keys, take, context) :
	       open_each_key(reader, take, context);
}
