#include <config.h>

#include "store/hashtree.h"

#include "store/hex.h"

#include "unit/tap.h"

#include <string.h>

#define MOST 70

static void leaf_of(uint64_t i, uint8_t *out)
{
	digest_sha256(span_of((const char *)&i, sizeof i), out);
}

static void root_of(uint64_t count, uint8_t *out)
{
	struct hashtree tree = { .count = 0 };
	uint8_t leaf[DIGEST_SHA256_BYTES];

	for (uint64_t i = 0; i < count; i++) {
		leaf_of(i, leaf);
		hashtree_add(&tree, leaf);
	}
	hashtree_root(&tree, out);
}

static GByteArray *path_of(uint64_t index, uint64_t count)
{
	struct hashtree_path *path = hashtree_path_new(index, count);
	uint8_t leaf[DIGEST_SHA256_BYTES];

	for (uint64_t i = 0; i < count; i++) {
		leaf_of(i, leaf);
		hashtree_path_add(path, leaf);
	}
	return hashtree_path_end(&path);
}

/* As RFC 9162, 2.1.1, has it, computed with other tools; a leaf's first byte is
 * its number, the others are 0. */
static void known_roots(void **state)
{
	static const struct { unsigned count; const char *root; } cases[] = {
		{ 0, "e3b0c44298fc1c149afbf4c8996fb924"
		     "27ae41e4649b934ca495991b7852b855" },
		{ 1, "7f9c9e31ac8256ca2f258583df262dbc"
		     "7d6f68f2a03043d5c99a4ae5a7396ce9" },
		{ 2, "c184f5dd351d61b11a14e93ccb5fbc82"
		     "58cd2871a546292bc50e301189cd2df7" },
		{ 3, "00d963599276e4ee5bc5e90fb94f6270"
		     "5b8ca0969aa90e55134550ee926ddcb8" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct hashtree tree = { .count = 0 };
		uint8_t leaf[DIGEST_SHA256_BYTES] = { 0 };
		uint8_t root[DIGEST_SHA256_BYTES];
		g_autofree char *text = NULL;

		for (unsigned n = 0; n < cases[i].count; n++) {
			leaf[0] = (uint8_t)n;
			hashtree_add(&tree, leaf);
		}
		hashtree_root(&tree, root);
		text = hex_format(root, sizeof root);
		assert_string_equal(text, cases[i].root);
	}
}

static void each_leaf_is_proved(void **state)
{
	(void)state;
	for (uint64_t count = 1; count < MOST; count++) {
		uint8_t root[DIGEST_SHA256_BYTES], leaf[DIGEST_SHA256_BYTES];

		root_of(count, root);
		for (uint64_t i = 0; i < count; i++) {
			g_autoptr(GByteArray) hashes = path_of(i, count);

			leaf_of(i, leaf);
			assert_true(hashtree_is_proved(leaf, i, count, hashes,
						       root));
			assert_false(hashtree_is_proved(leaf, i + 1, count,
							hashes, root));
			leaf[3] ^= 1;
			assert_false(hashtree_is_proved(leaf, i, count, hashes,
							root));
		}
	}
}

static void broken_proofs(void **state)
{
	g_autoptr(GByteArray) hashes = path_of(5, 11);
	uint8_t root[DIGEST_SHA256_BYTES], leaf[DIGEST_SHA256_BYTES];
	guint len = hashes->len;

	(void)state;
	root_of(11, root);
	leaf_of(5, leaf);
	assert_true(hashtree_is_proved(leaf, 5, 11, hashes, root));
	assert_false(hashtree_is_proved(leaf, 5, 0, hashes, root));
	assert_false(hashtree_is_proved(leaf, 11, 11, hashes, root));
	g_byte_array_set_size(hashes, len - 1);
	assert_false(hashtree_is_proved(leaf, 5, 11, hashes, root));
	g_byte_array_set_size(hashes, len - DIGEST_SHA256_BYTES);
	assert_false(hashtree_is_proved(leaf, 5, 11, hashes, root));
	g_byte_array_set_size(hashes, len + 32 * DIGEST_SHA256_BYTES);
	assert_false(hashtree_is_proved(leaf, 5, 11, hashes, root));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(known_roots),
	cmocka_unit_test(each_leaf_is_proved),
	cmocka_unit_test(broken_proofs),
};

TAP_MAIN(tests)
