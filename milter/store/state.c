#include <config.h>

#include "store/state.h"

#include "store/lmdbenv.h"
#include "store/storeerror.h"

#include <pthread.h>
#include <string.h>

#define SCHEMA_VERSION 1
#define MAP_BYTES ((size_t)16 << 30)	/* address space */
#define POOL_MAX 64

struct state {
	char *path;
	MDB_env *env;
	MDB_dbi tables[STATE_TABLES];
	pthread_mutex_t lock;		/* over the pool */
	MDB_txn *pool[POOL_MAX];	/* read transactions, reset */
	size_t pooled;
};

struct state_txn {
	struct state *state;
	MDB_txn *txn;
	bool is_write;
};

static const char *const table_names[STATE_TABLES] = {
	[STATE_META] = "meta", [STATE_LISTS] = "lists",
	[STATE_INCIDENTS] = "incidents", [STATE_COUNTS] = "counts",
	[STATE_EXEMPTIONS] = "exemptions",
	[STATE_CAMPAIGNS] = "campaigns", [STATE_GREYLIST] = "greylist",
	[STATE_AUDIT] = "audit", [STATE_HOLDS] = "holds",
	[STATE_EVIDENCE] = "evidence",
};

static MDB_val value_of(struct span bytes)
{
	return (MDB_val){ bytes.len, (void *)bytes.ptr };
}

static struct span span_of_value(const MDB_val *value)
{
	return span_of(value->mv_data, value->mv_size);
}

static bool fail(const struct state *state, int number, GError **error)
{
	store_error_set(error, state->path, number);
	return false;
}

static int open_tables(struct state *state, MDB_txn *txn, unsigned flags)
{
	int failed = 0;

	for (size_t i = 0; i < STATE_TABLES && !failed; i++)
		failed = mdb_dbi_open(txn, table_names[i], flags,
				      &state->tables[i]);
	return failed;
}

static MDB_val version_key(void)
{
	return (MDB_val){ 7, (void *)"version" };
}

/* 0 when there is none yet. */
static uint32_t read_version(const struct state *state, MDB_txn *txn)
{
	MDB_val key = version_key(), value;
	uint32_t version = 0;

	if (mdb_get(txn, state->tables[STATE_META], &key, &value) == 0 &&
	    value.mv_size == sizeof version)
		memcpy(&version, value.mv_data, sizeof version);
	return version;
}

static int write_version(struct state *state, MDB_txn *txn)
{
	uint32_t version = SCHEMA_VERSION;
	MDB_val key = version_key(), value = { sizeof version, &version };

	return mdb_put(txn, state->tables[STATE_META], &key, &value, 0);
}

/* The version first: a newer program may have other tables, and they stay as they
 * are. */
static int look(struct state *state, MDB_txn *txn, unsigned flags,
		uint32_t *version_out)
{
	int failed = mdb_dbi_open(txn, table_names[STATE_META], flags,
				  &state->tables[STATE_META]);

	if (failed)
		return failed;
	*version_out = read_version(state, txn);
	return *version_out > SCHEMA_VERSION ? 0 :
	       open_tables(state, txn, flags);
}

/* One write transaction at the first start only; then a read one does. */
static int prepare(struct state *state, uint32_t *version_out)
{
	MDB_txn *txn;
	int failed = mdb_txn_begin(state->env, NULL, MDB_RDONLY, &txn);

	if (failed)
		return failed;
	failed = look(state, txn, 0, version_out);
	if (!failed && *version_out) {
		mdb_txn_commit(txn);
		return 0;
	}
	mdb_txn_abort(txn);
	failed = mdb_txn_begin(state->env, NULL, 0, &txn);
	if (failed)
		return failed;
	failed = look(state, txn, MDB_CREATE, version_out);
	if (!failed && *version_out <= SCHEMA_VERSION) {
		*version_out = SCHEMA_VERSION;
		failed = write_version(state, txn);
		if (!failed)
			return mdb_txn_commit(txn);
	}
	mdb_txn_abort(txn);
	return failed;
}

struct state *state_open(const char *dir, enum state_flags flags,
			 GError **error)
{
	const struct lmdbenv_options options = {
		.is_created = flags & STATE_CREATE, .tables = STATE_TABLES,
		.map_bytes = MAP_BYTES,
	};
	struct state *state = g_new0(struct state, 1);
	uint32_t version = 0;
	int failed;

	pthread_mutex_init(&state->lock, NULL);
	state->path = g_build_filename(dir, STATE_FILE, NULL);
	state->env = lmdbenv_open(state->path, &options, error);
	if (!state->env)
		goto fail;
	failed = prepare(state, &version);
	if (failed) {
		fail(state, failed, error);
		goto fail;
	}
	if (version <= SCHEMA_VERSION)
		return state;
	store_error_set_newer(error, state->path, version, SCHEMA_VERSION);
fail:
	state_close(&state);
	return NULL;
}

void state_close(struct state **state)
{
	struct state *old = *state;

	*state = NULL;
	if (!old)
		return;
	while (old->pooled)
		mdb_txn_abort(old->pool[--old->pooled]);
	if (old->env)
		mdb_env_close(old->env);
	pthread_mutex_destroy(&old->lock);
	g_free(old->path);
	g_free(old);
}

static MDB_txn *take_pooled(struct state *state)
{
	MDB_txn *txn = NULL;

	pthread_mutex_lock(&state->lock);
	if (state->pooled)
		txn = state->pool[--state->pooled];
	pthread_mutex_unlock(&state->lock);
	return txn;
}

static struct state_txn *begin(struct state *state, MDB_txn *txn,
			       bool is_write)
{
	struct state_txn *out = g_new(struct state_txn, 1);

	*out = (struct state_txn){ state, txn, is_write };
	return out;
}

struct state_txn *state_begin_read(struct state *state, GError **error)
{
	MDB_txn *txn = take_pooled(state);
	int failed;

	if (txn) {
		failed = mdb_txn_renew(txn);
		if (!failed)
			return begin(state, txn, false);
		mdb_txn_abort(txn);
	}
	failed = mdb_txn_begin(state->env, NULL, MDB_RDONLY, &txn);
	if (!failed)
		return begin(state, txn, false);
	fail(state, failed, error);
	return NULL;
}

struct state_txn *state_begin_write(struct state *state, GError **error)
{
	MDB_txn *txn;
	int failed = mdb_txn_begin(state->env, NULL, 0, &txn);

	if (!failed)
		return begin(state, txn, true);
	fail(state, failed, error);
	return NULL;
}

bool state_commit(struct state_txn **txn, GError **error)
{
	struct state_txn *old = *txn;
	int failed = mdb_txn_commit(old->txn);
	struct state *state = old->state;

	*txn = NULL;
	g_free(old);
	return failed ? fail(state, failed, error) : true;
}

void state_end(struct state_txn **txn)
{
	struct state_txn *old = *txn;
	struct state *state;

	*txn = NULL;
	if (!old)
		return;
	state = old->state;
	if (!old->is_write) {
		mdb_txn_reset(old->txn);
		pthread_mutex_lock(&state->lock);
		if (state->pooled < POOL_MAX) {
			state->pool[state->pooled++] = old->txn;
			old->txn = NULL;
		}
		pthread_mutex_unlock(&state->lock);
	}
	if (old->txn)
		mdb_txn_abort(old->txn);
	g_free(old);
}

bool state_find(struct state_txn *txn, enum state_table table,
		struct span key, struct span *value_out)
{
	MDB_val name = value_of(key), value;

	if (key.len == 0 || key.len > STATE_KEY_MAX ||
	    mdb_get(txn->txn, txn->state->tables[table], &name, &value) != 0)
		return false;
	*value_out = span_of_value(&value);
	return true;
}

bool state_seek(struct state_txn *txn, enum state_table table,
		struct span from, struct span *key_out,
		struct span *value_out)
{
	MDB_val key = value_of(from), value;
	MDB_cursor *cursor;
	bool is_found;

	if (mdb_cursor_open(txn->txn, txn->state->tables[table],
			    &cursor) != 0)
		return false;
	is_found = mdb_cursor_get(cursor, &key, &value,
				  from.len ? MDB_SET_RANGE : MDB_FIRST) == 0;
	mdb_cursor_close(cursor);
	if (is_found) {
		*key_out = span_of_value(&key);
		*value_out = span_of_value(&value);
	}
	return is_found;
}

uint64_t state_count(struct state_txn *txn, enum state_table table)
{
	MDB_stat stats;

	return mdb_stat(txn->txn, txn->state->tables[table], &stats) == 0 ?
	       stats.ms_entries : 0;
}

bool state_put(struct state_txn *txn, enum state_table table, struct span key,
	       struct span value, GError **error)
{
	MDB_val name = value_of(key), bytes = value_of(value);
	int failed = mdb_put(txn->txn, txn->state->tables[table], &name,
			     &bytes, 0);

	return failed ? fail(txn->state, failed, error) : true;
}

bool state_delete(struct state_txn *txn, enum state_table table,
		  struct span key)
{
	MDB_val name = value_of(key);

	return mdb_del(txn->txn, txn->state->tables[table], &name, NULL) == 0;
}

void state_check_readers(struct state *state)
{
	int dead;

	mdb_reader_check(state->env, &dead);
}
