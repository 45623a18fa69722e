#include <config.h>

#include "store/hashtree.h"

#include <string.h>

#define HASH_BYTES DIGEST_SHA256_BYTES
#define LEVELS 64

/* RFC 9162, 2.1.1: so that no inner node can be given out as a leaf. */
enum { LEAF = 0, NODE = 1 };

static void hash_leaf(const uint8_t *sha256, uint8_t *out)
{
	uint8_t bytes[1 + HASH_BYTES] = { LEAF };

	memcpy(bytes + 1, sha256, HASH_BYTES);
	digest_sha256(span_of((const char *)bytes, sizeof bytes), out);
}

/* out may be one of the two. */
static void hash_node(const uint8_t *left, const uint8_t *right, uint8_t *out)
{
	uint8_t bytes[1 + 2 * HASH_BYTES] = { NODE };

	memcpy(bytes + 1, left, HASH_BYTES);
	memcpy(bytes + 1 + HASH_BYTES, right, HASH_BYTES);
	digest_sha256(span_of((const char *)bytes, sizeof bytes), out);
}

/* As one adds to a binary number: a one is a whole tree of that height. */
void hashtree_add(struct hashtree *tree, const uint8_t sha256[HASH_BYTES])
{
	uint8_t carry[HASH_BYTES];
	unsigned height = 0;

	hash_leaf(sha256, carry);
	for (; tree->count >> height & 1; height++)
		hash_node(tree->nodes[height], carry, carry);
	memcpy(tree->nodes[height], carry, HASH_BYTES);
	tree->count++;
}

void hashtree_root(const struct hashtree *tree, uint8_t root_out[HASH_BYTES])
{
	bool is_first = true;

	if (!tree->count)
		digest_sha256(span_of(NULL, 0), root_out);
	for (unsigned height = 0; height < LEVELS; height++) {
		if (!(tree->count >> height & 1))
			continue;
		if (is_first)
			memcpy(root_out, tree->nodes[height], HASH_BYTES);
		else
			hash_node(tree->nodes[height], root_out, root_out);
		is_first = false;
	}
}

/* A tree beside the way, over the leaves from first to before end. */
struct beside {
	uint64_t first, end;
	struct hashtree tree;
};

struct hashtree_path {
	uint64_t at;		/* of the leaf to come */
	unsigned count;
	struct beside beside[LEVELS];	/* from the root down */
};

static uint64_t largest_power_below(uint64_t count)
{
	uint64_t power = 1;

	while (power * 2 < count)
		power *= 2;
	return power;
}

struct hashtree_path *hashtree_path_new(uint64_t index, uint64_t count)
{
	struct hashtree_path *path = g_new0(struct hashtree_path, 1);
	uint64_t first = 0;

	while (count > 1) {
		uint64_t left = largest_power_below(count);
		struct beside *beside = &path->beside[path->count++];

		if (index < left) {
			beside->first = first + left;
			beside->end = first + count;
			count = left;
		} else {
			beside->first = first;
			beside->end = first + left;
			first += left;
			index -= left;
			count -= left;
		}
	}
	return path;
}

void hashtree_path_add(struct hashtree_path *path,
		       const uint8_t sha256[HASH_BYTES])
{
	for (unsigned i = 0; i < path->count; i++) {
		struct beside *beside = &path->beside[i];

		if (path->at >= beside->first && path->at < beside->end) {
			hashtree_add(&beside->tree, sha256);
			break;
		}
	}
	path->at++;
}

GByteArray *hashtree_path_end(struct hashtree_path **path)
{
	GByteArray *hashes = g_byte_array_new();

	for (unsigned i = (*path)->count; i > 0; i--) {
		uint8_t root[HASH_BYTES];

		hashtree_root(&(*path)->beside[i - 1].tree, root);
		g_byte_array_append(hashes, root, sizeof root);
	}
	g_clear_pointer(path, g_free);
	return hashes;
}

bool hashtree_is_proved(const uint8_t sha256[HASH_BYTES], uint64_t index,
			uint64_t count, const GByteArray *hashes,
			const uint8_t root[HASH_BYTES])
{
	uint64_t at = index, last = count - 1;
	uint8_t hash[HASH_BYTES];

	if (index >= count || hashes->len % HASH_BYTES)
		return false;
	hash_leaf(sha256, hash);
	for (guint i = 0; i < hashes->len; i += HASH_BYTES) {
		const uint8_t *other = hashes->data + i;

		if (last == 0)
			return false;
		if (at & 1 || at == last) {
			hash_node(other, hash, hash);
			for (; !(at & 1) && at; at >>= 1)
				last >>= 1;
		} else {
			hash_node(hash, other, hash);
		}
		at >>= 1;
		last >>= 1;
	}
	return last == 0 && memcmp(hash, root, HASH_BYTES) == 0;
}
