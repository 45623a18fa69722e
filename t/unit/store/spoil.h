/* spoil.h - what damage does to a day's file */
#ifndef UNIT_STORE_SPOIL_H
#define UNIT_STORE_SPOIL_H

#include "store/lmdbenv.h"

#include "unit/tap.h"

#include <string.h>

/* Each value of the table is as long as before, and of one byte. */
static inline void spoil_table(const char *path, const char *table, int byte)
{
	const struct lmdbenv_options options = { .tables = 3,
						 .map_bytes = 1 << 28 };
	MDB_env *env = lmdbenv_open(path, &options, NULL);
	MDB_cursor *cursor;
	MDB_val key, value;
	MDB_dbi dbi;
	MDB_txn *txn;

	assert_non_null(env);
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

#endif
