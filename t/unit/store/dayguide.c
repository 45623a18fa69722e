#include <config.h>

#include "store/sealguide.h"

#include "store/digest.h"

#include "unit/tap.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE DAYGUIDE_PAGE_BYTES
#define FIRST_OFFSET (3 * PAGE)

static const struct segment_facts facts = {
	.is_sealed = true, .count = 900, .keys = 2,
	.before = { 100, { 1 } }, .head = { 1000, { 2 } },
};

/* A block as it was put. */
struct put {
	struct record_key first;
	uint64_t offset, bytes;
};

/* Some kinds, with keys that go on over several blocks; now and then there is a
 * page of something else between, or a block that is short. */
static GArray *make_blocks(unsigned each)
{
	static const struct {
		uint8_t kind, bytes;
		bool begins_alike;
	} kinds[] = {
		{ 1, 16, true }, { 4, 5, false }, { 11, 8, true },
		{ 15, 5, false }, { 17, 8, true },
	};
	GArray *all = g_array_new(FALSE, FALSE, sizeof(struct put));
	uint64_t offset = FIRST_OFFSET;

	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		for (unsigned i = 0; i < each; i++) {
			uint32_t number = GUINT32_TO_BE((i - i % 7 % 3) *
							70001u);
			struct put put = {
				.first.len = 1 + kinds[k].bytes,
				.offset = offset, .bytes = 4080 - i % 200,
			};

			put.first.bytes[0] = kinds[k].kind;
			memcpy(put.first.bytes + (kinds[k].begins_alike ?
			       put.first.len - 4 : 1), &number, 4);
			if (i % 50 == 49)
				put.bytes = 100 + i % 1000;
			offset += i % 50 == 49 ? 500u :
				  i % 150 == 148 ? 2u * PAGE : PAGE;
			g_array_append_val(all, put);
		}
	}
	return all;
}

static GByteArray *make_guide(const GArray *blocks)
{
	struct sealguide *guide = sealguide_new();

	for (uint64_t i = 0; i < 10; i++)
		sealguide_add_chunk(guide, 101 + 90 * i, 5000 * i, 4000 + i);
	for (guint i = 0; i < blocks->len; i++) {
		const struct put *put = &g_array_index(blocks, struct put, i);

		uint8_t key[RECORD_KEY_MAX + 4] = { 0 };

		memcpy(key, put->first.bytes, put->first.len);
		sealguide_add_block(guide, span_of((const char *)key,
						   put->first.len + 4u),
				    put->offset, put->bytes);
	}
	return sealguide_end(&guide, &facts, 7000, 70);
}

/* A file in which all offsets are, with the bytes at its end. */
static int make_file(const GArray *blocks, const GByteArray *bytes)
{
	char name[] = "/tmp/dayguide-XXXXXX";
	int fd = mkstemp(name);
	off_t end = FIRST_OFFSET + ((off_t)blocks->len + 20) * 2 * PAGE;

	assert_true(fd >= 0);
	unlink(name);
	assert_int_equal(ftruncate(fd, end), 0);
	assert_int_equal(pwrite(fd, bytes->data, bytes->len, end),
			 bytes->len);
	return fd;
}

static void expect_place(struct part place, uint64_t offset, uint64_t bytes)
{
	assert_int_equal(place.offset, offset);
	assert_int_equal(place.bytes, bytes);
}

static void expect_blocks(const struct dayguide *guide,
			  const GArray *blocks)
{
	struct dayguide_block block;

	assert_int_equal(dayguide_block_count(guide), blocks->len);
	for (guint i = 0; i < blocks->len; i++) {
		const struct put *put = &g_array_index(blocks, struct put, i);

		assert_true(dayguide_block(guide, i, &block));
		expect_place(block.place, put->offset, put->bytes);
		assert_int_equal(block.first.len, put->first.len);
		assert_memory_equal(block.first.bytes, put->first.bytes,
				    block.known_bytes);
	}
	assert_false(dayguide_block(guide, blocks->len, &block));
}

static bool is_before(const struct put *put, const struct record_key *key)
{
	return memcmp(put->first.bytes, key->bytes, RECORD_KEY_MAX) < 0;
}

/* Those between are the key's, as far as they are told; there
 * is none elsewhere. */
static void expect_found(const struct dayguide *guide, const GArray *blocks,
			 const struct record_key *key)
{
	const struct put *all = (const struct put *)(void *)blocks->data;
	struct dayguide_blocks own = dayguide_find(guide, key);
	struct dayguide_block block;

	assert_true(own.first <= own.end && own.end <= blocks->len);
	if (own.first)
		assert_true(is_before(&all[own.first - 1], key));
	assert_int_equal(own.begin, own.first ? own.first - 1 : 0);
	if (own.end < blocks->len)
		assert_false(is_before(&all[own.end], key) ||
			     memcmp(all[own.end].first.bytes, key->bytes,
				    RECORD_KEY_MAX) == 0);
	for (size_t i = own.first; i < own.end; i++) {
		assert_true(dayguide_block(guide, i, &block));
		assert_memory_equal(block.first.bytes, key->bytes,
				    block.known_bytes);
	}
}

static void expect_all(struct dayguide *guide, const GArray *blocks)
{
	struct part place;
	uint64_t sequence;

	assert_non_null(guide);
	assert_memory_equal(dayguide_facts(guide), &facts, sizeof facts);
	expect_place(dayguide_dict(guide), 7000, 70);
	for (uint64_t i = 0; i < 1100; i++) {
		size_t at = dayguide_find_chunk(guide, i);

		assert_int_equal(at, i < 101 ? 0 : MIN((i - 101) / 90, 9));
		assert_true(dayguide_chunk(guide, at, &sequence, &place));
		assert_int_equal(sequence, 101 + 90 * at);
		expect_place(place, 5000 * at, 4000 + at);
	}
	assert_false(dayguide_chunk(guide, 10, &sequence, &place));
	expect_blocks(guide, blocks);
	for (guint i = 0; i < blocks->len; i += 3) {
		struct record_key key = g_array_index(blocks, struct put,
						      i).first;

		expect_found(guide, blocks, &key);
		key.bytes[key.len - 1] ^= 1;
		expect_found(guide, blocks, &key);
		key.bytes[0]++;
		expect_found(guide, blocks, &key);
	}
}

/* One that is read at once, and one that takes two calls. */
static void what_was_put_is_found(void **state)
{
	const unsigned each[] = { 0, 1, 2, 300, 5000, 50000 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(each); i++) {
		g_autoptr(GArray) blocks = make_blocks(each[i]);
		g_autoptr(GByteArray) bytes = make_guide(blocks);
		int fd = make_file(blocks, bytes);
		struct dayguide *guide = dayguide_open(dup(fd));

		print_message("# %u blocks: %u bytes\n", blocks->len,
			      bytes->len);
		expect_all(guide, blocks);
		dayguide_free(&guide);
		guide = dayguide_open_with(fd, g_steal_pointer(&bytes));
		expect_all(guide, blocks);
		dayguide_free(&guide);
	}
}

static void expect_inside(const struct dayguide *guide, struct part place)
{
	struct stat file;

	assert_int_equal(fstat(dayguide_fd(guide), &file), 0);
	assert_true(!place.bytes || place.offset + place.bytes <=
				    (uint64_t)file.st_size);
}

/* Whatever it says, what is given lies in the file. */
static void look_everywhere(struct dayguide *guide, const GArray *blocks)
{
	struct dayguide_block block;
	struct dayguide_blocks own;
	struct part place;
	uint64_t sequence;

	for (guint i = 0; i < blocks->len + 10; i++) {
		if (dayguide_block(guide, i, &block))
			expect_inside(guide, block.place);
		own = dayguide_find(guide, &g_array_index(
			blocks, struct put, i % blocks->len).first);
		assert_true(own.end <= dayguide_block_count(guide));
	}
	for (size_t i = 0; dayguide_chunk(guide, i, &sequence, &place);
	     i++)
		expect_inside(guide, place);
	if (dayguide_chunk(guide, 0, &sequence, &place))
		assert_true(dayguide_chunk(guide, dayguide_find_chunk(
			guide, 500), &sequence, &place));
	expect_inside(guide, dayguide_dict(guide));
}

/* As somebody would who changes it on purpose. */
static void sign(GByteArray *bytes)
{
	size_t at = bytes->len - sizeof(struct dayguide_end) +
		    offsetof(struct dayguide_end, guide_sha256);

	digest_sha256(span_of((const char *)bytes->data, at),
		      bytes->data + at);
}

static void change_all(bool is_signed)
{
	g_autoptr(GArray) blocks = make_blocks(20);
	g_autoptr(GByteArray) bytes = make_guide(blocks);
	unsigned opened = 0;

	for (guint i = 0; i < bytes->len * 2; i++) {
		uint8_t was = bytes->data[i / 2];
		struct dayguide *guide;

		bytes->data[i / 2] = i % 2 ? 0xff : (uint8_t)(was ^ 1);
		if (is_signed)
			sign(bytes);
		guide = dayguide_open(make_file(blocks, bytes));
		if (guide && bytes->data[i / 2] != was) {
			look_everywhere(guide, blocks);
			opened++;
		}
		dayguide_free(&guide);
		bytes->data[i / 2] = was;
		sign(bytes);
	}
	print_message("# %u of %u are guides\n", opened, bytes->len * 2);
	assert_true(is_signed ? opened : !opened);
}

static void one_that_was_changed(void **state)
{
	(void)state;
	change_all(false);
	change_all(true);
}

static void one_that_is_cut_short(void **state)
{
	g_autoptr(GArray) blocks = make_blocks(20);
	g_autoptr(GByteArray) bytes = make_guide(blocks);
	struct dayguide *guide;

	(void)state;
	while (bytes->len) {
		g_byte_array_set_size(bytes, bytes->len - MIN(bytes->len, 9));
		guide = dayguide_open(make_file(blocks, bytes));
		assert_null(guide);
	}
	assert_null(dayguide_open(-1));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_was_put_is_found),
	cmocka_unit_test(one_that_was_changed),
	cmocka_unit_test(one_that_is_cut_short),
};

TAP_MAIN(tests)
