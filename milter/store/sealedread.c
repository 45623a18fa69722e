#include <config.h>

#include "store/sealedread.h"

#include "store/digest.h"
#include "store/partread.h"

#include <inttypes.h>
#include <string.h>

#define CHUNK_HEAD_BYTES 8192	/* of most chunks: where their runs are */
#define READ_BEHIND ((uint64_t)128 << 10)	/* of who walks */

/* A record of the run in hand. */
struct place {
	struct sealedform_record record;
	uint8_t sha256[RECORD_HASH_BYTES];	/* with DAYREADER_HASHES */
};

struct sealedread {
	const struct dayguide *guide;
	enum dayreader_mode mode;
	struct sealedform_unpacker *unpacker;	/* once it is needed, as */
	struct sealedform_dict *dict;

	struct partread *read;
	struct part chunk;		/* some runs, */
	size_t chunk_at;		/* which it is of all;
					 * SIZE_MAX: none, */
	GArray *runs;			/* and where they lie in it */
	GByteArray *run;		/* the one in hand, decompressed */
	GArray *places;			/* its records; empty: none in hand */
	uint64_t first;			/* sequence of its first */
	uint8_t before[RECORD_HASH_BYTES];	/* the hash in front of it */
	GByteArray *whole;		/* a record with the hash before */
	char *problem;
};

struct sealedread *sealedread_new(const struct dayguide *guide,
				  enum dayreader_mode mode)
{
	struct sealedread *read = g_new0(struct sealedread, 1);

	read->guide = guide;
	read->mode = mode;
	read->read = partread_new(dayguide_fd(guide));
	read->chunk_at = SIZE_MAX;
	read->runs = g_array_new(FALSE, FALSE, sizeof(struct sealedread_run));
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
	partread_free(&old->read);
	g_array_unref(old->runs);
	g_byte_array_unref(old->run);
	g_array_unref(old->places);
	g_byte_array_unref(old->whole);
	g_free(old->problem);
	g_free(old);
}

const char *sealedread_problem(const struct sealedread *read)
{
	if (!read->problem &&
	    dayguide_lacks(read->guide) & DAYGUIDE_LACKS_CHUNKS)
		return "its table of records was changed: some cannot be found";
	return read->problem;
}

static bool tell(struct sealedread *read, uint64_t sequence)
{
	g_free(read->problem);
	read->problem = g_strdup_printf("record %" PRIu64 " or one behind it "
		"was changed: what is there is no record", sequence);
	return false;
}

/* Where its runs are is said at a chunk's begin. */
static bool read_runs(struct sealedread *read)
{
	struct part head = read->chunk;
	uint64_t bytes;
	struct span got;
	uint32_t runs;

	head.bytes = MIN(head.bytes, CHUNK_HEAD_BYTES);
	got = partread_get(read->read, head, 0, 0);
	if (got.len < sizeof runs)
		return false;
	memcpy(&runs, got.ptr, sizeof runs);
	bytes = sizeof runs + runs * sizeof(struct sealedread_run);
	if (!runs || bytes > read->chunk.bytes)
		return false;
	if (bytes > head.bytes) {
		head.bytes = bytes;
		got = partread_get(read->read, head, 0, 0);
	}
	if (got.len < bytes)
		return false;
	g_array_append_vals(read->runs, got.ptr + sizeof runs, runs);
	return true;
}

static struct sealedread_run run_at(const struct sealedread *read, uint32_t i)
{
	return g_array_index(read->runs, struct sealedread_run, i);
}

static bool take_chunk(struct sealedread *read, size_t i)
{
	uint64_t first;

	if (read->runs->len && i == read->chunk_at)
		return true;
	if (!dayguide_chunk(read->guide, i, &first, &read->chunk))
		return false;
	read->chunk_at = SIZE_MAX;
	g_array_set_size(read->runs, 0);
	g_array_set_size(read->places, 0);	/* they are of another */
	if (!read_runs(read) || run_at(read, 0).sequence != first)
		return tell(read, first);
	read->chunk_at = i;
	return true;
}

/* The last run of the chunk that begins at or before sequence,
 * else the first. */
static uint32_t find_run(const struct sealedread *read, uint64_t sequence)
{
	uint32_t low = 0, high = read->runs->len;

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
	return read->first > dayguide_facts(read->guide)->before.sequence &&
	       read->first <= UINT64_MAX - read->places->len;
}

/* Of no bytes when it is not in the chunk. */
static struct part run_part(const struct sealedread *read, uint32_t i)
{
	uint64_t begin = run_at(read, i).offset;
	uint64_t end = i + 1 < read->runs->len ? run_at(read, i + 1).offset :
						 read->chunk.bytes;

	if (end > read->chunk.bytes || begin > end)
		return (struct part){ 0, 0 };
	return (struct part){ read->chunk.offset + begin, end - begin };
}

static void load_dict(struct sealedread *read)
{
	struct part place = dayguide_dict(read->guide);
	struct span bytes;

	if (read->dict)
		return;
	if (place.bytes > SEALEDFORM_DICT_MAX)	/* no run fits the next */
		place.bytes = 0;
	bytes = partread_get(read->read, place, 0, 0);
	read->unpacker = sealedform_unpacker_new();
	read->dict = sealedform_dict_new(bytes);
}

/* Who walks wants what lies behind it, too. */
static bool load_run(struct sealedread *read, uint32_t i, uint64_t behind)
{
	struct sealedread_run run = run_at(read, i);
	struct place place = { .sha256 = { 0 } };
	struct span rest;

	g_array_set_size(read->places, 0);
	load_dict(read);
	rest = partread_get(read->read, run_part(read, i), 0, behind);
	if (rest.len < RECORD_HASH_BYTES)
		return tell(read, run.sequence);
	memcpy(read->before, rest.ptr, RECORD_HASH_BYTES);
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
	return take_chunk(read, dayguide_find_chunk(read->guide,
						       sequence)) &&
	       load_run(read, find_run(read, sequence), 0);
}

bool sealedread_at(struct sealedread *read, uint64_t sequence,
		   struct dayreader_record *record_out)
{
	return find(read, sequence) && is_in_hand(read, sequence) &&
	       give(read, sequence, record_out);
}

/* First the dictionary and what says where the runs of each chunk
 * are, then the runs. */
void sealedread_prefetch(struct sealedread *read, const uint64_t *sequences,
			 size_t count)
{
	int fd = dayguide_fd(read->guide);
	size_t last = SIZE_MAX;

	if (!read->dict && count)
		partread_fetch(fd, dayguide_dict(read->guide));
	for (size_t i = 0; i < count; i++) {
		size_t at = dayguide_find_chunk(read->guide, sequences[i]);
		struct part place;
		uint64_t first;

		if (at != last && dayguide_chunk(read->guide, at, &first,
						    &place)) {
			place.bytes = MIN(place.bytes, CHUNK_HEAD_BYTES);
			partread_fetch(fd, place);
		}
		last = at;
	}
	for (size_t i = 0; i < count; i++)
		if (take_chunk(read, dayguide_find_chunk(read->guide,
							    sequences[i])))
			partread_fetch(fd, run_part(
				read, find_run(read, sequences[i])));
}

/* The run behind the one in hand. */
static bool load_next(struct sealedread *read)
{
	uint32_t i = find_run(read, read->first) + 1;

	if (i < read->runs->len)
		return load_run(read, i, READ_BEHIND);
	return take_chunk(read, read->chunk_at + 1) &&
	       load_run(read, 0, READ_BEHIND);
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
