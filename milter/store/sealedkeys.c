#include <config.h>

#include "store/sealedkeys.h"

#include "store/partread.h"
#include "store/sealedform.h"

#include <string.h>

#define BLOCK_ENTRIES 3000	/* of one that is all a key's, roughly */
#define BLOCKS_COUNTED 2	/* that are looked at to count what is
				 * in them */
#define READ_BEFORE 15		/* blocks of a key that goes on there */
#define READ_BEHIND 15		/* at most, of who goes on */
#define GUESSES 2		/* where a block is, before it is searched */

struct sealedkeys {
	const struct dayguide *guide;
	uint64_t before;	/* the sequence in front of the day's first */
	struct partread *read;
	bool is_broken;		/* something in it is no index */
};

struct sealedkeys *sealedkeys_new(const struct dayguide *guide)
{
	struct sealedkeys *keys = g_new0(struct sealedkeys, 1);

	keys->guide = guide;
	keys->before = dayguide_facts(guide)->before.sequence;
	keys->read = partread_new(dayguide_fd(guide));
	keys->is_broken = dayguide_lacks(guide) & DAYGUIDE_LACKS_BLOCKS;
	return keys;
}

void sealedkeys_free(struct sealedkeys **keys)
{
	struct sealedkeys *old = *keys;

	*keys = NULL;
	if (!old)
		return;
	partread_free(&old->read);
	g_free(old);
}

const char *sealedkeys_problem(const struct sealedkeys *keys)
{
	return keys->is_broken ? "its index was changed: some of it cannot be "
				 "read, so records may be missed" : NULL;
}

static int compare(const struct record_key *a, const struct record_key *b)
{
	int order = memcmp(a->bytes, b->bytes, MIN(a->len, b->len));

	return order ? order : (int)a->len - (int)b->len;
}

static bool begins_as_said(struct span bytes,
			   const struct dayguide_block *block)
{
	return bytes.len > block->known_bytes && bytes.ptr[0] == 0 &&
	       memcmp(bytes.ptr + 1, block->first.bytes,
		      block->known_bytes) == 0;
}

/* A block; so many before and behind it are wanted next. */
static struct sealedform_postings look_into(struct sealedkeys *keys, size_t i,
					    size_t before, size_t behind)
{
	struct dayguide_block block = { .known_bytes = 0 };
	struct span bytes = span_of(NULL, 0);

	if (dayguide_block(keys->guide, i, &block))
		bytes = partread_get(keys->read, block.place,
				     before * DAYGUIDE_PAGE_BYTES,
				     behind * DAYGUIDE_PAGE_BYTES);
	if (!begins_as_said(bytes, &block)) {
		keys->is_broken = true;
		bytes = span_of(NULL, 0);
	}
	return sealedform_postings_of(bytes, block.first.len);
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

/* What will be looked at to count it; nothing waits for the disk. */
void sealedkeys_prefetch(struct sealedkeys *keys,
			 const struct record_key *key)
{
	struct record_key wanted = sealedform_key(key);
	struct dayguide_blocks own = dayguide_find(keys->guide, &wanted);
	struct dayguide_block block;

	if (own.end - own.first < BLOCKS_COUNTED &&
	    dayguide_block(keys->guide, own.begin, &block)) {
		block.place.bytes = DAYGUIDE_PAGE_BYTES *
				    MAX(own.end - own.begin, 1);
		partread_fetch(dayguide_fd(keys->guide), block.place);
	}
}

/* As the day counts. */
static uint32_t last_of(const struct sealedkeys *keys, uint64_t most)
{
	return most <= keys->before ? 0 :
	       (uint32_t)MIN(most - keys->before, UINT32_MAX);
}

/* Of a key's own blocks, when its records are spread evenly over the day. */
static size_t guess_of(const struct sealedkeys *keys,
		       const struct dayguide_blocks *own, uint32_t last)
{
	const struct segment_facts *facts = dayguide_facts(keys->guide);
	uint64_t all = facts->head.sequence - facts->before.sequence;
	double share = (double)last / (double)MAX(all, 1);

	return own->first + (size_t)(MIN(share, 1) *
				     (double)(own->end - own->first));
}

/* Those of a rare one are there since it was counted. */
void sealedkeys_prefetch_postings(struct sealedkeys *keys,
				  const struct record_key *key, uint64_t most)
{
	struct record_key wanted = sealedform_key(key);
	struct dayguide_blocks own = dayguide_find(keys->guide, &wanted);
	struct dayguide_block first, newest;
	size_t at;

	if (own.end - own.first < BLOCKS_COUNTED)
		return;
	at = MIN(guess_of(keys, &own, last_of(keys, most)), own.end - 1);
	if (dayguide_block(keys->guide, at, &newest) &&
	    dayguide_block(keys->guide, at - MIN(at - own.begin, READ_BEFORE),
			   &first))
		partread_fetch(dayguide_fd(keys->guide), (struct part){
			first.place.offset, newest.place.offset +
			newest.place.bytes - first.place.offset,
		});
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

/* Whether a block begins at or before key and sequence; with those of the key
 * before it, which are wanted next. */
static bool is_begun(struct sealedkeys *keys, size_t i, size_t before,
		     const struct record_key *wanted, uint32_t last)
{
	struct sealedform_postings postings = look_into(
		keys, i, MIN(before, READ_BEFORE), 0);
	uint64_t sequence;
	int order;

	if (!sealedform_next_postings(&postings) ||
	    !sealedform_first_sequence(&postings, &sequence)) {
		keys->is_broken = true;
		return false;
	}
	order = compare(&postings.key, wanted);
	return order < 0 || (order == 0 && sequence <= last);
}

/* The last block that begins at or before key and sequence; SIZE_MAX: none. */
static size_t find_newest(struct sealedkeys *keys,
			  const struct record_key *wanted, uint32_t last)
{
	struct dayguide_blocks own = dayguide_find(keys->guide, wanted);
	size_t low = own.first, high = own.end;
	size_t guess = guess_of(keys, &own, last);

	for (int i = 0; low < high; i++) {
		size_t at = i < GUESSES ? CLAMP(guess, low, high - 1) :
					  low + (high - low) / 2;
		bool is_it = is_begun(keys, at, at - own.begin, wanted,
				      last);

		if (is_it)
			low = at + 1;
		else
			high = at;
		guess = is_it ? low : high - 1;
	}
	return low > own.begin ? low - 1 : SIZE_MAX;
}

bool sealedkeys_postings(struct sealedkeys *keys,
			 const struct record_key *key, uint64_t most,
			 GArray *out)
{
	struct record_key wanted = sealedform_key(key);
	struct sealedform_postings postings;
	guint before = out->len;
	int order = -1;
	size_t block;

	block = find_newest(keys, &wanted, last_of(keys, most));
	if (block == SIZE_MAX)
		return false;
	postings = look_into(keys, block, 0, 0);
	while (order < 0 && sealedform_next_postings(&postings)) {
		order = compare(&postings.key, &wanted);
		if (order == 0 && !take_sequences(keys, &postings, true, out))
			return false;
	}
	keys->is_broken |= postings.is_broken;
	drop_later(out, before, most);
	return out->len > before;
}

/* Blocks lie one behind the other: who goes on from one to the next goes on
 * further, so more is read each time, up to the last one that is wanted. */
static struct sealedform_postings go_on(struct sealedkeys *keys, size_t i,
					size_t end, size_t *behind)
{
	struct sealedform_postings postings = look_into(
		keys, i, 0, MIN(*behind, end - i - 1));

	*behind = MIN(*behind * 2 + 1, READ_BEHIND);
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
	struct dayguide_blocks begin = dayguide_find(keys->guide,
							   &first);
	size_t end = dayguide_find(keys->guide, &last).end, behind = 1;

	for (size_t i = begin.begin; i < end; i++) {
		struct sealedform_postings postings = go_on(keys, i, end,
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

static size_t blocks_of(const struct sealedkeys *keys,
			const struct record_key *key)
{
	struct record_key wanted = sealedform_key(key);
	struct dayguide_blocks own = dayguide_find(keys->guide, &wanted);

	return own.end - own.first;
}

uint64_t sealedkeys_count(struct sealedkeys *keys,
			  const struct record_key *from,
			  const struct record_key *to, uint64_t enough)
{
	struct counting counting = { 0, enough };
	size_t blocks = compare(from, to) == 0 ? blocks_of(keys, from) : 0;

	if (blocks >= BLOCKS_COUNTED)
		return blocks * BLOCK_ENTRIES;
	walk_entries(keys, from, to, count_entry, &counting);
	return counting.count;
}

bool sealedkeys_each_key(struct sealedkeys *keys, dayreader_take_key_fn *take,
			 void *context)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	size_t end = dayguide_block_count(keys->guide), behind = 1;

	for (size_t i = 0; i < end && !keys->is_broken; i++) {
		struct sealedform_postings postings = go_on(keys, i, end,
							    &behind);

		while (sealedform_next_postings(&postings)) {
			g_array_set_size(all, 0);
			if (!collect_entry(keys, &postings, all) ||
			    !take(&postings.key, all, context))
				return false;
		}
		keys->is_broken |= postings.is_broken;
	}
	return !keys->is_broken;
}
