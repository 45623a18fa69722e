#include <config.h>

#include "store/sealedread.h"

#include "store/digest.h"

#include <inttypes.h>
#include <string.h>

#define CHUNK_HEAD_BYTES 8192	/* of most chunks: where their runs are */

/* A record of the run in hand. */
struct place {
	struct sealedform_record record;
	uint8_t sha256[RECORD_HASH_BYTES];	/* with DAYREADER_HASHES */
};

struct sealedread {
	const struct sealedguide *guide;
	enum dayreader_mode mode;
	struct sealedform_unpacker *unpacker;	/* once it is needed, as */
	struct sealedform_dict *dict;

	size_t chunk_at;		/* which it is of them, */
	struct span chunk;		/* some runs, as they lie in the file */
	uint32_t runs;			/* in it */
	GByteArray *run;		/* the one in hand, decompressed */
	GArray *places;			/* its records; empty: none in hand */
	uint64_t first;			/* sequence of its first */
	uint8_t before[RECORD_HASH_BYTES];	/* the hash in front of it */
	GByteArray *whole;		/* a record with the hash before */
	char *problem;
};

struct sealedread *sealedread_new(const struct sealedguide *guide,
				  enum dayreader_mode mode)
{
	struct sealedread *read = g_new0(struct sealedread, 1);

	read->guide = guide;
	read->mode = mode;
	read->run = g_byte_array_new();
	read->places = g_array_new(FALSE, FALSE, sizeof(struct place));
	read->whole = g_byte_array_new();
	return read;
}

void sealedread_free(struct sealedread **read)
{
	struct sealedread *old = *read;

	*read = NULL;
	if (!old)
		return;
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

/* The runs are many, or there are none. */
static bool take_chunk(struct sealedread *read, size_t i)
{
	uint64_t first;

	if (!sealedguide_chunk(read->guide, i, &first, &read->chunk))
		return false;
	read->chunk_at = i;
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
	return read->first > sealedguide_facts(read->guide)->before.sequence &&
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

static void fetch_dict(const struct sealedread *read)
{
	mapread_fetch(sealedguide_file(read->guide),
		      sealedguide_dict(read->guide));
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
		fetch_dict(read);
		read->unpacker = sealedform_unpacker_new();
		read->dict = sealedform_dict_new(sealedguide_dict(read->guide));
	}
	if (!sealedform_decompress(read->unpacker, read->dict,
				   span_from(rest, RECORD_HASH_BYTES),
				   read->run))
		return tell(read, run.sequence);
	rest = span_of((const char *)read->run->data, read->run->len);
	while (read->places->len < SEALEDFORM_RUN_RECORDS &&
	       sealedform_next_record(&rest, &place.record))
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
	return take_chunk(read, sealedguide_find_chunk(read->guide,
						       sequence)) &&
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
	const struct mapread_file *file = sealedguide_file(read->guide);
	size_t last = SIZE_MAX;

	if (!read->dict && count)
		fetch_dict(read);
	g_array_set_size(read->places, 0);	/* it is of another chunk */
	for (size_t i = 0; i < count; i++) {
		size_t at = sealedguide_find_chunk(read->guide, sequences[i]);
		struct span place;
		uint64_t first;

		if (at != last && sealedguide_chunk(read->guide, at, &first,
						    &place))
			mapread_fetch(file, span_first(place,
						       CHUNK_HEAD_BYTES));
		last = at;
	}
	for (size_t i = 0; i < count; i++)
		if (take_chunk(read, sealedguide_find_chunk(read->guide,
							    sequences[i])))
			mapread_fetch(file, run_bytes(
				read, find_run(read, sequences[i])));
}

/* The run behind the one in hand. */
static bool load_next(struct sealedread *read)
{
	uint32_t i = find_run(read, read->first) + 1;

	if (i < read->runs)
		return load_run(read, i);
	return take_chunk(read, read->chunk_at + 1) && load_run(read, 0);
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
