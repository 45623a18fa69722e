#include <config.h>

#include "store/dayguide.h"

#include "store/digest.h"

#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAIL_BYTES ((size_t)72 << 10)	/* read first: a guide of a million
					 * records */

struct dayguide {
	int fd;
	uint64_t file_bytes;
	struct span bytes;		/* of the guide; they are in */
	char *read;			/* memory of its own, or */
	GByteArray *given;
	struct dayguide_end end;
	struct segment_facts facts;
	size_t chunks, stretches, sections;	/* offsets in bytes */
};

void dayguide_free(struct dayguide **guide)
{
	struct dayguide *old = *guide;

	*guide = NULL;
	if (!old)
		return;
	close(old->fd);
	g_free(old->read);
	if (old->given)
		g_byte_array_unref(old->given);
	g_free(old);
}

static bool read_last(struct dayguide *guide, size_t bytes)
{
	g_free(guide->read);
	guide->read = g_malloc(bytes);
	guide->bytes = span_of(guide->read, bytes);
	return pread(guide->fd, guide->read, bytes,
		     (off_t)(guide->file_bytes - bytes)) == (ssize_t)bytes;
}

static bool take_end(struct dayguide *guide)
{
	struct dayguide_end *end = &guide->end;
	struct span bytes = guide->bytes;

	if (bytes.len < sizeof *end)
		return false;
	memcpy(end, bytes.ptr + bytes.len - sizeof *end, sizeof *end);
	return memcmp(end->magic, DAYGUIDE_MAGIC, sizeof end->magic) == 0 &&
	       end->bytes >= sizeof *end;
}

static bool read_guide(struct dayguide *guide)
{
	size_t bytes = (size_t)MIN(TAIL_BYTES, guide->file_bytes);

	if (!read_last(guide, bytes) || !take_end(guide) ||
	    guide->end.bytes > MIN(DAYGUIDE_BYTES_MAX, guide->file_bytes))
		return false;
	if (guide->end.bytes > bytes)
		return read_last(guide, (size_t)guide->end.bytes);
	guide->bytes = span_from(guide->bytes,
				 bytes - (size_t)guide->end.bytes);
	return true;
}

static bool is_whole(const struct dayguide *guide)
{
	uint8_t sha256[RECORD_HASH_BYTES];
	size_t hashed = guide->bytes.len - sizeof guide->end +
			offsetof(struct dayguide_end, guide_sha256);

	digest_sha256(span_first(guide->bytes, hashed), sha256);
	return memcmp(sha256, guide->end.guide_sha256, sizeof sha256) == 0;
}

/* So that what is reckoned with them goes over no end. */
static bool take_facts(struct dayguide *guide)
{
	const struct dayguide_end *end = &guide->end;
	struct segment_facts *facts = &guide->facts;

	if (end->before_sequence > end->sequence ||
	    end->sequence == UINT64_MAX ||
	    end->count > end->sequence - end->before_sequence)
		return false;
	facts->is_sealed = true;
	facts->count = end->count;
	facts->keys = end->keys;
	facts->head.sequence = end->sequence;
	facts->before.sequence = end->before_sequence;
	memcpy(facts->head.sha256, end->sha256, sizeof end->sha256);
	memcpy(facts->before.sha256, end->before_sha256, sizeof end->sha256);
	return true;
}

static struct dayguide_section section_at(const struct dayguide *guide,
					     size_t i)
{
	struct dayguide_section section;

	memcpy(&section, guide->bytes.ptr + guide->sections +
			 i * sizeof section, sizeof section);
	return section;
}

static struct dayguide_stretch stretch_at(const struct dayguide *guide,
					     size_t i)
{
	struct dayguide_stretch stretch;

	memcpy(&stretch, guide->bytes.ptr + guide->stretches +
			 i * sizeof stretch, sizeof stretch);
	return stretch;
}

static struct dayguide_chunk chunk_at(const struct dayguide *guide,
					 size_t i)
{
	struct dayguide_chunk chunk;

	memcpy(&chunk, guide->bytes.ptr + guide->chunks + i * sizeof chunk,
	       sizeof chunk);
	return chunk;
}

static bool is_good(const struct dayguide *guide,
		    const struct dayguide_section *section, uint32_t begin)
{
	uint64_t blocks = (uint64_t)section->end_block - section->first_block;

	return section->first_block == begin &&
	       section->end_block > begin &&
	       section->key_bytes <= RECORD_KEY_MAX &&
	       section->common_bytes + section->entry_bytes <=
	       section->key_bytes &&
	       section->entries <= guide->chunks &&
	       blocks * (section->entry_bytes + 1u) <=
	       guide->chunks - section->entries;
}

/* The parts of a known length lie before the end; the entries have the rest. */
static bool take_parts(struct dayguide *guide)
{
	const struct dayguide_end *end = &guide->end;
	uint64_t room = end->bytes - sizeof *end;
	uint64_t sections = (uint64_t)end->sections *
			    sizeof(struct dayguide_section);
	uint64_t stretches = (uint64_t)end->stretches *
			     sizeof(struct dayguide_stretch);
	uint64_t chunks = (uint64_t)end->chunks *
			  sizeof(struct dayguide_chunk);
	uint32_t begin = 0;

	if (sections + stretches + chunks > room ||
	    end->sections > DAYGUIDE_SECTIONS_MAX)
		return false;
	guide->sections = (size_t)(room - sections);
	guide->stretches = guide->sections - (size_t)stretches;
	guide->chunks = guide->stretches - (size_t)chunks;
	for (size_t i = 0; i < end->sections; i++) {
		struct dayguide_section section = section_at(guide, i);

		if (!is_good(guide, &section, begin))
			return false;
		begin = section.end_block;
	}
	return begin == end->blocks;
}

static struct dayguide *open_any(int fd, GByteArray *given)
{
	struct dayguide *guide = g_new0(struct dayguide, 1);
	struct stat file;
	bool is_read;

	guide->fd = fd;
	guide->given = given;
	is_read = fstat(fd, &file) == 0 && file.st_size > 0;
	guide->file_bytes = is_read ? (uint64_t)file.st_size : 0;
	if (is_read && given) {
		guide->bytes = span_of((const char *)given->data, given->len);
		is_read = take_end(guide);
	} else if (is_read) {
		is_read = read_guide(guide);
	}
	if (!is_read || guide->bytes.len != guide->end.bytes ||
	    !is_whole(guide) || !take_facts(guide) || !take_parts(guide))
		dayguide_free(&guide);
	return guide;
}

struct dayguide *dayguide_open(int fd)
{
	return open_any(fd, NULL);
}

struct dayguide *dayguide_open_with(int fd, GByteArray *bytes)
{
	return open_any(fd, bytes);
}

const struct segment_facts *dayguide_facts(const struct dayguide *guide)
{
	return &guide->facts;
}

int dayguide_fd(const struct dayguide *guide)
{
	return guide->fd;
}

uint32_t dayguide_lacks(const struct dayguide *guide)
{
	return guide->end.lacks;
}

size_t dayguide_block_count(const struct dayguide *guide)
{
	return guide->end.blocks;
}

static struct part place_of(const struct dayguide *guide, uint64_t offset,
			    uint64_t bytes)
{
	struct part part = { offset, bytes };

	if (offset > guide->file_bytes || bytes > guide->file_bytes - offset)
		part.bytes = 0;
	return part;
}

struct part dayguide_dict(const struct dayguide *guide)
{
	return place_of(guide, guide->end.dict_offset, guide->end.dict_bytes);
}

size_t dayguide_find_chunk(const struct dayguide *guide,
			      uint64_t sequence)
{
	size_t low = 0, high = guide->end.chunks;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (chunk_at(guide, middle).sequence <= sequence)
			low = middle;
		else
			high = middle;
	}
	return high ? low : SIZE_MAX;
}

bool dayguide_chunk(const struct dayguide *guide, size_t i,
		       uint64_t *sequence_out, struct part *place_out)
{
	struct dayguide_chunk chunk;

	if (i >= guide->end.chunks)
		return false;
	chunk = chunk_at(guide, i);
	*sequence_out = chunk.sequence;
	*place_out = place_of(guide, chunk.offset, chunk.bytes);
	return true;
}

static const char *entry_at(const struct dayguide *guide,
			    const struct dayguide_section *section, size_t i)
{
	return guide->bytes.ptr + section->entries +
	       (i - section->first_block) * (section->entry_bytes + 1u);
}

/* The first of the section's blocks whose entry is not before the key's bytes;
 * or, is_behind, the first that is behind them. */
static size_t first_at(const struct dayguide *guide,
		       const struct dayguide_section *section,
		       const struct record_key *key, bool is_behind)
{
	size_t low = section->first_block, high = section->end_block;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = memcmp(entry_at(guide, section, middle),
				   key->bytes + section->common_bytes,
				   section->entry_bytes);

		if (order < 0 || (order == 0 && is_behind))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A block goes on over the end of a kind of key: so the one
 * before may be another's. */
static struct dayguide_blocks blocks_of(size_t first, size_t end)
{
	return (struct dayguide_blocks){ first ? first - 1 : 0, first, end };
}

struct dayguide_blocks dayguide_find(const struct dayguide *guide,
				     const struct record_key *key)
{
	for (size_t i = 0; i < guide->end.sections; i++) {
		struct dayguide_section section = section_at(guide, i);
		int order = memcmp(section.common, key->bytes,
				   section.common_bytes);

		if (order == 0)
			return blocks_of(first_at(guide, &section, key, false),
					 first_at(guide, &section, key, true));
		if (order > 0)
			return blocks_of(section.first_block,
					 section.first_block);
	}
	return blocks_of(guide->end.blocks, guide->end.blocks);
}

/* In the last stretch that begins at or before it. */
static struct part block_place(const struct dayguide *guide, size_t i,
			       uint32_t lacking)
{
	size_t low = 0, high = guide->end.stretches;
	struct dayguide_stretch stretch;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (stretch_at(guide, middle).first_block <= i)
			low = middle;
		else
			high = middle;
	}
	if (!high)
		return (struct part){ 0, 0 };
	stretch = stretch_at(guide, low);
	if (stretch.first_block > i || stretch.offset > guide->file_bytes ||
	    stretch.bytes > SEALEDFORM_BLOCK_BYTES)
		return (struct part){ 0, 0 };
	return place_of(guide, stretch.offset + DAYGUIDE_PAGE_BYTES *
			(uint64_t)(i - stretch.first_block), stretch.bytes ?
			stretch.bytes : SEALEDFORM_BLOCK_BYTES - lacking);
}

static struct dayguide_section section_of(const struct dayguide *guide,
					     size_t block)
{
	struct dayguide_section section;

	for (size_t i = 0;; i++) {
		section = section_at(guide, i);
		if (block < section.end_block)
			return section;
	}
}

bool dayguide_block(const struct dayguide *guide, size_t i,
		       struct dayguide_block *block_out)
{
	struct dayguide_section section;
	const char *entry;
	uint8_t lacking;

	if (i >= guide->end.blocks)
		return false;
	section = section_of(guide, i);
	entry = entry_at(guide, &section, i);
	*block_out = (struct dayguide_block){
		.first.len = section.key_bytes,
		.known_bytes = section.common_bytes + section.entry_bytes,
	};
	memcpy(block_out->first.bytes, section.common, section.common_bytes);
	memcpy(block_out->first.bytes + section.common_bytes, entry,
	       section.entry_bytes);
	lacking = (uint8_t)entry[section.entry_bytes];
	block_out->place = block_place(guide, i, lacking);
	return block_out->place.bytes;
}
