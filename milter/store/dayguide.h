/* dayguide.h - where all of a sealed day lies, in one piece at
 * its file's end */
#ifndef STORE_DAYGUIDE_H
#define STORE_DAYGUIDE_H

#include "store/partread.h"
#include "store/sealedform.h"
#include "store/segment.h"

/*
 * LMDB's tree leads to each thing by pages that lie far apart, and a search
 * over months asks each day for a few only: to come to them took longer than
 * what they lead to. So behind LMDB's last page, where LMDB does not look, lies
 * a guide, which one read gets:
 *
 *	entries		one a block of the index, in its order: a section's are
 *			as long as one another: some bytes of the block's first
 *			key, and in the last byte what the block lacks to
 *			SEALEDFORM_BLOCK_BYTES
 *	chunks		struct dayguide_chunk, as the records' table has them
 *	stretches	struct dayguide_stretch, by their first blocks
 *	sections	struct dayguide_section, by their first blocks
 *	end		struct dayguide_end
 *
 * Numbers are in the machine's order, offsets in the file. A block's entry
 * tells it from those beside it unless they begin with the same key.
 */
struct dayguide_chunk {
	uint64_t sequence;		/* of its first record */
	uint64_t offset, bytes;
};

/* Blocks that lie DAYGUIDE_PAGE_BYTES apart; or one of another length. */
struct dayguide_stretch {
	uint64_t offset;		/* of its first */
	uint32_t first_block;
	uint32_t bytes;			/* of the one; 0: its entry says
					 * how many */
};

#define DAYGUIDE_PAGE_BYTES 4096
#define DAYGUIDE_SECTIONS_MAX 256	/* there are not so many kinds
					 * of keys */

/* Blocks of one kind of key; all of its first keys begin alike. */
struct dayguide_section {
	uint32_t first_block, end_block;
	uint32_t entries;		/* offset in the guide */
	uint8_t key_bytes;		/* of each of its keys; of these */
	uint8_t common_bytes;		/* are not in the entries, */
	uint8_t entry_bytes;		/* and so many are */
	uint8_t common[RECORD_KEY_MAX];
};

struct dayguide_end {
	uint64_t bytes;			/* of the guide, this with it */
	uint64_t dict_offset, dict_bytes;
	uint64_t count, sequence, before_sequence;
	uint8_t sha256[RECORD_HASH_BYTES], before_sha256[RECORD_HASH_BYTES];
	uint32_t keys;
	uint32_t chunks, stretches, sections, blocks;
	uint32_t lacks;			/* DAYGUIDE_LACKS_*: it was not to
					 * be found */
	uint8_t guide_sha256[RECORD_HASH_BYTES];	/* of all before this */
	char magic[8];
};
#define DAYGUIDE_LACKS_BLOCKS 1u
#define DAYGUIDE_LACKS_CHUNKS 2u
#define DAYGUIDE_MAGIC "MRguide\1"	/* another one with another
					 * SEGMENT_SEALED */
#define DAYGUIDE_BYTES_MAX ((uint64_t)64 << 20)	/* more is damage */

struct dayguide;
/* Takes fd, of a day's file. NULL: at its end there is none, or
 * it was changed. */
struct dayguide *dayguide_open(int fd) MUST_USE;
/* The same with a guide that is not in the file; takes bytes,
 * whose hash is right. */
struct dayguide *dayguide_open_with(int fd, GByteArray *bytes) MUST_USE;
/* Accepts NULL, clears the pointer. */
void dayguide_free(struct dayguide **guide);

/* All that is given is borrowed from it. */
const struct segment_facts *dayguide_facts(const struct dayguide *guide);
int dayguide_fd(const struct dayguide *guide);
/* Of no bytes when that is not in the file. */
struct part dayguide_dict(const struct dayguide *guide);

/* The last chunk that begins at or before sequence, else the first;
 * SIZE_MAX: there is none. */
size_t dayguide_find_chunk(const struct dayguide *guide,
			      uint64_t sequence) MUST_USE;
/* False: there are no more. Its place has no bytes when that is
 * not in the file. */
bool dayguide_chunk(const struct dayguide *guide, size_t i,
		       uint64_t *sequence_out, struct part *place_out)
	MUST_USE;

/* Blocks that begin with the key, as far as their entries tell, from first up
 * to end. The key may also be at the end of the one before: begin is that,
 * when there is one. */
struct dayguide_blocks {
	size_t begin, first, end;
};
struct dayguide_blocks dayguide_find(const struct dayguide *guide,
					   const struct record_key *key)
	MUST_USE;

struct dayguide_block {
	struct record_key first;	/* its key, of which are known: */
	size_t known_bytes;
	struct part place;
};
/* False: there are no more, or it is not in the file. */
bool dayguide_block(const struct dayguide *guide, size_t i,
		       struct dayguide_block *block_out) MUST_USE;
size_t dayguide_block_count(const struct dayguide *guide);
/* DAYGUIDE_LACKS_* */
uint32_t dayguide_lacks(const struct dayguide *guide);

#endif
