#include <config.h>

#include "store/sealwrite.h"

#include "store/day.h"
#include "store/hashtree.h"
#include "store/recordview.h"
#include "store/sealedfile.h"
#include "store/sealedread.h"
#include "store/sealfiles.h"
#include "store/sealindex.h"
#include "store/storeerror.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define CHUNK_BYTES ((size_t)1 << 20)	/* of runs that lie together */
#define SAMPLES 8000			/* that the dictionary is made from */
#define SAMPLE_BYTES 4096		/* what is longer is no good one */
#define SPARE_BYTES ((size_t)64 << 20)

/* A day on its way into its new file. */
struct writer {
	const struct sealwrite *how;
	struct seal *seal;
	struct dayreader *from;
	struct segment_facts facts;
	struct sealedfile *file;
	struct sealindex *index;
	GBytes *dict_bytes;
	struct sealedform_dict *dict;

	GByteArray *run, *chunk;	/* the chunk's runs, compressed */
	GArray *runs;			/* struct sealedread_run, in
					 * the chunk */
	uint64_t next_of_run;		/* the record that goes on from it */
	uint8_t last[RECORD_HASH_BYTES];
	struct hashtree tree;
	GByteArray *instead;
	GByteArray *fates;		/* enum sealwrite_fate, a
					 * record a byte */
	GHashTable *keys_left;		/* of one that is erased: what it
					 * has now */
};

static bool is_cancelled(const struct writer *writer)
{
	return writer->how->is_cancelled &&
	       atomic_load(writer->how->is_cancelled);
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
	sealedfile_put(writer->file, SEALEDFILE_RECORDS,
		       span_of((const char *)&big_endian, sizeof big_endian),
		       span_of((const char *)value->data, value->len));
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

static enum sealwrite_fate decide(const struct writer *writer,
				  const struct dayreader_record *record)
{
	g_byte_array_set_size(writer->instead, 0);
	return writer->how->decide ?
	       writer->how->decide(record, writer->instead,
				   writer->how->context) : SEALWRITE_KEEP;
}

static void take_record(struct writer *writer,
			const struct dayreader_record *record)
{
	enum sealwrite_fate fate = decide(writer, record);
	uint8_t byte;

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

/* Before a day is written anew some may be gone already: then there is no
 * chain, but each is proved by the file's hash in its seal. */
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
	while (sealedfile_is_good(writer->file) &&
	       at < writer->facts.head.sequence &&
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
	if (!sealedfile_is_good(writer->file))
		return true;		/* sealedfile_end() tells */
	if (dayreader_problem(writer->from) ||
	    (!writer->facts.is_sealed &&
	     (at != writer->facts.head.sequence ||
	      memcmp(writer->last, writer->facts.head.sha256,
		     sizeof writer->last) != 0)))
		return tell(writer, at + 1, error);
	return true;
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

	for (guint i = 0; i < sequences->len; i++) {
		uint64_t at = g_array_index(sequences, uint64_t, i) -
			      writer->seal->first;

		if (is_still_under(writer, &sealed, at))
			sealindex_add(writer->index, &sealed,
				      (uint32_t)at + 1);
	}
	return sealedfile_is_good(writer->file) && !is_cancelled(writer);
}

static bool write_index(struct writer *writer, GError **error)
{
	bool is_done = dayreader_each_key(writer->from, take_key, writer);

	sealindex_end(writer->index);
	if (is_done || !sealedfile_is_good(writer->file))
		return true;
	if (is_cancelled(writer))
		store_error_set_text(error, STORE_ERROR_TEMP, "cut off");
	else
		store_error_set_text(error, STORE_ERROR_DAMAGED,
				     "the day's index cannot be read");
	return false;
}

static struct span bytes_of(GBytes *bytes)
{
	gsize len;
	const char *data = g_bytes_get_data(bytes, &len);

	return span_of(data, len);
}

/* The dictionary has words of its samples: none may be of what goes. */
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
		    bytes.len > SAMPLE_BYTES ||
		    decide(writer, &record) != SEALWRITE_KEEP)
			continue;
		g_byte_array_append(samples, (const guint8 *)bytes.ptr,
				    (guint)bytes.len);
		g_array_append_val(sizes, bytes.len);
	}
	writer->dict_bytes = sealedform_train(samples, sizes);
	if (!writer->dict_bytes)
		writer->dict_bytes = g_bytes_new(NULL, 0);
	writer->dict = sealedform_dict_new(bytes_of(writer->dict_bytes));
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
	return writer;
}

static void writer_free(struct writer *writer)
{
	sealindex_free(&writer->index);
	sealedfile_close(&writer->file);
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
	writer->file = sealedfile_open(fresh, (size_t)file.st_size * 2 +
				       SPARE_BYTES, error);
	if (!writer->file)
		return false;
	writer->index = sealindex_new(writer->file);
	return write_records(writer, error) && write_index(writer, error) &&
	       sealedfile_end(writer->file, &writer->facts,
			      bytes_of(writer->dict_bytes), error);
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
	       (!how->confirm || how->confirm(how->context, error)) &&
	       sealfiles_commit(how->records_dir, how->day, seal, how->key,
				error);
}

/* A day that is written anew must be what its seal says, or its new seal would
 * say that a forgery is right. */
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
	if (!is_done)		/* else the next one tells that it could not */
		sealfiles_clear(how->records_dir, how->day, NULL);
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
