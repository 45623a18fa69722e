/* sealedform.h - how a sealed day's records and index lie in its file */
#ifndef STORE_SEALEDFORM_H
#define STORE_SEALEDFORM_H

#include "store/recordform.h"

/*
 * A closed day is never written again, so its file need not be one that can be:
 * its records lie in runs, compressed together with a dictionary made from the
 * day, and its index in blocks of sorted keys that say only what differs from
 * the one before. Both are read back from disk, and so from a stranger; all of
 * this is pure.
 *
 * A record's hash of the one before is not kept: it is that record's hash, and
 * who reads the run computes it. In its place are the first bytes of its own
 * hash, so that the first record that was changed can be named.
 */
#define SEALEDFORM_CHECK_BYTES 4
#define SEALEDFORM_RUN_BYTES 32768	/* of records, before they are
					 * compressed */
#define SEALEDFORM_RUN_MAX ((size_t)65 << 20)	/* one of the largest,
						 * with those before it;
						 * more is damage */
/* Records of a run, at most: those before the last one take RUN_BYTES, each
 * with its head and its hash. */
#define SEALEDFORM_RUN_RECORDS (SEALEDFORM_RUN_BYTES / \
				(1 + SEALEDFORM_CHECK_BYTES) + 1)

#define SEALEDFORM_DICT_MAX ((uint64_t)1 << 20)	/* ten times what is made; more
						 * is damage */
/* What makes runs smaller and is needed to read them. Any thread. */
struct sealedform_dict;
/* Made from samples that lie one behind the other. NULL: they are too few to be
 * worth one. Free with g_bytes_unref(). */
GBytes *sealedform_train(const GByteArray *samples, const GArray *sizes)
	MUST_USE;
/* When bytes are empty, runs are read without. Who compresses with it leaves
 * them where they are until sealedform_dict_free(). */
struct sealedform_dict *sealedform_dict_new(struct span bytes) MUST_USE;
/* Accepts NULL, clears the pointer. */
void sealedform_dict_free(struct sealedform_dict **dict);

/* Adds a record to a run. bytes are without the hash of the one before; of one
 * that is erased the whole hash is kept, since nothing else tells it. */
void sealedform_add_record(GByteArray *run, struct span bytes, bool is_erased,
			   const uint8_t *sha256);
struct sealedform_record {
	struct span bytes;
	bool is_erased;
	const uint8_t *sha256;	/* SEALEDFORM_CHECK_BYTES; all, when erased */
};
/* Takes the next one off the run. False: it is at its end, or broken when
 * something is left. */
bool sealedform_next_record(struct span *run,
			    struct sealedform_record *record_out) MUST_USE;

/* Behind what is in out. */
void sealedform_compress(struct sealedform_dict *dict, const GByteArray *run,
			 GByteArray *out);

/* What it takes to decompress; one thread at a time. */
struct sealedform_unpacker;
struct sealedform_unpacker *sealedform_unpacker_new(void) MUST_USE;
/* Accepts NULL, clears the pointer. */
void sealedform_unpacker_free(struct sealedform_unpacker **unpacker);
/* In place of what is in out. False: it is not what was compressed. */
bool sealedform_decompress(struct sealedform_unpacker *unpacker,
			   const struct sealedform_dict *dict,
			   struct span packed, GByteArray *out) MUST_USE;

/* A block of the index fills one page of LMDB. */
#define SEALEDFORM_BLOCK_BYTES 4080

/* A key as a sealed index has it: of a hash less is enough. */
struct record_key sealedform_key(const struct record_key *key);

/*
 * Adds a key, not before the last one of the block, and of as many of its
 * sequences as there is room for; returns how many. They count from the day's
 * first, which is 1, and ascend. last is of the same length, or has none in a
 * new block.
 */
size_t sealedform_add_postings(GByteArray *block, const struct record_key *key,
			       const struct record_key *last,
			       const uint32_t *sequences, size_t count)
	MUST_USE;

struct sealedform_postings {
	struct span rest;	/* the sequences of the entry in hand, and what
				 * follows */
	struct record_key key;	/* all of a block's have the length of
				 * its first */
	uint32_t count;		/* of its sequences: sealedform_sequences() */
	bool is_broken;
};
struct sealedform_postings sealedform_postings_of(struct span block,
						  uint8_t key_bytes);
bool sealedform_next_postings(struct sealedform_postings *postings) MUST_USE;
/* The first of them, from the day's first. False: broken. */
bool sealedform_first_sequence(const struct sealedform_postings *postings,
			       uint64_t *sequence_out) MUST_USE;
/* As they count from the whole store's begin, where the one in front of the
 * day's first is before; behind what is in out, of uint64_t. False: broken. */
bool sealedform_sequences(const struct sealedform_postings *postings,
			  uint64_t before, bool is_newest_first, GArray *out)
	MUST_USE;

#endif
