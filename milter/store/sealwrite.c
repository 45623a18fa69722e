#include <config.h>

#include "store/sealwrite.h"

#include "store/day.h"
#include "store/hashtree.h"
#include "store/lmdbenv.h"
#include "store/recordview.h"
#include "store/sealedread.h"
#include "store/sealfiles.h"
#include "store/storeerror.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define CHUNK_BYTES ((size_t)1 << 20)	/* of runs that lie together */
#define COMMIT_BYTES ((size_t)32 << 20)	/* and are on disk at once */
#define SAMPLES 8000			/* that the dictionary is made from */
#define SAMPLE_BYTES 4096		/* what is longer is no good one */
#define SPARE_BYTES ((size_t)64 << 20)

/* A day's file in the making. */
struct writer {
	const struct sealwrite *how;
	struct seal *seal;
	struct dayreader *from;
	struct segment_facts facts;

	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi records, index, meta;
	size_t uncommitted_bytes;
	struct sealedform_dict *dict;
	GBytes *dict_bytes;

	GByteArray *run, *chunk;	/* the chunk's runs, compressed */
	GArray *runs;			/* struct sealedread_run, in the chunk */
	uint64_t next_of_run;		/* the record that goes on from it */
	uint8_t last[RECORD_HASH_BYTES];
	struct hashtree tree;
	GByteArray *instead;
	GByteArray *fates;		/* enum sealwrite_fate, a record a byte */
	GHashTable *keys_left;		/* of one that is erased: what it has now */

	GByteArray *block;		/* of the index */
	struct record_key block_key, last_key;
	uint32_t block_sequence;
	GArray *sequences;		/* uint32_t, of the key in hand */
	struct record_key key;
	int failed;			/* of LMDB */
};

static bool fail(const struct writer *writer, GError **error)
{
	g_autofree char *path = day_path(writer->how->records_dir,
					 writer->how->day);

	store_error_set(error, path, writer->failed);
	return false;
}

static bool is_cancelled(const struct writer *writer)
{
	return writer->how->is_cancelled &&
	       atomic_load(writer->how->is_cancelled);
}

/* In steps: one long wait for the disk at the end would be the mail's, too. */
static void commit_some(struct writer *writer)
{
	if (writer->failed || writer->uncommitted_bytes < COMMIT_BYTES)
		return;
	writer->uncommitted_bytes = 0;
	writer->failed = mdb_txn_commit(writer->txn);
	writer->txn = NULL;
	if (!writer->failed)
		writer->failed = mdb_env_sync(writer->env, 1);
	if (!writer->failed)
		writer->failed = mdb_txn_begin(writer->env, NULL, 0,
					       &writer->txn);
}

static void put(struct writer *writer, MDB_dbi table, MDB_val key,
		MDB_val value)
{
	if (writer->failed)
		return;
	writer->failed = mdb_put(writer->txn, table, &key, &value,
				 table == writer->meta ? 0 : MDB_APPEND);
	writer->uncommitted_bytes += value.mv_size;
	commit_some(writer);
}

/* Where the runs begin is known only now that there are so many of them. */
static void end_chunk(struct writer *writer)
{
	struct sealedread_run *runs = (struct sealedread_run *)
				      (void *)writer->runs->data;
	uint32_t count = writer->runs->len;
	g_autoptr(GByteArray) value = g_byte_array_new();
	uint64_t big_endian;

	if (!count)
		return;
	big_endian = GUINT64_TO_BE(runs[0].sequence);
	for (uint32_t i = 0; i < count; i++)
		runs[i].offset += sizeof count + count * sizeof *runs;
	g_byte_array_append(value, (const guint8 *)&count, sizeof count);
	g_byte_array_append(value, (const guint8 *)runs,
			    (guint)(count * sizeof *runs));
	g_byte_array_append(value, writer->chunk->data, writer->chunk->len);
	put(writer, writer->records,
	    (MDB_val){ sizeof big_endian, &big_endian },
	    (MDB_val){ value->len, value->data });
	g_array_set_size(writer->runs, 0);
	g_byte_array_set_size(writer->chunk, 0);
}

static void end_run(struct writer *writer)
{
	if (!writer->run->len)
		return;
	sealedform_compress(writer->dict, writer->run, writer->chunk);
	g_byte_array_set_size(writer->run, 0);
	if (writer->chunk->len >= CHUNK_BYTES)
		end_chunk(writer);
}

static void begin_run(struct writer *writer, uint64_t sequence)
{
	struct sealedread_run run = { sequence, writer->chunk->len };

	g_array_append_val(writer->runs, run);
	g_byte_array_append(writer->chunk, writer->last, RECORD_HASH_BYTES);
}

static struct span without_tail(const struct dayreader_record *record)
{
	return span_first(record->bytes, record->bytes.len -
			  PACKED_TAIL_BYTES);
}

static void keep_record(struct writer *writer,
			const struct dayreader_record *record, bool is_erased,
			struct span bytes)
{
	if (writer->run->len >= SEALEDFORM_RUN_BYTES ||
	    record->sequence != writer->next_of_run)
		end_run(writer);
	if (!writer->run->len)
		begin_run(writer, record->sequence);
	sealedform_add_record(writer->run, bytes, is_erased, record->sha256);
	writer->next_of_run = record->sequence + 1;
}

/* By what it may be found from now on. */
static void note_keys(struct writer *writer, uint64_t sequence)
{
	uint64_t at = sequence - writer->seal->first;
	const Reeve__Record *record;
	struct arena arena;

	arena_init(&arena);
	record = recordview_unpack(span_of((const char *)writer->instead->data,
					   writer->instead->len), &arena);
	if (record)
		g_hash_table_insert(writer->keys_left,
				    g_memdup2(&at, sizeof at),
				    record_keys_of(record));
	arena_release(&arena);
}

static void take_record(struct writer *writer,
			const struct dayreader_record *record)
{
	enum sealwrite_fate fate = SEALWRITE_KEEP;
	uint8_t byte;

	g_byte_array_set_size(writer->instead, 0);
	if (writer->how->decide)
		fate = writer->how->decide(record, writer->instead,
					   writer->how->context);
	if (fate == SEALWRITE_KEEP)
		keep_record(writer, record, record->is_erased,
			    without_tail(record));
	else if (fate == SEALWRITE_ERASE)
		keep_record(writer, record, true, span_of(
				(const char *)writer->instead->data,
				writer->instead->len));
	if (fate == SEALWRITE_ERASE)
		note_keys(writer, record->sequence);
	writer->seal->erased += fate == SEALWRITE_ERASE ||
				(fate == SEALWRITE_KEEP && record->is_erased);
	byte = (uint8_t)fate;
	writer->fates->data[record->sequence - writer->seal->first] = byte;
	memcpy(writer->last, record->sha256, sizeof writer->last);
}

static bool tell(const struct writer *writer, uint64_t sequence,
		 GError **error)
{
	char day[DAY_TEXT_MAX];

	store_error_set_text(error, STORE_ERROR_DAMAGED, "%s cannot be "
		"sealed: record %" PRIu64 " is not what was written "
		"(reevectl records verify)",
		day_format(writer->how->day, day), sequence);
	return false;
}

/* Before a day is written anew some may be gone already: then there is no chain, but
 * each is proved by the file's hash in its seal. */
static bool is_chained(const struct writer *writer,
		       const struct dayreader_record *record, uint64_t before)
{
	if (record->is_changed)
		return false;
	return writer->facts.is_sealed && record->sequence != before + 1 ?
	       true : record->sequence == before + 1 &&
	       memcmp(record->previous_sha256, writer->last,
		      sizeof writer->last) == 0;
}

static bool write_records(struct writer *writer, GError **error)
{
	uint64_t at = writer->facts.before.sequence;
	struct dayreader_record record;

	memcpy(writer->last, writer->facts.before.sha256, sizeof writer->last);
	while (!writer->failed && at < writer->facts.head.sequence &&
	       dayreader_next(writer->from, at + 1, &record)) {
		if (record.sequence > writer->facts.head.sequence)
			break;
		if (!is_chained(writer, &record, at))
			return tell(writer, record.sequence, error);
		if (record.sequence != at + 1)
			memcpy(writer->last, record.previous_sha256,
			       sizeof writer->last);
		if (!writer->facts.is_sealed)
			hashtree_add(&writer->tree, record.sha256);
		take_record(writer, &record);
		at = record.sequence;
		if (is_cancelled(writer))
			return store_error_set_text(error, STORE_ERROR_TEMP,
						    "cut off"), false;
	}
	end_run(writer);
	end_chunk(writer);
	if (writer->failed)
		return fail(writer, error);
	if (dayreader_problem(writer->from) ||
	    (!writer->facts.is_sealed &&
	     (at != writer->facts.head.sequence ||
	      memcmp(writer->last, writer->facts.head.sha256,
		     sizeof writer->last) != 0)))
		return tell(writer, at + 1, error);
	return true;
}

static void end_block(struct writer *writer)
{
	uint8_t bytes[RECORD_KEY_MAX + sizeof(uint32_t)];
	uint32_t big_endian = GUINT32_TO_BE(writer->block_sequence);
	const struct record_key *key = &writer->block_key;

	if (!writer->block->len)
		return;
	memcpy(bytes, key->bytes, key->len);
	memcpy(bytes + key->len, &big_endian, sizeof big_endian);
	put(writer, writer->index,
	    (MDB_val){ key->len + sizeof big_endian, bytes },
	    (MDB_val){ writer->block->len, writer->block->data });
	g_byte_array_set_size(writer->block, 0);
	writer->last_key.len = 0;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Two hashes may have become one key, whose sequences are then no longer in order. */
static void sort_sequences(GArray *sequences)
{
	for (guint i = 1; i < sequences->len; i++)
		if (g_array_index(sequences, uint32_t, i - 1) >
		    g_array_index(sequences, uint32_t, i)) {
			g_array_sort(sequences, by_number);
			return;
		}
}

/* The key in hand, with all of its sequences. */
static void end_key(struct writer *writer)
{
	const uint32_t *at = (const uint32_t *)(void *)writer->sequences->data;
	size_t left = writer->sequences->len, done;

	sort_sequences(writer->sequences);
	if (writer->block->len && writer->key.len != writer->block_key.len)
		end_block(writer);
	while (left && !writer->failed) {
		if (!writer->block->len) {
			writer->block_key = writer->key;
			writer->block_sequence = *at;
		}
		done = sealedform_add_postings(writer->block, &writer->key,
					       &writer->last_key, at, left);
		writer->last_key = writer->key;
		if (!done)
			end_block(writer);
		at += done;
		left -= done;
	}
	g_array_set_size(writer->sequences, 0);
}

static bool has_key(const GArray *keys, const struct record_key *wanted)
{
	for (guint i = 0; keys && i < keys->len; i++) {
		struct record_key key = sealedform_key(
			&g_array_index(keys, struct record_key, i));

		if (key.len == wanted->len &&
		    memcmp(key.bytes, wanted->bytes, key.len) == 0)
			return true;
	}
	return false;
}

static bool is_still_under(const struct writer *writer,
			   const struct record_key *key, uint64_t at)
{
	switch (at < writer->fates->len ? writer->fates->data[at] :
					  SEALWRITE_DROP) {
	case SEALWRITE_KEEP:
		return true;
	case SEALWRITE_ERASE:
		return has_key(g_hash_table_lookup(writer->keys_left, &at),
			       key);
	default:
		return false;
	}
}

static bool take_key(const struct record_key *key, const GArray *sequences,
		     void *context)
{
	struct writer *writer = context;
	struct record_key sealed = sealedform_key(key);

	if (sealed.len != writer->key.len ||
	    memcmp(sealed.bytes, writer->key.bytes, sealed.len) != 0)
		end_key(writer);
	writer->key = sealed;
	for (guint i = 0; i < sequences->len; i++) {
		uint64_t at = g_array_index(sequences, uint64_t, i) -
			      writer->seal->first;
		uint32_t past = (uint32_t)at + 1;

		if (is_still_under(writer, &sealed, at))
			g_array_append_val(writer->sequences, past);
	}
	return !writer->failed && !is_cancelled(writer);
}

static bool write_index(struct writer *writer, GError **error)
{
	bool is_done = dayreader_each_key(writer->from, take_key, writer);

	end_key(writer);
	end_block(writer);
	if (writer->failed)
		return fail(writer, error);
	if (is_done)
		return true;
	if (is_cancelled(writer))
		store_error_set_text(error, STORE_ERROR_TEMP, "cut off");
	else
		store_error_set_text(error, STORE_ERROR_DAMAGED,
				     "the day's index cannot be read");
	return false;
}

static void train(struct writer *writer)
{
	g_autoptr(GByteArray) samples = g_byte_array_new();
	g_autoptr(GArray) sizes = g_array_new(FALSE, FALSE, sizeof(size_t));
	uint64_t at = writer->facts.before.sequence + 1;
	uint64_t step = MAX(writer->seal->records / SAMPLES, 1);
	struct dayreader_record record;

	for (; at <= writer->facts.head.sequence &&
	       dayreader_next(writer->from, at, &record);
	     at = record.sequence + step) {
		struct span bytes = without_tail(&record);

		if (record.is_changed || record.is_erased ||
		    bytes.len > SAMPLE_BYTES)
			continue;
		g_byte_array_append(samples, (const guint8 *)bytes.ptr,
				    (guint)bytes.len);
		g_array_append_val(sizes, bytes.len);
	}
	writer->dict_bytes = sealedform_train(samples, sizes);
	if (!writer->dict_bytes)
		writer->dict_bytes = g_bytes_new(NULL, 0);
	gsize len;
	const char *dict = g_bytes_get_data(writer->dict_bytes, &len);

	writer->dict = sealedform_dict_new(span_of(dict, len));
}

static bool open_fresh(struct writer *writer, const char *fresh,
		       size_t map_bytes, GError **error)
{
	const struct lmdbenv_options options = {
		.is_created = true, .is_unlocked = true, .is_unsynced = true,
		.tables = 3, .map_bytes = map_bytes,
	};

	writer->env = lmdbenv_open(fresh, &options, error);
	if (!writer->env)
		return false;
	writer->failed = mdb_txn_begin(writer->env, NULL, 0, &writer->txn);
	if (!writer->failed)
		writer->failed = mdb_dbi_open(writer->txn, "records",
					      MDB_CREATE, &writer->records);
	if (!writer->failed)
		writer->failed = mdb_dbi_open(writer->txn, "index",
					      MDB_CREATE, &writer->index);
	if (!writer->failed)
		writer->failed = mdb_dbi_open(writer->txn, "meta", MDB_CREATE,
					      &writer->meta);
	return writer->failed ? fail(writer, error) : true;
}

/* Twice the same, since LMDB keeps two states, and whoever comes to this file with the
 * lock of the open day may be led to the older. */
static bool write_facts(struct writer *writer, GError **error)
{
	gsize len;
	void *dict = (void *)g_bytes_get_data(writer->dict_bytes, &len);

	for (unsigned i = 0; i < 2 && !writer->failed; i++) {
		if (i)
			writer->failed = mdb_txn_begin(writer->env, NULL, 0,
						       &writer->txn);
		put(writer, writer->meta, (MDB_val){ 4, (void *)"dict" },
		    (MDB_val){ len, dict });
		if (!writer->failed)
			writer->failed = segment_put_facts(
				writer->txn, writer->meta, SEGMENT_SEALED,
				&writer->facts);
		if (writer->failed)
			break;
		writer->failed = mdb_txn_commit(writer->txn);
		writer->txn = NULL;
	}
	if (!writer->failed)
		writer->failed = mdb_env_sync(writer->env, 1);
	return writer->failed ? fail(writer, error) : true;
}

static struct writer *writer_new(const struct sealwrite *how,
				 struct seal *seal)
{
	struct writer *writer = g_new0(struct writer, 1);

	writer->how = how;
	writer->seal = seal;
	writer->run = g_byte_array_new();
	writer->chunk = g_byte_array_new();
	writer->runs = g_array_new(FALSE, FALSE, sizeof(struct sealedread_run));
	writer->instead = g_byte_array_new();
	writer->fates = g_byte_array_new();
	writer->keys_left = g_hash_table_new_full(
		g_int64_hash, g_int64_equal, g_free,
		(GDestroyNotify)g_array_unref);
	writer->block = g_byte_array_new();
	writer->sequences = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	return writer;
}

static void writer_free(struct writer *writer)
{
	if (writer->txn)
		mdb_txn_abort(writer->txn);
	if (writer->env)
		mdb_env_close(writer->env);
	dayreader_free(&writer->from);
	sealedform_dict_free(&writer->dict);
	if (writer->dict_bytes)
		g_bytes_unref(writer->dict_bytes);
	g_byte_array_unref(writer->run);
	g_byte_array_unref(writer->chunk);
	g_array_unref(writer->runs);
	g_byte_array_unref(writer->instead);
	g_byte_array_unref(writer->fates);
	g_hash_table_unref(writer->keys_left);
	g_byte_array_unref(writer->block);
	g_array_unref(writer->sequences);
	g_free(writer);
}

/* What stays as it was when the day is written anew, and what is known now. */
static void begin_seal(struct writer *writer)
{
	struct seal *seal = writer->seal;

	if (writer->facts.is_sealed)
		return;
	*seal = (struct seal){
		.day = writer->how->day,
		.records = writer->facts.count,
		.first = writer->facts.before.sequence + 1,
		.last = writer->facts.head.sequence,
	};
	memcpy(seal->before, writer->facts.before.sha256, sizeof seal->before);
	memcpy(seal->head, writer->facts.head.sha256, sizeof seal->head);
}

static void end_seal(struct writer *writer)
{
	struct seal *seal = writer->seal;

	seal->format = SEGMENT_SEALED;
	seal->sealed_us = writer->how->now_us;
	seal->dropped = 0;
	for (guint i = 0; i < writer->fates->len; i++)
		seal->dropped += writer->fates->data[i] == SEALWRITE_DROP;
	if (!writer->facts.is_sealed)
		hashtree_root(&writer->tree, seal->tree);
}

static bool write_file(struct writer *writer, struct segment *segment,
		       const char *fresh, GError **error)
{
	g_autofree char *path = day_path(writer->how->records_dir,
					 writer->how->day);
	struct stat file;

	if (!segment_facts(segment, &writer->facts, error))
		return false;
	writer->from = dayreader_new(segment, DAYREADER_HASHES, error);
	if (!writer->from)
		return false;
	begin_seal(writer);
	writer->seal->erased = 0;
	g_byte_array_set_size(writer->fates, (guint)writer->seal->records);
	for (guint i = 0; i < writer->fates->len; i++)
		writer->fates->data[i] = SEALWRITE_DROP;
	if (stat(path, &file) != 0)
		file.st_size = 0;
	train(writer);
	return open_fresh(writer, fresh, (size_t)file.st_size * 2 + SPARE_BYTES,
			  error) &&
	       write_records(writer, error) && write_index(writer, error) &&
	       write_facts(writer, error);
}

static bool write_and_swap(const struct sealwrite *how, struct segment *segment,
			   struct seal *seal, GError **error)
{
	g_autofree char *fresh = sealfiles_path(how->records_dir, how->day,
						SEALFILES_FRESH);
	struct writer *writer = writer_new(how, seal);
	bool is_done = write_file(writer, segment, fresh, error);

	if (is_done)
		end_seal(writer);
	writer_free(writer);
	return is_done &&
	       sealfiles_hash(fresh, &seal->bytes, seal->sha256, error) &&
	       sealfiles_commit(how->records_dir, how->day, seal, how->key,
				error);
}

/* A day that is written anew must be what its seal says, or its new seal would say
 * that a forgery is right. */
static bool is_as_sealed(const struct sealwrite *how, struct seal *seal_out,
			 GError **error)
{
	g_autofree char *problem = sealfiles_check(how->records_dir, how->day,
						   NULL, seal_out);
	char day[DAY_TEXT_MAX];

	if (!problem)
		return true;
	store_error_set_text(error, STORE_ERROR_DAMAGED, "%s cannot be "
			     "written anew: %s", day_format(how->day, day),
			     problem);
	return false;
}

bool sealwrite_day(const struct sealwrite *how, struct seal *seal_out,
		   GError **error)
{
	g_autofree char *path = day_path(how->records_dir, how->day);
	int lock = sealfiles_lock(how->records_dir, error);
	struct segment_facts facts;
	struct segment *segment = NULL;
	bool is_done;

	*seal_out = (struct seal){ .day = how->day };
	if (lock < 0)
		return false;
	is_done = sealfiles_recover(how->records_dir, error);
	if (is_done)
		segment = segment_open(path, SEGMENT_READ, 0, error);
	is_done = segment && segment_facts(segment, &facts, error) &&
		  (!facts.is_sealed || is_as_sealed(how, seal_out, error)) &&
		  write_and_swap(how, segment, seal_out, error);
	segment_close(&segment);
	if (!is_done)
		sealfiles_clear(how->records_dir, how->day);
	sealfiles_unlock(lock);
	return is_done;
}

bool sealwrite_recover(const char *records_dir, GError **error)
{
	g_autoptr(GError) why = NULL;
	bool is_done;
	int lock;

	if (!sealfiles_is_any(records_dir))
		return true;
	lock = sealfiles_lock(records_dir, &why);
	if (lock < 0 && g_error_matches(why, STORE_ERROR, STORE_ERROR_BUSY))
		return true;
	if (lock < 0) {
		g_propagate_error(error, g_steal_pointer(&why));
		return false;
	}
	is_done = sealfiles_recover(records_dir, error);
	sealfiles_unlock(lock);
	return is_done;
}
