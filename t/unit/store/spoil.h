/* spoil.h - what damage does to a day's file */
#ifndef UNIT_STORE_SPOIL_H
#define UNIT_STORE_SPOIL_H

#include "store/lmdbenv.h"
#include "store/dayguide.h"

#include "unit/tap.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A sealed day as it was before there were guides; of an open one
 * nothing is cut off. */
static inline void spoil_guide(const char *path)
{
	int fd = open(path, O_RDWR);
	off_t bytes = lseek(fd, 0, SEEK_END);
	struct dayguide_end end = { .bytes = 0 };

	assert_true(bytes > (off_t)sizeof end);
	assert_int_equal(pread(fd, &end, sizeof end, bytes -
			       (off_t)sizeof end), sizeof end);
	if (memcmp(end.magic, DAYGUIDE_MAGIC, sizeof end.magic) == 0)
		assert_int_equal(ftruncate(fd, bytes - (off_t)end.bytes), 0);
	close(fd);
}

/* To write what LMDB has in it. */
static inline MDB_env *spoil_open(const char *path)
{
	const struct lmdbenv_options options = { .tables = 3,
						 .map_bytes = 1 << 28 };
	MDB_env *env;

	spoil_guide(path);
	env = lmdbenv_open(path, &options, NULL);
	assert_non_null(env);
	return env;
}

/* Each value of the table is as long as before, and of one byte. */
static inline void spoil_table(const char *path, const char *table, int byte)
{
	MDB_env *env = spoil_open(path);
	MDB_cursor *cursor;
	MDB_val key, value;
	MDB_dbi dbi;
	MDB_txn *txn;

	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);
	assert_int_equal(mdb_cursor_open(txn, dbi, &cursor), 0);
	while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
		g_autofree char *bytes = g_malloc(value.mv_size);

		memset(bytes, byte, value.mv_size);
		value.mv_data = bytes;
		assert_int_equal(mdb_cursor_put(cursor, &key, &value,
						MDB_CURRENT), 0);
	}
	mdb_cursor_close(cursor);
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

/* Each block of a sealed day's index, where its guide says; what was written
 * there is one byte again and again. */
static inline void spoil_blocks(const char *path, int byte)
{
	int fd = open(path, O_RDWR);
	struct dayguide *guide = dayguide_open(dup(fd));
	struct dayguide_block block;
	char bytes[SEALEDFORM_BLOCK_BYTES];

	assert_non_null(guide);
	memset(bytes, byte, sizeof bytes);
	for (size_t i = 0; dayguide_block(guide, i, &block); i++)
		assert_int_equal(pwrite(fd, bytes, block.place.bytes,
					(off_t)block.place.offset),
				 block.place.bytes);
	dayguide_free(&guide);
	close(fd);
}

#endif
