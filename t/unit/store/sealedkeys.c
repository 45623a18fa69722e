#include <config.h>

#include "store/sealedkeys.h"

#include "store/sealguide.h"
#include "unit/tap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORDS 200000
#define BEFORE 1000		/* sequences of days before */
#define PAGE DAYGUIDE_PAGE_BYTES

/* Which records have a key: the common ones fill many blocks,
 * and lie unevenly. */
struct word {
	struct record_key key;
	GArray *sequences;	/* of uint32_t, from the day's first,
				 * which is 1 */
};

struct index {
	struct word words[8];
	GArray *places;		/* of struct part: the blocks, in the file */
	GByteArray *file;
	struct sealguide *guide;
	GByteArray *block;
	struct record_key first, last;	/* keys of the block */
	uint32_t begin;			/* the first one's first */
};

static bool has(size_t word, uint32_t record)
{
	switch (word) {
	case 0:
		return record % 3 == 0;
	case 1:
		return record == 5 || record == RECORDS;
	case 2:
		return record < RECORDS / 8 || record > RECORDS - 9;
	case 3:
		return record % 7777 == 1;
	case 4:
		return record > RECORDS / 2 && record % 2;
	case 5:
		return record == 1;
	case 6:
		return record % 1000 < 100;
	default:
		return record % 60 == 0;
	}
}

static void end_block(struct index *index)
{
	struct part place = { index->file->len, index->block->len };
	uint8_t key[RECORD_KEY_MAX + 4];
	uint32_t big_endian = GUINT32_TO_BE(index->begin);

	if (!index->block->len)
		return;
	memcpy(key, index->first.bytes, index->first.len);
	memcpy(key + index->first.len, &big_endian, sizeof big_endian);
	sealguide_add_block(index->guide, span_of((const char *)key,
						  index->first.len + 4u),
			    place.offset, place.bytes);
	g_array_append_val(index->places, place);
	g_byte_array_append(index->file, index->block->data,
			    index->block->len);
	g_byte_array_set_size(index->file, (guint)place.offset + PAGE);
	g_byte_array_set_size(index->block, 0);
	index->last.len = 0;
}

static void add_word(struct index *index, const struct word *word)
{
	const uint32_t *at = (const uint32_t *)(void *)word->sequences->data;

	for (size_t left = word->sequences->len, done; left;
	     at += done, left -= done) {
		if (!index->block->len) {
			index->first = word->key;
			index->begin = *at;
		}
		done = sealedform_add_postings(index->block, &word->key,
					       &index->last, at, left);
		index->last = word->key;
		if (!done)
			end_block(index);
	}
}

static void index_make(struct index *index)
{
	*index = (struct index){
		.places = g_array_new(FALSE, FALSE, sizeof(struct part)),
		.file = g_byte_array_new(), .block = g_byte_array_new(),
		.guide = sealguide_new(),
	};
	for (size_t i = 0; i < COUNT_OF(index->words); i++) {
		struct word *word = &index->words[i];

		/* As sealedform_key() leaves a hash: six bytes. */
		word->key = (struct record_key){
			6, { RECORD_KEY_SENDER, 10, (uint8_t)i, 7, 7, 7 },
		};
		word->sequences = g_array_new(FALSE, FALSE, sizeof(uint32_t));
		for (uint32_t n = 1; n <= RECORDS; n++)
			if (has(i, n))
				g_array_append_val(word->sequences, n);
		add_word(index, word);
	}
	end_block(index);
}

static void index_free(struct index *index)
{
	for (size_t i = 0; i < COUNT_OF(index->words); i++)
		g_array_unref(index->words[i].sequences);
	g_array_unref(index->places);
	g_byte_array_unref(index->file);
	g_byte_array_unref(index->block);
}

static struct dayguide *index_open(struct index *index)
{
	const struct segment_facts facts = {
		.count = RECORDS, .before.sequence = BEFORE,
		.head.sequence = BEFORE + RECORDS,
	};
	char name[] = "/tmp/sealedkeys-XXXXXX";
	int fd = mkstemp(name);
	struct dayguide *guide;

	unlink(name);
	assert_int_equal(write(fd, index->file->data, index->file->len),
			 index->file->len);
	guide = dayguide_open_with(fd, sealguide_end(&index->guide, &facts,
						     0, 0));
	assert_non_null(guide);
	return guide;
}

/* All of a word from most on, newest first, as who goes through it asks. */
static void expect_all(struct sealedkeys *keys, const struct word *word,
		       uint64_t most)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	guint left = word->sequences->len, at = 0;
	uint64_t next = most;

	while (left && BEFORE + g_array_index(word->sequences, uint32_t,
					      left - 1) > most)
		left--;
	while (sealedkeys_postings(keys, &word->key, next, found))
		next = g_array_index(found, uint64_t, found->len - 1) - 1;
	assert_int_equal(found->len, left);
	for (; left; left--, at++)
		assert_int_equal(g_array_index(found, uint64_t, at), BEFORE +
				 g_array_index(word->sequences, uint32_t,
					       left - 1));
}

static void long_lists_are_found_from_anywhere(void **state)
{
	struct sealedkeys *keys;
	struct dayguide *guide;
	struct index index;

	(void)state;
	index_make(&index);
	guide = index_open(&index);
	keys = sealedkeys_new(guide);
	print_message("# %u blocks\n", index.places->len);
	for (size_t i = 0; i < COUNT_OF(index.words); i++) {
		const struct word *word = &index.words[i];
		uint64_t count = sealedkeys_count(keys, &word->key, &word->key,
						  UINT64_MAX);

		print_message("# %u records, %u counted\n",
			      word->sequences->len, (unsigned)count);
		assert_in_range(count, word->sequences->len / 3,
				word->sequences->len * 3);
		expect_all(keys, word, UINT64_MAX);
		for (uint64_t most = BEFORE; most < BEFORE + RECORDS + 20000;
		     most += 9973)
			expect_all(keys, word, most);
	}
	assert_null(sealedkeys_problem(keys));
	sealedkeys_free(&keys);
	dayguide_free(&guide);
	index_free(&index);
}

/* Whatever block is another one than the guide says, or none: it is
 * told by who needs it. */
static void a_block_that_is_none_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < 60; i++) {
		g_autoptr(GArray) found = g_array_new(FALSE, FALSE,
						      sizeof(uint64_t));
		uint64_t most = UINT64_MAX;
		struct sealedkeys *keys;
		struct dayguide *guide;
		struct index index;
		struct part place;

		index_make(&index);
		place = g_array_index(index.places, struct part,
				      i / 2 % (index.places->len - 1));
		if (i % 2)	/* its first entry is of no records */
			index.file->data[place.offset + 7] = 0;
		else
			memcpy(index.file->data + place.offset,
			       index.file->data + index.file->len - PAGE,
			       PAGE);
		guide = index_open(&index);
		keys = sealedkeys_new(guide);
		for (size_t w = 0; w < COUNT_OF(index.words); w++, most =
								UINT64_MAX)
			while (sealedkeys_postings(keys, &index.words[w].key,
						   most, found))
				most = g_array_index(found, uint64_t,
						     found->len - 1) - 1;
		assert_non_null(sealedkeys_problem(keys));
		sealedkeys_free(&keys);
		dayguide_free(&guide);
		index_free(&index);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(long_lists_are_found_from_anywhere),
	cmocka_unit_test(a_block_that_is_none_is_told),
};

TAP_MAIN(tests)
