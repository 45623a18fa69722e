#include <config.h>

#include "store/sealguide.h"

#include "store/digest.h"

#include <lmdb.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_TAIL 4		/* of a block's key: its first sequence */
#define LACKING_MAX UINT8_MAX

struct sealguide {
	GByteArray *entries;
	GArray *chunks, *stretches, *sections;
	GArray *keys;			/* first ones of the section in hand */
	GByteArray *lacking;		/* a byte a block, of the same */
	uint64_t next_offset;		/* of a block that goes on a stretch */
	uint32_t blocks;
	uint32_t lacks;			/* DAYGUIDE_LACKS_* */
};

struct sealguide *sealguide_new(void)
{
	struct sealguide *guide = g_new0(struct sealguide, 1);

	guide->entries = g_byte_array_new();
	guide->chunks = g_array_new(FALSE, FALSE,
				    sizeof(struct dayguide_chunk));
	guide->stretches = g_array_new(FALSE, FALSE,
				       sizeof(struct dayguide_stretch));
	guide->sections = g_array_new(FALSE, FALSE,
				      sizeof(struct dayguide_section));
	guide->keys = g_array_new(FALSE, FALSE, sizeof(struct record_key));
	guide->lacking = g_byte_array_new();
	guide->next_offset = UINT64_MAX;
	return guide;
}

static void free_guide(struct sealguide **guide)
{
	struct sealguide *old = *guide;

	*guide = NULL;
	g_byte_array_unref(old->entries);
	g_array_unref(old->chunks);
	g_array_unref(old->stretches);
	g_array_unref(old->sections);
	g_array_unref(old->keys);
	g_byte_array_unref(old->lacking);
	g_free(old);
}

void sealguide_add_chunk(struct sealguide *guide, uint64_t sequence,
			 uint64_t offset, uint64_t bytes)
{
	struct dayguide_chunk chunk = { sequence, offset, bytes };

	g_array_append_val(guide->chunks, chunk);
}

static const struct record_key *key_at(const struct sealguide *guide, guint i)
{
	return &g_array_index(guide->keys, struct record_key, i);
}

static uint8_t shared_bytes(const struct record_key *a,
			    const struct record_key *b)
{
	uint8_t shared = 0;

	while (shared < a->len && a->bytes[shared] == b->bytes[shared])
		shared++;
	return shared;
}

/* What all begin with; and how many bytes behind that it takes to tell each
 * from the one before. */
static void measure_keys(const struct sealguide *guide,
			 struct dayguide_section *section)
{
	uint8_t most = section->key_bytes, needed = 0;

	for (guint i = 1; i < guide->keys->len; i++) {
		uint8_t shared = shared_bytes(key_at(guide, i - 1),
					      key_at(guide, i));

		most = MIN(most, shared);
		if (shared < section->key_bytes)
			needed = (uint8_t)MAX(needed, shared + 1);
	}
	section->common_bytes = most;
	section->entry_bytes = (uint8_t)(MAX(needed, most) - most);
}

static void end_section(struct sealguide *guide)
{
	struct dayguide_section section = {
		.first_block = guide->blocks - guide->keys->len,
		.end_block = guide->blocks, .entries = guide->entries->len,
	};

	if (!guide->keys->len)
		return;
	section.key_bytes = key_at(guide, 0)->len;
	measure_keys(guide, &section);
	memcpy(section.common, key_at(guide, 0)->bytes, section.common_bytes);
	for (guint i = 0; i < guide->keys->len; i++) {
		g_byte_array_append(guide->entries, key_at(guide, i)->bytes +
				    section.common_bytes, section.entry_bytes);
		g_byte_array_append(guide->entries, guide->lacking->data + i,
				    1);
	}
	g_array_append_val(guide->sections, section);
	g_array_set_size(guide->keys, 0);
	g_byte_array_set_size(guide->lacking, 0);
}

static void add_place(struct sealguide *guide, uint64_t offset,
		      uint64_t bytes)
{
	uint64_t lacking = SEALEDFORM_BLOCK_BYTES - bytes;
	struct dayguide_stretch stretch = {
		offset, guide->blocks,
		lacking > LACKING_MAX ? (uint32_t)bytes : 0,
	};
	uint8_t byte = stretch.bytes ? 0 : (uint8_t)lacking;

	if (stretch.bytes || offset != guide->next_offset)
		g_array_append_val(guide->stretches, stretch);
	guide->next_offset = stretch.bytes ? UINT64_MAX : offset +
					      DAYGUIDE_PAGE_BYTES;
	g_byte_array_append(guide->lacking, &byte, 1);
}

static bool is_of_section(const struct sealguide *guide,
			  const struct record_key *first)
{
	return guide->keys->len && first->len == key_at(guide, 0)->len &&
	       first->bytes[0] == key_at(guide, 0)->bytes[0];
}

void sealguide_add_block(struct sealguide *guide, struct span key,
			 uint64_t offset, uint64_t bytes)
{
	struct record_key first = { .len = (uint8_t)(key.len - BLOCK_TAIL) };

	if (key.len <= BLOCK_TAIL || key.len > RECORD_KEY_MAX + BLOCK_TAIL ||
	    !bytes || bytes > SEALEDFORM_BLOCK_BYTES) {
		guide->lacks |= DAYGUIDE_LACKS_BLOCKS;
		return;
	}
	memcpy(first.bytes, key.ptr, first.len);
	if (!is_of_section(guide, &first))
		end_section(guide);
	if (guide->sections->len + 1 >= DAYGUIDE_SECTIONS_MAX) {
		guide->lacks |= DAYGUIDE_LACKS_BLOCKS;
		return;
	}
	add_place(guide, offset, bytes);
	g_array_append_val(guide->keys, first);
	guide->blocks++;
}

static void append_all(GByteArray *out, const GArray *array, size_t each)
{
	g_byte_array_append(out, (const guint8 *)array->data,
			    (guint)(array->len * each));
}

static void sign(GByteArray *bytes)
{
	size_t at = bytes->len - sizeof(struct dayguide_end) +
		    offsetof(struct dayguide_end, guide_sha256);

	digest_sha256(span_of((const char *)bytes->data, at),
		      bytes->data + at);
}

GByteArray *sealguide_end(struct sealguide **guide,
			  const struct segment_facts *facts,
			  uint64_t dict_offset, uint64_t dict_bytes)
{
	struct sealguide *made = *guide;
	GByteArray *bytes = g_byte_array_ref(made->entries);
	struct dayguide_end end = {
		.dict_offset = dict_offset, .dict_bytes = dict_bytes,
		.count = facts->count, .keys = facts->keys,
		.sequence = facts->head.sequence,
		.before_sequence = facts->before.sequence,
		.blocks = made->blocks,
		.lacks = made->lacks,
	};

	end_section(made);
	end.chunks = made->chunks->len;
	end.stretches = made->stretches->len;
	end.sections = made->sections->len;
	memcpy(end.sha256, facts->head.sha256, sizeof end.sha256);
	memcpy(end.before_sha256, facts->before.sha256, sizeof end.sha256);
	memcpy(end.magic, DAYGUIDE_MAGIC, sizeof end.magic);
	append_all(bytes, made->chunks, sizeof(struct dayguide_chunk));
	append_all(bytes, made->stretches, sizeof(struct dayguide_stretch));
	append_all(bytes, made->sections, sizeof(struct dayguide_section));
	end.bytes = bytes->len + sizeof end;
	g_byte_array_append(bytes, (const guint8 *)&end, sizeof end);
	sign(bytes);
	free_guide(guide);
	return bytes;
}

/* Tables, and where LMDB's map of their file begins. */
struct source {
	const struct sealguide_tables *tables;
	const char *base;
};

static uint64_t offset_of(const struct source *from, const MDB_val *value)
{
	return (uint64_t)((const char *)value->mv_data - from->base);
}

static bool is_before(const MDB_val *key, const GByteArray *least)
{
	int order = memcmp(key->mv_data, least->data,
			   MIN(key->mv_size, least->len));

	return order ? order < 0 : key->mv_size < least->len;
}

/*
 * The first key that is not before least, which becomes the least one behind
 * it. By key, since to go on from where a cursor stands is to trust the pages:
 * of a damaged tree LMDB then ends the program. None comes twice, so that all
 * of a tree has an end. LMDB's code.
 */
static int next_of(MDB_cursor *cursor, GByteArray *least, MDB_val *key,
		   MDB_val *value)
{
	int failed;

	*key = (MDB_val){ least->len, least->data };
	failed = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
	if (failed)
		return failed;
	if (is_before(key, least))
		return MDB_CORRUPTED;
	g_byte_array_set_size(least, 0);
	g_byte_array_append(least, key->mv_data, (guint)key->mv_size);
	g_byte_array_append(least, (const guint8 *)"", 1);
	return 0;
}

typedef void add_fn(struct sealguide *guide, struct span key, uint64_t offset,
		    uint64_t bytes);

/* Some of a table is better than none: what is found is looked at, and that the
 * rest is lacking is told. */
static void add_table(struct sealguide *guide, const struct source *from,
		      unsigned table, add_fn *add, uint32_t lacking)
{
	g_autoptr(GByteArray) least = g_byte_array_new();
	MDB_cursor *cursor;
	MDB_val key, value;
	int failed = mdb_cursor_open(from->tables->txn, table, &cursor);

	BUG_IF(failed);		/* a transaction that was begun has
				 * room for it */
	g_byte_array_append(least, (const guint8 *)"", 1);
	while (!(failed = next_of(cursor, least, &key, &value)))
		add(guide, span_of(key.mv_data, key.mv_size),
		    offset_of(from, &value), value.mv_size);
	mdb_cursor_close(cursor);
	if (failed != MDB_NOTFOUND)
		guide->lacks |= lacking;
}

static void add_chunk(struct sealguide *guide, struct span key,
		      uint64_t offset, uint64_t bytes)
{
	uint64_t sequence;

	if (key.len != sizeof sequence) {
		guide->lacks |= DAYGUIDE_LACKS_CHUNKS;
		return;
	}
	memcpy(&sequence, key.ptr, sizeof sequence);
	sealguide_add_chunk(guide, GUINT64_FROM_BE(sequence), offset, bytes);
}

/*
 * LMDB does not tell where its map begins. But each of its pages begins with
 * its own number, so the begin follows from a page; and that it is right is
 * seen by reading that page from the file. The facts lie in one, with the names
 * of the table's other values.
 */
static int find_base(struct source *from)
{
	MDB_val key = { 4, (void *)"meta" }, value;
	MDB_env *env = mdb_txn_env(from->tables->txn);
	g_autofree char *same = NULL;
	MDB_stat stats;
	const char *page;
	size_t number;			/* LMDB's pgno_t */
	int fd, failed = mdb_get(from->tables->txn, from->tables->meta, &key,
				 &value);

	if (!failed)
		failed = mdb_env_stat(env, &stats);
	if (!failed)
		failed = mdb_env_get_fd(env, &fd);
	if (failed)
		return failed;
	page = (const char *)value.mv_data -
	       (uintptr_t)value.mv_data % stats.ms_psize;
	memcpy(&number, page, sizeof number);
	if (number > (uintptr_t)page / stats.ms_psize)
		return MDB_CORRUPTED;
	from->base = page - number * stats.ms_psize;
	same = g_malloc(stats.ms_psize);
	return pread(fd, same, stats.ms_psize, page - from->base) ==
		       (ssize_t)stats.ms_psize &&
	       memcmp(same, page, stats.ms_psize) == 0 ? 0 : MDB_CORRUPTED;
}

int sealguide_make(const struct sealguide_tables *tables,
		   const struct segment_facts *facts, GByteArray **bytes_out)
{
	MDB_val key = { 4, (void *)"dict" }, dict;
	struct source from = { .tables = tables };
	struct sealguide *guide;
	int failed = find_base(&from);

	if (failed)
		return failed;
	/* Without it no run can be read, and that is told. */
	if (mdb_get(tables->txn, tables->meta, &key, &dict))
		dict = (MDB_val){ 0, (void *)from.base };
	guide = sealguide_new();
	add_table(guide, &from, tables->records, add_chunk,
		  DAYGUIDE_LACKS_CHUNKS);
	add_table(guide, &from, tables->index, sealguide_add_block,
		  DAYGUIDE_LACKS_BLOCKS);
	*bytes_out = sealguide_end(&guide, facts, offset_of(&from, &dict),
				   dict.mv_size);
	return 0;
}
