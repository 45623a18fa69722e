#include <config.h>

#include "store/postings.h"

/* Sequences of one key, the newest first, as far as they were fetched. */
struct source {
	struct record_key key;
	GArray *fetched;		/* of uint64_t */
	guint at;
	guint wanted;			/* of the next ones */
	bool is_range;			/* all were fetched; key says nothing */
};

/* A source that others lead from place to place needs one here and there; one
 * that is gone through needs many. */
#define LEAST_WANTED 8
#define MOST_WANTED 256

#define SOURCES_MAX 2

struct stream {
	struct source sources[SOURCES_MAX];
	size_t count;
};

struct postings {
	struct dayreader *reader;
	GArray *streams;		/* of struct stream */
	uint64_t most;			/* no later one is wanted any more */
	uint64_t least;			/* nor an earlier one; not 0 */
};

static uint64_t fetched_at(const struct source *source, guint i)
{
	return g_array_index(source->fetched, uint64_t, i);
}

/* The first of those fetched that is at or before most, from where it stands:
 * near in most cases, so in steps that grow before it is narrowed down. */
static void skip(struct source *source, uint64_t most)
{
	guint low = source->at, step = 1, high;

	while (low + step < source->fetched->len &&
	       fetched_at(source, low + step) > most) {
		low += step;
		step *= 2;
	}
	high = MIN(low + step, source->fetched->len);
	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (fetched_at(source, middle) > most)
			low = middle + 1;
		else
			high = middle;
	}
	source->at = low;
}

/* Whether more lies between the last one fetched and most than was fetched. */
static bool is_passed_by(const struct source *source, uint64_t most)
{
	guint count = source->fetched->len;

	return !count || fetched_at(source, count - 1) - most >
			 fetched_at(source, 0) -
			 fetched_at(source, count - 1) + 1;
}

/* The last one at or before most; 0: there is none. most never grows. */
static uint64_t source_seek(struct dayreader *reader, struct source *source,
			    uint64_t most)
{
	skip(source, most);
	if (source->at < source->fetched->len)
		return fetched_at(source, source->at);
	if (source->is_range)
		return 0;
	source->wanted = is_passed_by(source, most) ? LEAST_WANTED :
			 MIN(source->wanted * 2, MOST_WANTED);
	source->at = 0;
	g_array_set_size(source->fetched, 0);
	if (!dayreader_postings(reader, &source->key, most, source->wanted,
				source->fetched))
		return 0;
	return fetched_at(source, 0);
}

static uint64_t stream_seek(struct dayreader *reader, struct stream *stream,
			    uint64_t most)
{
	uint64_t found = 0;

	for (size_t i = 0; i < stream->count; i++)
		found = MAX(found, source_seek(reader, &stream->sources[i],
					       most));
	return found;
}

static void stream_clear(void *data)
{
	struct stream *stream = data;

	for (size_t i = 0; i < stream->count; i++)
		g_array_unref(stream->sources[i].fetched);
}

struct postings *postings_new(struct dayreader *reader,
			      const struct dayreader_bounds *bounds)
{
	struct postings *postings = g_new0(struct postings, 1);

	postings->reader = reader;
	postings->most = bounds->last;
	postings->least = MAX(bounds->first, 1);
	postings->streams = g_array_new(FALSE, FALSE, sizeof(struct stream));
	g_array_set_clear_func(postings->streams, stream_clear);
	return postings;
}

void postings_free(struct postings *postings)
{
	if (!postings)
		return;
	g_array_unref(postings->streams);
	g_free(postings);
}

static GArray *sequences_new(void)
{
	return g_array_new(FALSE, FALSE, sizeof(uint64_t));
}

void postings_add_keys(struct postings *postings,
		       const struct record_key *first,
		       const struct record_key *second)
{
	struct stream stream = {
		.sources[0] = { .key = *first, .fetched = sequences_new() },
		.count = 1,
	};

	if (second)
		stream.sources[stream.count++] = (struct source){
			.key = *second, .fetched = sequences_new(),
		};
	for (size_t i = 0; i < stream.count; i++)
		dayreader_prefetch_postings(postings->reader,
					    &stream.sources[i].key,
					    postings->most);
	g_array_append_val(postings->streams, stream);
}

static int newest_first(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

static void make_unique(GArray *sequences)
{
	uint64_t *all = (uint64_t *)(void *)sequences->data;
	guint kept = 0;

	for (guint i = 0; i < sequences->len; i++)
		if (!kept || all[kept - 1] != all[i])
			all[kept++] = all[i];
	g_array_set_size(sequences, kept);
}

/* Neighbouring keys often come in the order of sequences. */
static void put_in_order(GArray *sequences)
{
	uint64_t *all = (uint64_t *)(void *)sequences->data;
	guint len = sequences->len;

	for (guint i = 0; i < len / 2; i++) {
		uint64_t one = all[i];

		all[i] = all[len - 1 - i];
		all[len - 1 - i] = one;
	}
	for (guint i = 1; i < len; i++)
		if (all[i - 1] < all[i]) {
			g_array_sort(sequences, newest_first);
			break;
		}
	make_unique(sequences);
}

void postings_add_range(struct postings *postings,
			const struct record_key *from,
			const struct record_key *to)
{
	struct stream stream = {
		.sources[0] = { .fetched = sequences_new(), .is_range = true },
		.count = 1,
	};

	dayreader_collect(postings->reader, from, to,
			  stream.sources[0].fetched);
	put_in_order(stream.sources[0].fetched);
	g_array_append_val(postings->streams, stream);
}

bool postings_next(struct postings *postings, uint64_t *sequence_out)
{
	uint64_t at = postings->most;
	guint i = 0, count = postings->streams->len;

	/* A stream is asked only when those before it, which
	 * are rarer, agree. */
	while (at >= postings->least && i < count) {
		uint64_t found = stream_seek(postings->reader, &g_array_index(
			postings->streams, struct stream, i), at);

		i = found == at ? i + 1 : 0;
		at = found;
	}
	if (at < postings->least)
		return false;
	postings->most = at - 1;
	*sequence_out = at;
	return true;
}
