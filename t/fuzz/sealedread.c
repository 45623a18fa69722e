#include <config.h>

#include "fuzz/target.h"
#include "store/lmdbenv.h"
#include "store/sealedkeys.h"
#include "store/sealedread.h"

#include <glib/gstdio.h>
#include <string.h>

/*
 * A sealed day's tables as a damaged disk may give them. The input is entries, one
 * behind the other: a byte for the table (r: records, i: index, d: the dictionary),
 * one for the length of the key, two for that of the value (the least significant
 * first), the key, the value. They are put into an environment within a transaction
 * that is never committed.
 */
#define MAP_BYTES ((size_t)64 << 20)
#define STEPS 200		/* of each walk */

static MDB_env *env;
static MDB_dbi records, index_table, meta;

static void remove_all(const char *dir, const char *path)
{
	g_autofree char *lock = g_strconcat(path, "-lock", NULL);

	g_unlink(path);
	g_unlink(lock);
	g_rmdir(dir);
}

/* The files may go: they stay open as long as the process lasts. */
static void begin(void)
{
	const struct lmdbenv_options options = {
		.is_created = true, .tables = 3, .map_bytes = MAP_BYTES,
		.is_unsynced = true,
	};
	g_autofree char *dir = g_dir_make_tmp("sealedread-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "day.mdb", NULL);
	MDB_txn *txn;

	env = lmdbenv_open(path, &options, NULL);
	BUG_IF(!env || mdb_txn_begin(env, NULL, 0, &txn) ||
	       mdb_dbi_open(txn, "records", MDB_CREATE, &records) ||
	       mdb_dbi_open(txn, "index", MDB_CREATE, &index_table) ||
	       mdb_dbi_open(txn, "meta", MDB_CREATE, &meta) ||
	       mdb_txn_commit(txn));
	remove_all(dir, path);
}

static void put(MDB_txn *txn, char table, struct span key, struct span value,
		struct segment_view *view)
{
	MDB_val name = { key.len, (void *)key.ptr };
	MDB_val bytes = { value.len, (void *)value.ptr };

	if (table == 'd')
		view->dict = value;
	else if (key.len)
		(void)mdb_put(txn, table == 'i' ? index_table : records, &name,
			      &bytes, 0);
}

static void put_all(MDB_txn *txn, struct span input,
		    struct segment_view *view)
{
	while (input.len > 4) {
		const unsigned char *head = (const unsigned char *)input.ptr;
		size_t key_len = head[1];
		size_t value_len = head[2] | (size_t)head[3] << 8;
		struct span rest = span_from(input, 4);
		struct span value;

		key_len = MIN(key_len, rest.len);
		value = span_from(rest, key_len);
		value = span_first(value, MIN(value_len, value.len));
		put(txn, input.ptr[0], span_first(rest, key_len), value, view);
		input = span_from(rest, key_len + value.len);
	}
}

static volatile unsigned touched;

/* All that was given can be read. */
static void touch(struct span bytes)
{
	unsigned sum = 0;

	for (size_t i = 0; i < bytes.len; i++)
		sum += (unsigned char)bytes.ptr[i];
	touched = sum;
}

static void walk(struct sealedread *read)
{
	struct dayreader_record record;
	uint64_t at = 0;

	for (int i = 0; i < STEPS && sealedread_next(read, at, &record); i++) {
		BUG_IF(record.sequence < at);
		touch(record.bytes);
		if (record.sequence == UINT64_MAX)
			break;
		at = record.sequence + 1;
	}
	at = UINT64_MAX;
	for (int i = 0; i < STEPS && sealedread_before(read, at, &record);
	     i++) {
		BUG_IF(record.sequence > at);
		touch(record.bytes);
		if (!record.sequence)
			break;
		at = record.sequence - 1;
	}
	for (uint64_t i = 0; i < 8; i++)
		if (sealedread_at(read, i, &record))
			touch(record.bytes);
	(void)sealedread_problem(read);
}

static bool take_key(const struct record_key *key, const GArray *sequences,
		     void *context)
{
	unsigned *left = context;

	BUG_IF(key->len > RECORD_KEY_MAX);
	(void)sequences;
	return --*left > 0;
}

static void look_up(struct sealedkeys *keys, const struct record_key *key)
{
	const struct record_key last = { RECORD_KEY_MAX, { 0xff } };
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint64_t));

	(void)!sealedkeys_postings(keys, key, UINT64_MAX, found);
	sealedkeys_collect(keys, key, &last, found);
	(void)!sealedkeys_count(keys, key, &last, 1000);
	(void)!sealedkeys_bounds(keys, key, &last).first;
}

static void read_all(const struct segment_view *view,
		     enum dayreader_mode mode, struct span input)
{
	struct sealedread *read = sealedread_new(view, mode);
	struct sealedkeys *keys = sealedkeys_new(view);
	struct record_key key = { .len = RECORD_KEY_MAX };
	unsigned left = STEPS;

	walk(read);
	memcpy(key.bytes, input.ptr, MIN(input.len, sizeof key.bytes));
	look_up(keys, &key);
	key = (struct record_key){ .len = 1, .bytes = { 1 } };
	look_up(keys, &key);
	(void)!sealedkeys_each_key(keys, take_key, &left);
	sealedkeys_free(&keys);
	sealedread_free(&read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = span_of((const char *)data, size);
	struct segment_view view = { .is_sealed = true, .first_sequence = 1 };
	MDB_txn *txn;

	if (!env)
		begin();
	BUG_IF(mdb_txn_begin(env, NULL, 0, &txn));
	put_all(txn, input, &view);
	view.txn = txn;
	view.records = records;
	view.index = index_table;
	view.meta = meta;
	read_all(&view, DAYREADER_HASHES, input);
	read_all(&view, DAYREADER_RECORDS, input);
	mdb_txn_abort(txn);
	return 0;
}
