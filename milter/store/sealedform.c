#include <config.h>

#include "store/sealedform.h"

#include <string.h>
#include <zdict.h>
#include <zstd.h>

#define LEVEL 6
#define DICT_BYTES ((size_t)32 << 10)
#define DICT_SHARE 50		/* it is this part of the samples, at most */
#define HASH_BYTES 5		/* of 8 that an open day's index has */
#define VARINT_MAX 10

struct sealedform_dict {
	struct span bytes;
	ZSTD_DDict *reading;	/* NULL: without */
	ZSTD_CDict *writing;	/* made when it is needed first */
	ZSTD_CCtx *writer;
};

GBytes *sealedform_train(const GByteArray *samples, const GArray *sizes)
{
	size_t bytes = MIN(DICT_BYTES, samples->len / DICT_SHARE);
	g_autofree char *dict = g_malloc(MAX(bytes, 1));
	size_t made = ZDICT_trainFromBuffer(dict, bytes, samples->data,
					    (const size_t *)(void *)sizes->data,
					    sizes->len);

	return ZDICT_isError(made) ? NULL : g_bytes_new(dict, made);
}

struct sealedform_dict *sealedform_dict_new(struct span bytes)
{
	struct sealedform_dict *dict = g_new0(struct sealedform_dict, 1);

	dict->bytes = bytes;
	if (bytes.len)
		dict->reading = ZSTD_createDDict(bytes.ptr, bytes.len);
	return dict;
}

void sealedform_dict_free(struct sealedform_dict **dict)
{
	struct sealedform_dict *old = *dict;

	*dict = NULL;
	if (!old)
		return;
	ZSTD_freeDDict(old->reading);
	ZSTD_freeCDict(old->writing);
	ZSTD_freeCCtx(old->writer);
	g_free(old);
}

static size_t format_varint(uint64_t number, uint8_t *out)
{
	size_t len = 0;

	for (; number > 0x7f; number >>= 7)
		out[len++] = (uint8_t)(number | 0x80);
	out[len++] = (uint8_t)number;
	return len;
}

static void add_varint(GByteArray *out, uint64_t number)
{
	uint8_t bytes[VARINT_MAX];

	g_byte_array_append(out, bytes,
			    (guint)format_varint(number, bytes));
}

static bool take_varint(struct span *from, uint64_t *number_out)
{
	*number_out = 0;
	for (size_t i = 0; i < from->len && i < VARINT_MAX; i++) {
		uint8_t byte = (uint8_t)from->ptr[i];

		*number_out |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte & 0x80)
			continue;
		*from = span_from(*from, i + 1);
		return true;
	}
	return false;
}

void sealedform_add_record(GByteArray *run, struct span bytes, bool is_erased,
			   const uint8_t *sha256)
{
	add_varint(run, (uint64_t)bytes.len << 1 | is_erased);
	g_byte_array_append(run, (const guint8 *)bytes.ptr, (guint)bytes.len);
	g_byte_array_append(run, sha256, is_erased ? RECORD_HASH_BYTES :
						     SEALEDFORM_CHECK_BYTES);
}

bool sealedform_next_record(struct span *run,
			    struct sealedform_record *record_out)
{
	struct span rest = *run;
	uint64_t head;
	size_t check;

	if (!take_varint(&rest, &head))
		return false;
	record_out->is_erased = head & 1;
	check = head & 1 ? RECORD_HASH_BYTES : SEALEDFORM_CHECK_BYTES;
	if (head >> 1 > rest.len || rest.len - (head >> 1) < check)
		return false;
	record_out->bytes = span_first(rest, (size_t)(head >> 1));
	rest = span_from(rest, (size_t)(head >> 1));
	record_out->sha256 = (const uint8_t *)rest.ptr;
	*run = span_from(rest, check);
	return true;
}

/* Both are for one thread: who writes a day has it alone. */
static void prepare_to_write(struct sealedform_dict *dict)
{
	if (dict->writer)
		return;
	dict->writer = ZSTD_createCCtx();
	if (dict->bytes.len)
		dict->writing = ZSTD_createCDict(dict->bytes.ptr,
						 dict->bytes.len, LEVEL);
}

void sealedform_compress(struct sealedform_dict *dict, const GByteArray *run,
			 GByteArray *out)
{
	size_t bound = ZSTD_compressBound(run->len), made;
	guint before = out->len;

	prepare_to_write(dict);
	g_byte_array_set_size(out, before + (guint)bound);
	made = dict->writing ?
	       ZSTD_compress_usingCDict(dict->writer, out->data + before,
					bound, run->data, run->len,
					dict->writing) :
	       ZSTD_compressCCtx(dict->writer, out->data + before, bound,
				 run->data, run->len, LEVEL);
	BUG_IF(ZSTD_isError(made));
	g_byte_array_set_size(out, before + (guint)made);
}

/* ZSTD_DCtx by a name of ours. */
struct sealedform_unpacker *sealedform_unpacker_new(void)
{
	return (struct sealedform_unpacker *)ZSTD_createDCtx();
}

void sealedform_unpacker_free(struct sealedform_unpacker **unpacker)
{
	ZSTD_freeDCtx((ZSTD_DCtx *)*unpacker);
	*unpacker = NULL;
}

bool sealedform_decompress(struct sealedform_unpacker *unpacker,
			   const struct sealedform_dict *dict,
			   struct span packed, GByteArray *out)
{
	unsigned long long bytes = ZSTD_getFrameContentSize(packed.ptr,
							    packed.len);
	ZSTD_DCtx *reader = (ZSTD_DCtx *)unpacker;

	/* The two that say "error" and "not known" are larger than any. */
	if (bytes > SEALEDFORM_RUN_MAX)
		return false;
	g_byte_array_set_size(out, (guint)bytes);
	if (dict->reading)
		return ZSTD_decompress_usingDDict(reader, out->data, out->len,
				packed.ptr, packed.len, dict->reading) == bytes;
	return ZSTD_decompressDCtx(reader, out->data, out->len, packed.ptr,
				   packed.len) == bytes;
}

struct record_key sealedform_key(const struct record_key *key)
{
	struct record_key sealed = *key;

	if (record_key_is_hash(key))
		sealed.len = 1 + HASH_BYTES;
	memset(sealed.bytes + sealed.len, 0, sizeof sealed.bytes - sealed.len);
	return sealed;
}

static size_t shared_bytes(const struct record_key *a,
			   const struct record_key *b)
{
	size_t shared = 0;

	while (shared < a->len && a->len == b->len &&
	       a->bytes[shared] == b->bytes[shared])
		shared++;
	return shared;
}

/* An entry: how many bytes of the key are the last one's, those that are not,
 * how many sequences, and each as what it is past the one before. */
size_t sealedform_add_postings(GByteArray *block, const struct record_key *key,
			       const struct record_key *last,
			       const uint32_t *sequences, size_t count)
{
	uint8_t shared = (uint8_t)shared_bytes(key, last), bytes[VARINT_MAX];
	size_t room = SEALEDFORM_BLOCK_BYTES - block->len, fits = 0;
	size_t need = 1u + key->len - shared +
		      format_varint(count, bytes);

	for (uint32_t before = 0; fits < count; before = sequences[fits++]) {
		need += format_varint(sequences[fits] - before, bytes);
		if (need > room)
			break;
	}
	if (!fits)
		return 0;
	g_byte_array_append(block, &shared, 1);
	g_byte_array_append(block, key->bytes + shared,
			    (guint)(key->len - shared));
	add_varint(block, fits);
	for (size_t i = 0; i < fits; i++)
		add_varint(block, sequences[i] - (i ? sequences[i - 1] : 0));
	return fits;
}

struct sealedform_postings sealedform_postings_of(struct span block,
						  uint8_t key_bytes)
{
	struct sealedform_postings postings = { .rest = block };

	postings.key.len = key_bytes;
	return postings;
}

/* How many of eight bytes end a varint: those without the highest bit. */
static uint64_t ends_of(const char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof word);
	word = ~word >> 7 & UINT64_C(0x0101010101010101);
	return word * UINT64_C(0x0101010101010101) >> 56;
}

/* Past so many varints, whatever they say. */
static bool skip_varints(struct span *from, uint64_t count)
{
	size_t at = 0;

	for (; count >= sizeof(uint64_t) &&
	       from->len - at >= sizeof(uint64_t); at += sizeof(uint64_t))
		count -= ends_of(from->ptr + at);
	for (; count; count--) {
		while (at < from->len && from->ptr[at] & 0x80)
			at++;
		if (at++ >= from->len)
			return false;
	}
	*from = span_from(*from, at);
	return true;
}

/* What the entry before it has is passed over only now: who wants but its count
 * does not pay for it. */
bool sealedform_next_postings(struct sealedform_postings *postings)
{
	struct span rest = postings->rest;
	struct record_key *key = &postings->key;
	uint64_t count;
	size_t own;

	if (postings->is_broken)
		return false;
	postings->is_broken = !skip_varints(&rest, postings->count);
	postings->count = 0;
	postings->rest = rest;
	if (!rest.len || postings->is_broken)
		return false;
	postings->is_broken = true;
	if ((uint8_t)rest.ptr[0] > key->len)
		return false;
	own = key->len - (uint8_t)rest.ptr[0];
	rest = span_from(rest, 1);
	if (rest.len < own)
		return false;
	if (own)
		memcpy(key->bytes + key->len - own, rest.ptr, own);
	rest = span_from(rest, own);
	if (!take_varint(&rest, &count) || !count || count > rest.len)
		return false;
	postings->count = (uint32_t)count;
	postings->rest = rest;
	postings->is_broken = false;
	return true;
}

bool sealedform_first_sequence(const struct sealedform_postings *postings,
			       uint64_t *sequence_out)
{
	struct span rest = postings->rest;

	return take_varint(&rest, sequence_out);
}

/* Where the next sequence goes, and which it is. */
struct unpacking {
	struct span rest;
	uint64_t sequence, before;
	uint64_t *to;
	ptrdiff_t step;			/* to the next place */
};

static void put_sequence(struct unpacking *on, uint64_t past)
{
	on->sequence += past;
	*on->to = on->sequence + on->before;
	on->to += on->step;
}

/* Eight of one byte each, where that is so: what many records
 * have is written so. */
static bool take_eight(struct unpacking *on)
{
	uint64_t word;

	if (on->rest.len < sizeof word)
		return false;
	memcpy(&word, on->rest.ptr, sizeof word);
	if (word & UINT64_C(0x8080808080808080))
		return false;
	for (size_t i = 0; i < sizeof word; i++)
		put_sequence(on, (uint8_t)on->rest.ptr[i]);
	on->rest = span_from(on->rest, sizeof word);
	return true;
}

/* Most are of one byte, or two. */
static bool take_one(struct unpacking *on)
{
	const uint8_t *at = (const uint8_t *)on->rest.ptr;
	size_t len = on->rest.len;
	uint64_t past;

	if (len > 1 && at[0] & 0x80 && !(at[1] & 0x80)) {
		past = (uint64_t)(at[0] & 0x7f) | (uint64_t)at[1] << 7;
		on->rest = span_from(on->rest, 2);
	} else if (!take_varint(&on->rest, &past) || past > UINT32_MAX) {
		return false;
	}
	put_sequence(on, past);
	return true;
}

bool sealedform_sequences(const struct sealedform_postings *postings,
			  uint64_t before, bool is_newest_first, GArray *out)
{
	guint count = postings->count, had = out->len, i = 0;
	struct unpacking on = {
		.rest = postings->rest, .before = before,
		.step = is_newest_first ? -1 : 1,
	};

	g_array_set_size(out, had + count);
	on.to = (uint64_t *)(void *)out->data + had;
	if (is_newest_first && count)
		on.to += count - 1;
	while (i < count && on.sequence <= UINT32_MAX) {
		if (count - i >= 8 && take_eight(&on))
			i += 8;
		else if (take_one(&on))
			i++;
		else
			break;
	}
	if (i == count && on.sequence <= UINT32_MAX)
		return true;
	g_array_set_size(out, had);
	return false;
}
