#include <config.h>

#include "content/bytescan.h"

#include <string.h>

#define CHUNK_BYTES 4096
#define BEGINNING 4u			/* bytes by which longer words
					 * are known */
#define FILTER_BYTES_MIN ((size_t)1 << 8)
#define FILTER_BYTES_MAX ((size_t)1 << 16)
#define FILTER_SPARE 2u		/* bytes for each word */
#define ALL_FOURTHS 0xff
#define PAIRS 65536u
#define FIFTHS 27u			/* what is left of a number for
					 * fifth bytes */
#define BLOCK 256u			/* places that are looked at before more
					 * is asked of those that may be some */
#define SPARE 2u			/* places in a table for each
					 * thing in it */

/* A word, small enough to be one number. */
struct key {
	uint64_t bytes;			/* the first one lowest */
	uint32_t value;
	uint8_t len;
};

/* With which words begin, and a bit for the length of each; no bit: none. What
 * comes next in the longer ones is a bit, too: see fifth_bit(). */
struct beginning {
	uint32_t bytes;
	uint32_t lengths : 5, fifths : FIFTHS;
};

/* Of a word; len is 0: none. Its values are count from first on. */
struct slot {
	uint64_t bytes;
	uint32_t first;
	uint32_t count : 24, len : 8;
};

/* A word of one byte. */
struct single {
	uint32_t value;
	uint8_t byte;
};

struct bytescan {
	enum literals_view view;
	uint8_t fold[256];		/* 0: not seen, in views that
					 * skip bytes */
	uint8_t *filter;		/* by hash of three bytes: bits of the
					 * fourth ones of words, all of those
					 * that end */
	unsigned filter_shift;		/* a hash becomes a place by it */
	uint32_t *pairs;		/* of bits: words of two bytes;
					 * NULL: none */
	struct beginning *beginnings;
	struct slot *slots;
	size_t beginning_size, slot_size;	/* powers of two */
	GArray *values;			/* of uint32_t */
	GArray *singles;		/* of struct single, by value */
};

static uint64_t first_bytes(uint64_t bytes, unsigned len)
{
	return bytes & (UINT64_MAX >> (64 - 8 * len));
}

static uint64_t load(const uint8_t *at)
{
	uint64_t bytes;

	memcpy(&bytes, at, sizeof bytes);
	return GUINT64_FROM_LE(bytes);
}

static uint32_t hash_beginning(uint64_t bytes)
{
	return (uint32_t)bytes * UINT32_C(0x9e3779b1);
}

static uint32_t hash_three(uint32_t bytes)
{
	return (bytes << 8) * UINT32_C(0x9e3779b1);
}

static unsigned fourth_bit(uint32_t bytes)
{
	return bytes >> 24 & 7;
}

static unsigned fifth_bit(uint64_t bytes)
{
	return (unsigned)(bytes >> 32 & 0xff) % FIFTHS;
}

static size_t hash_word(uint64_t bytes, unsigned len)
{
	return (size_t)(((bytes ^ len) * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
}

static bool has_bit(const uint32_t *bits, uint64_t at)
{
	return bits[at / 32] >> at % 32 & 1;
}

static void set_bit(uint32_t *bits, uint32_t at)
{
	bits[at / 32] |= UINT32_C(1) << at % 32;
}

static struct key key_of(const struct bytescan_word *word)
{
	struct key key = { 0, word->value, word->len };

	BUG_IF(!word->len || word->len > BYTESCAN_WORD_MAX);
	for (unsigned i = 0; i < word->len; i++)
		key.bytes |= (uint64_t)word->bytes[i] << 8 * i;
	return key;
}

static int compare(gconstpointer a, gconstpointer b)
{
	const struct key *one = a, *other = b;

	if (one->len != other->len)
		return one->len < other->len ? -1 : 1;
	if (one->bytes != other->bytes)
		return one->bytes < other->bytes ? -1 : 1;
	return (one->value > other->value) - (one->value < other->value);
}

static guint hash_key(gconstpointer memory)
{
	const struct key *key = memory;

	return (guint)hash_word(key->bytes, key->len) ^ key->value;
}

static gboolean is_same_key(gconstpointer a, gconstpointer b)
{
	return compare(a, b) == 0;
}

/* Whether another one of its value ends wherever it does. */
static bool is_needless(GHashTable *known, const struct key *key)
{
	for (uint8_t len = 1; len < key->len; len++) {
		struct key end = {
			key->bytes >> 8 * (key->len - len), key->value, len,
		};

		if (g_hash_table_contains(known, &end))
			return true;
	}
	return false;
}

/* So that no two of a value end at one place; sorted. */
static GArray *make_keys(const GArray *words)
{
	g_autoptr(GHashTable) known = g_hash_table_new(hash_key, is_same_key);
	g_autofree struct key *all = g_new(struct key, words->len);
	GArray *keys = g_array_new(FALSE, FALSE, sizeof(struct key));

	for (guint i = 0; i < words->len; i++) {
		all[i] = key_of(&g_array_index(words, struct bytescan_word, i));
		g_hash_table_add(known, &all[i]);
	}
	for (guint i = 0; i < words->len; i++)
		if (g_hash_table_lookup(known, &all[i]) == &all[i] &&
		    !is_needless(known, &all[i]))
			g_array_append_val(keys, all[i]);
	g_array_sort(keys, compare);
	return keys;
}

static const struct slot *find(const struct bytescan *scan, uint64_t bytes,
			       unsigned len)
{
	size_t at = hash_word(bytes, len) & (scan->slot_size - 1);

	while (scan->slots[at].len && (scan->slots[at].bytes != bytes ||
				       scan->slots[at].len != len))
		at = (at + 1) & (scan->slot_size - 1);
	return &scan->slots[at];
}

/* Where the beginning is, or is to be. */
static struct beginning *find_beginning(const struct bytescan *scan,
					uint64_t bytes)
{
	size_t at = hash_beginning(bytes) >> 8 & (scan->beginning_size - 1);

	while (scan->beginnings[at].lengths &&
	       scan->beginnings[at].bytes != (uint32_t)bytes)
		at = (at + 1) & (scan->beginning_size - 1);
	return &scan->beginnings[at];
}

static void add_beginning(struct bytescan *scan, const struct key *key)
{
	struct beginning *beginning = find_beginning(scan, key->bytes);

	beginning->bytes = (uint32_t)key->bytes;
	beginning->lengths |= 1u << (key->len - BEGINNING) & 0x1f;
	if (key->len > BEGINNING)
		beginning->fifths |= 1u << fifth_bit(key->bytes) &
				     ((1u << FIFTHS) - 1);
}

static void add_to_filter(struct bytescan *scan, const struct key *key)
{
	uint32_t bytes = (uint32_t)key->bytes;

	scan->filter[hash_three(bytes) >> scan->filter_shift] |=
		key->len < BEGINNING ? ALL_FOURTHS :
		(uint8_t)(1u << fourth_bit(bytes));
}

static void add_pair(struct bytescan *scan, const struct key *key)
{
	if (!scan->pairs)
		scan->pairs = g_new0(uint32_t, PAIRS / 32);
	set_bit(scan->pairs, (uint32_t)key->bytes);
}

static void add(struct bytescan *scan, const struct key *key)
{
	struct slot *slot = (struct slot *)find(scan, key->bytes, key->len);

	if (!slot->len)
		*slot = (struct slot){
			key->bytes, scan->values->len, 0, key->len,
		};
	slot->count++;
	g_array_append_val(scan->values, key->value);
	if (key->len >= BEGINNING)
		add_beginning(scan, key);
	if (key->len == 2)
		add_pair(scan, key);
	else
		add_to_filter(scan, key);
}

static int by_value(gconstpointer a, gconstpointer b)
{
	const struct single *one = a, *other = b;

	return (one->value > other->value) - (one->value < other->value);
}

static void add_all(struct bytescan *scan, const GArray *keys)
{
	for (guint i = 0; i < keys->len; i++) {
		const struct key *key = &g_array_index(keys, struct key, i);
		struct single single = { key->value, (uint8_t)key->bytes };

		if (key->len == 1)
			g_array_append_val(scan->singles, single);
		else
			add(scan, key);
	}
	g_array_sort(scan->singles, by_value);
}

static bool is_seen(uint8_t byte, enum literals_view view)
{
	return view == LITERALS_PLAIN || g_ascii_isalnum((gchar)byte) ||
	       (byte >= 0x80 && view == LITERALS_ONCE);
}

static void set_bytes(struct bytescan *scan, enum literals_view view)
{
	scan->view = view;
	for (unsigned i = 0; i < 256; i++) {
		uint8_t byte = (uint8_t)i;

		scan->fold[i] = !is_seen(byte, view) ? 0 :
				byte >= 0x80 && view == LITERALS_ONCE ? 0x80 :
				(uint8_t)g_ascii_tolower((gchar)byte);
	}
}

/* At least so many, and a power of two. */
static size_t power(size_t count)
{
	size_t size = 32;

	while (size < count)
		size *= 2;
	return size;
}

static struct bytescan *allocate(guint count, enum literals_view view)
{
	struct bytescan *scan = g_new0(struct bytescan, 1);
	size_t bytes = CLAMP(power((size_t)count * FILTER_SPARE),
			     FILTER_BYTES_MIN, FILTER_BYTES_MAX);

	set_bytes(scan, view);
	scan->filter = g_new0(uint8_t, bytes);
	for (scan->filter_shift = 32; bytes > 1; bytes /= 2)
		scan->filter_shift--;
	scan->beginning_size = power((size_t)count * SPARE);
	scan->beginnings = g_new0(struct beginning, scan->beginning_size);
	scan->slot_size = power((size_t)count * SPARE);
	scan->slots = g_new0(struct slot, scan->slot_size);
	scan->values = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	scan->singles = g_array_new(FALSE, FALSE, sizeof(struct single));
	return scan;
}

struct bytescan *bytescan_new(const GArray *words, enum literals_view view,
			      size_t bytes_max)
{
	struct bytescan *scan;
	g_autoptr(GArray) keys = NULL;

	if (!words->len || words->len > bytes_max / sizeof(struct key))
		return NULL;
	keys = make_keys(words);
	scan = allocate(keys->len, view);
	add_all(scan, keys);
	if (bytescan_bytes(scan) > bytes_max)
		g_clear_pointer(&scan, bytescan_free);
	return scan;
}

void bytescan_free(struct bytescan *scan)
{
	if (!scan)
		return;
	g_free(scan->filter);
	g_free(scan->pairs);
	g_free(scan->beginnings);
	g_free(scan->slots);
	g_array_unref(scan->values);
	g_array_unref(scan->singles);
	g_free(scan);
}

size_t bytescan_bytes(const struct bytescan *scan)
{
	return sizeof *scan + ((size_t)1 << (32 - scan->filter_shift)) +
	       (scan->pairs ? PAIRS / 8 : 0) +
	       scan->beginning_size * sizeof *scan->beginnings +
	       scan->slot_size * sizeof *scan->slots +
	       scan->values->len * sizeof(uint32_t) +
	       scan->singles->len * sizeof(struct single);
}

/* A scan, with as much of the text as it looks at, as it is seen. */
struct run {
	const struct bytescan *scan;
	bytescan_take_fn *take;
	void *mydata;
	size_t text_len;
	size_t start;			/* of bytes, in a text that is
					 * seen whole */
	size_t len;
	unsigned last;			/* byte that was seen; 256: none */
	uint32_t counts[256];		/* of each byte so far, if it matters */
	size_t firsts[256], lasts[256];	/* where in the text they were seen */
	uint8_t bytes[CHUNK_BYTES + sizeof(uint64_t)];
	size_t origins[CHUNK_BYTES];	/* of bytes in the text, where not all
					 * are seen */
};

/* Where in the text the byte is, or the first that is seen as it. */
static size_t origin_of(const struct run *on, size_t at)
{
	return on->scan->view == LITERALS_PLAIN ? on->start + at :
						  on->origins[at];
}

/* What was found at that place. */
static void tell(const struct run *on, const struct slot *slot, size_t at)
{
	size_t from = origin_of(on, at);
	size_t to = on->scan->view != LITERALS_ONCE ? from :
		    at + 1 < on->len ? on->origins[at + 1] : on->text_len;

	for (uint32_t i = 0; i < slot->count; i++)
		on->take(g_array_index(on->scan->values, uint32_t,
				       slot->first + i), 1, from, to,
			 on->mydata);
}

static void look_up(const struct run *on, uint64_t bytes, unsigned len,
		    size_t at)
{
	const struct slot *slot = find(on->scan, first_bytes(bytes, len), len);

	if (slot->len && len <= on->len - at)
		tell(on, slot, at);
}

static void look_at_beginning(const struct run *on, uint64_t bytes, size_t at)
{
	const struct beginning *beginning = find_beginning(on->scan, bytes);
	unsigned lengths = beginning->lengths;

	if (!(beginning->fifths >> fifth_bit(bytes) & 1))
		lengths &= 1;
	for (unsigned len = BEGINNING; lengths; len++, lengths >>= 1)
		if (lengths & 1)
			look_up(on, bytes, len, at);
}

static uint8_t fourths_of(const struct bytescan *scan, uint32_t bytes)
{
	return scan->filter[hash_three(bytes) >> scan->filter_shift];
}

static void look_at(const struct run *on, size_t i)
{
	const struct bytescan *scan = on->scan;
	uint64_t bytes = load(on->bytes + i);
	unsigned fourths = fourths_of(scan, (uint32_t)bytes);

	if (fourths >> fourth_bit((uint32_t)bytes) & 1)
		look_at_beginning(on, bytes, i);
	if (fourths == ALL_FOURTHS)
		look_up(on, bytes, 3, i);
	if (scan->pairs && has_bit(scan->pairs, bytes & 0xffff))
		look_up(on, bytes, 2, i);
}

/* Notes the places from first to end at which words may begin; how many. A jump
 * that nobody can foresee is dearer than to note a place for nothing. */
static inline size_t note_places(const struct run *on, size_t first, size_t end,
				 const uint32_t *pairs,
				 uint16_t places_out[BLOCK])
{
	const struct bytescan *scan = on->scan;
	size_t count = 0;

	for (size_t i = first; i < end; i++) {
		uint32_t bytes = (uint32_t)load(on->bytes + i);
		unsigned may = fourths_of(scan, bytes) >> fourth_bit(bytes);

		if (pairs)
			may |= pairs[(bytes & 0xffff) / 32] >> bytes % 32;
		places_out[count] = (uint16_t)i;
		count += may & 1;
	}
	return count;
}

/* Words that begin before that place. */
static void look_for_words(const struct run *on, size_t end)
{
	const uint32_t *pairs = on->scan->pairs;
	uint16_t places[BLOCK];

	for (size_t i = 0; i < end; i += BLOCK) {
		size_t stop = MIN(end, i + BLOCK);
		size_t count = pairs ?
			note_places(on, i, stop, pairs, places) :
			note_places(on, i, stop, NULL, places);

		for (size_t k = 0; k < count; k++)
			look_at(on, places[k]);
	}
}

static void take_single(const struct run *on, const struct single *one)
{
	uint32_t places = on->counts[one->byte];

	if (places)
		on->take(one->value, places, on->firsts[one->byte],
			 on->scan->view == LITERALS_ONCE ? on->text_len :
			 on->lasts[one->byte], on->mydata);
}

static void take_singles(const struct run *on)
{
	const GArray *singles = on->scan->singles;

	for (guint i = 0; i < singles->len; i++)
		take_single(on, &g_array_index(singles, struct single, i));
}

/* Letters of ASCII made small, eight bytes at once. */
static uint64_t small(uint64_t bytes)
{
	const uint64_t each = UINT64_MAX / 0xff;
	uint64_t low = bytes & each * 0x7f;
	uint64_t from_a = low + each * (0x80 - 'A');
	uint64_t past_z = low + each * (0x7f - 'Z');

	return bytes | ((from_a ^ past_z) & ~bytes & each * 0x80) >> 2;
}

static size_t fill_plain(struct run *on, struct span text)
{
	size_t count = MIN(text.len, CHUNK_BYTES - on->len), at = 0;
	uint8_t *to = on->bytes + on->len;

	for (; at + sizeof(uint64_t) <= count; at += sizeof(uint64_t)) {
		uint64_t bytes;

		memcpy(&bytes, text.ptr + at, sizeof bytes);
		bytes = small(bytes);
		memcpy(to + at, &bytes, sizeof bytes);
	}
	for (; at < count; at++)
		to[at] = on->scan->fold[(uint8_t)text.ptr[at]];
	on->len += count;
	return count;
}

static size_t fill_bare(struct run *on, struct span text)
{
	size_t at = 0, len = on->len, start = on->text_len - text.len;

	for (; at < text.len && len < CHUNK_BYTES; at++) {
		uint8_t seen = on->scan->fold[(uint8_t)text.ptr[at]];

		on->bytes[len] = seen;
		on->origins[len] = start + at;
		len += seen != 0;
	}
	on->len = len;
	return at;
}

static size_t fill_once(struct run *on, struct span text)
{
	size_t at = 0, len = on->len, start = on->text_len - text.len;
	unsigned last = on->last;

	for (; at < text.len && len < CHUNK_BYTES; at++) {
		unsigned seen = on->scan->fold[(uint8_t)text.ptr[at]];

		on->bytes[len] = (uint8_t)seen;
		on->origins[len] = start + at;
		len += seen && seen != last;
		last = seen ? seen : last;
	}
	on->len = len;
	on->last = last;
	return at;
}

static void count(struct run *on, uint8_t byte, size_t place)
{
	if (!on->counts[byte]++)
		on->firsts[byte] = place;
	on->lasts[byte] = place;
}

/* Some more of the text; how much was taken. */
static size_t fill(struct run *on, struct span text)
{
	size_t len = on->len;
	size_t taken = on->scan->view == LITERALS_PLAIN ? fill_plain(on, text) :
		       on->scan->view == LITERALS_BARE ? fill_bare(on, text) :
							 fill_once(on, text);

	for (; on->scan->singles->len && len < on->len; len++)
		count(on, on->bytes[len], origin_of(on, len));
	return taken;
}

static void keep_last(struct run *on, size_t count)
{
	size_t gone = on->len - count;

	memmove(on->bytes, on->bytes + gone, count);
	if (on->scan->view != LITERALS_PLAIN)
		memmove(on->origins, on->origins + gone,
			count * sizeof *on->origins);
	on->start += gone;
	on->len = count;
}

/* Of a chunk, the last bytes are looked at with those that come behind. */
void bytescan_run(const struct bytescan *scan, struct span text,
		  bytescan_take_fn *take, void *mydata)
{
	const size_t left = BYTESCAN_WORD_MAX - 1;
	struct run on;			/* large: its bytes need no zeros */

	on.scan = scan;
	on.take = take;
	on.mydata = mydata;
	on.text_len = text.len;
	on.start = on.len = 0;
	on.last = 256;
	if (scan->singles->len)
		memset(on.counts, 0, sizeof on.counts);
	for (size_t at = fill(&on, text); at < text.len;
	     at += fill(&on, span_from(text, at))) {
		look_for_words(&on, on.len - left);
		keep_last(&on, left);
	}
	memset(on.bytes + on.len, 0, sizeof(uint64_t));
	look_for_words(&on, on.len);
	take_singles(&on);
}
