#include <config.h>

#include "store/sealindex.h"

#include <string.h>

struct sealindex {
	struct sealedfile *file;
	struct record_key key;		/* in hand, and its sequences */
	GArray *sequences;		/* of uint32_t */
	GByteArray *block;		/* in the making */
	struct record_key block_key, last_key;	/* its first and last */
	uint32_t block_sequence;	/* the first one's first */
};

struct sealindex *sealindex_new(struct sealedfile *file)
{
	struct sealindex *index = g_new0(struct sealindex, 1);

	index->file = file;
	index->sequences = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	index->block = g_byte_array_new();
	return index;
}

void sealindex_free(struct sealindex **index)
{
	struct sealindex *old = *index;

	*index = NULL;
	if (!old)
		return;
	g_array_unref(old->sequences);
	g_byte_array_unref(old->block);
	g_free(old);
}

static void end_block(struct sealindex *index)
{
	uint8_t bytes[RECORD_KEY_MAX + sizeof(uint32_t)];
	uint32_t big_endian = GUINT32_TO_BE(index->block_sequence);
	const struct record_key *key = &index->block_key;

	if (!index->block->len)
		return;
	memcpy(bytes, key->bytes, key->len);
	memcpy(bytes + key->len, &big_endian, sizeof big_endian);
	sealedfile_put(index->file, SEALEDFILE_INDEX,
		       span_of((const char *)bytes,
			       key->len + sizeof big_endian),
		       span_of((const char *)index->block->data,
			       index->block->len));
	g_byte_array_set_size(index->block, 0);
	index->last_key.len = 0;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Two hashes may have become one key, whose sequences are then
 * no longer in order. */
static void sort_sequences(GArray *sequences)
{
	for (guint i = 1; i < sequences->len; i++)
		if (g_array_index(sequences, uint32_t, i - 1) >
		    g_array_index(sequences, uint32_t, i)) {
			g_array_sort(sequences, by_number);
			return;
		}
}

/* A block has keys of one length, which its own says. */
static void end_key(struct sealindex *index)
{
	const uint32_t *at = (const uint32_t *)(void *)index->sequences->data;
	size_t left = index->sequences->len, done;

	sort_sequences(index->sequences);
	if (index->block->len && index->key.len != index->block_key.len)
		end_block(index);
	for (; left; at += done, left -= done) {
		if (!index->block->len) {
			index->block_key = index->key;
			index->block_sequence = *at;
		}
		done = sealedform_add_postings(index->block, &index->key,
					       &index->last_key, at, left);
		index->last_key = index->key;
		if (!done)
			end_block(index);
	}
	g_array_set_size(index->sequences, 0);
}

void sealindex_add(struct sealindex *index, const struct record_key *key,
		   uint32_t sequence)
{
	if (key->len != index->key.len ||
	    memcmp(key->bytes, index->key.bytes, key->len) != 0) {
		end_key(index);
		index->key = *key;
	}
	g_array_append_val(index->sequences, sequence);
}

void sealindex_end(struct sealindex *index)
{
	end_key(index);
	end_block(index);
}
