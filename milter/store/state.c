#include <config.h>

#include "store/state.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/lmdbenv.h"
#include "store/storeerror.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#define SCHEMA_VERSION 1
#define MAP_BYTES ((size_t)16 << 30)	/* address space */
#define POOL_MAX 64
#define TELL_EVERY_US (60 * G_USEC_PER_SEC)
#define DOUBT_US G_USEC_PER_SEC
#define DRAIN_MS 100		/* that a new transaction waits for the
				 * old ones */

/*
 * After a write to the disk that failed LMDB may refuse everything, reading
 * too, until the environment was closed. That must wait for the transactions
 * that are open, since no file may be open twice; those that want to begin
 * meanwhile wait a moment, and try with what there is. So one failure is the
 * end of nothing: lists go on being read while the disk cannot be written.
 */
struct state {
	char *path;
	atomic_int_fast64_t failed_us;	/* monotonic: of the last read
					 * that did; 0 */
	atomic_int_fast64_t told_us;	/* that it was logged */
	atomic_bool is_unsettled;	/* to be settled by the next writer */
	pthread_mutex_t lock;		/* over what follows */
	pthread_cond_t drained;
	bool is_unwell;			/* to be opened anew */
	unsigned int in_use;		/* transactions */
	MDB_env *env;			/* NULL when that failed */
	MDB_dbi tables[STATE_TABLES];
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
	[STATE_COMPLAINTS] = "complaints",
	[STATE_EVIDENCE] = "evidence", [STATE_CUSTOMERS] = "customers",
	[STATE_CUSTOMER_KEYS] = "customer_keys", [STATE_CASES] = "cases",
	[STATE_INCIDENT_TIMES] = "incident_times",
	[STATE_NOTICES] = "notices",
	[STATE_CUSTOMER_CHANGES] = "customer_changes",
	[STATE_DMARC] = "dmarc",
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

	for (size_t i = 0; i < STATE_TABLES && !failed; i++) {
		/* Without a name LMDB opens the table of all tables. */
		BUG_IF(!table_names[i]);
		failed = mdb_dbi_open(txn, table_names[i], flags,
				      &state->tables[i]);
	}
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

/* The version first: a newer program may have other tables, and
 * they stay as they are. */
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

static void close_env(struct state *state)
{
	while (state->pooled)
		mdb_txn_abort(state->pool[--state->pooled]);
	if (state->env)
		mdb_env_close(state->env);
	state->env = NULL;
}

static bool open_env(struct state *state, bool is_created, GError **error)
{
	const struct lmdbenv_options options = {
		.is_created = is_created, .tables = STATE_TABLES,
		.map_bytes = MAP_BYTES,
	};
	uint32_t version = 0;
	int failed;

	state->env = lmdbenv_open(state->path, &options, error);
	if (!state->env)
		return false;
	failed = prepare(state, &version);
	if (!failed && version <= SCHEMA_VERSION)
		return true;
	if (failed)
		fail(state, failed, error);
	else
		store_error_set_newer(error, state->path, version,
				      SCHEMA_VERSION);
	close_env(state);
	return false;
}

static void init_locks(struct state *state)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&state->lock, NULL);
	pthread_cond_init(&state->drained, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

struct state *state_open(const char *dir, enum state_flags flags,
			 GError **error)
{
	struct state *state = g_new0(struct state, 1);

	init_locks(state);
	state->path = g_build_filename(dir, STATE_FILE, NULL);
	if (!open_env(state, flags & STATE_CREATE, error))
		state_close(&state);
	return state;
}

void state_close(struct state **state)
{
	struct state *old = *state;

	*state = NULL;
	if (!old)
		return;
	close_env(old);
	pthread_cond_destroy(&old->drained);
	pthread_mutex_destroy(&old->lock);
	g_free(old->path);
	g_free(old);
}

static struct timespec drain_until(void)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += DRAIN_MS * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	return until;
}

/* lock held. The wait is short, for the transaction that is waited for may be
 * the caller's own: a thread may read while it writes. */
static bool heal(struct state *state, GError **error)
{
	struct timespec until = drain_until();

	while (state->is_unwell && state->in_use &&
	       pthread_cond_timedwait(&state->drained, &state->lock,
				      &until) != ETIMEDOUT)
		;
	if (!state->is_unwell || state->in_use)
		return true;
	close_env(state);
	if (!open_env(state, false, error))
		return false;
	state->is_unwell = false;
	return true;
}

static bool enter(struct state *state, MDB_txn **pooled_out, GError **error)
{
	bool is_good;

	pthread_mutex_lock(&state->lock);
	is_good = !state->is_unwell || heal(state, error);
	if (is_good)
		state->in_use++;
	if (is_good && pooled_out && state->pooled)
		*pooled_out = state->pool[--state->pooled];
	pthread_mutex_unlock(&state->lock);
	return is_good;
}

/* A transaction to be kept for the next reader, or NULL. */
static void leave(struct state *state, MDB_txn *txn)
{
	pthread_mutex_lock(&state->lock);
	if (txn && !state->is_unwell && state->pooled < POOL_MAX) {
		state->pool[state->pooled++] = txn;
		txn = NULL;
	}
	if (txn)
		mdb_txn_abort(txn);
	if (--state->in_use == 0 && state->is_unwell)
		pthread_cond_broadcast(&state->drained);
	pthread_mutex_unlock(&state->lock);
}

static void note_failure(struct state *state)
{
	pthread_mutex_lock(&state->lock);
	state->is_unwell = true;
	atomic_store(&state->is_unsettled, true);
	pthread_mutex_unlock(&state->lock);
}

static void note_unread(struct state *state, const char *why)
{
	int64_t now_us = clock_monotonic_us();
	int_fast64_t told_us = atomic_load(&state->told_us);

	atomic_store(&state->failed_us, now_us);
	if ((told_us && now_us < told_us + TELL_EVERY_US) ||
	    !atomic_compare_exchange_strong(&state->told_us, &told_us, now_us))
		return;
	log_event(NULL, LOG_ERR, "state_unreadable", "why=\"%s\" nobody can "
		  "be found on lists, or suspended", why);
}

/* Whether it was read; what is not there is no failure. */
static bool is_read(const struct state_txn *txn, int failed)
{
	if (failed && failed != MDB_NOTFOUND && failed != MDB_BAD_VALSIZE)
		note_unread(txn->state, mdb_strerror(failed));
	return !failed;
}

static struct state_txn *begin(struct state *state, MDB_txn *txn,
			       bool is_write)
{
	struct state_txn *out = g_new(struct state_txn, 1);

	*out = (struct state_txn){ state, txn, is_write };
	return out;
}

static struct state_txn *begin_read(struct state *state, GError **error)
{
	MDB_txn *txn = NULL;
	int failed;

	if (!enter(state, &txn, error))
		return NULL;
	if (txn) {
		if (mdb_txn_renew(txn) == 0)
			return begin(state, txn, false);
		mdb_txn_abort(txn);
	}
	failed = mdb_txn_begin(state->env, NULL, MDB_RDONLY, &txn);
	if (!failed)
		return begin(state, txn, false);
	leave(state, NULL);
	fail(state, failed, error);
	return NULL;
}

struct state_txn *state_begin_read(struct state *state, GError **error)
{
	g_autoptr(GError) why = NULL;
	struct state_txn *txn = begin_read(state, &why);

	if (txn)
		return txn;
	note_unread(state, why->message);
	g_propagate_error(error, g_steal_pointer(&why));
	return NULL;
}

static int begin_settled(struct state *state, MDB_txn **txn_out)
{
	int failed = mdb_txn_begin(state->env, NULL, 0, txn_out);

	if (failed || !atomic_load(&state->is_unsettled))
		return failed;
	failed = lmdbenv_settle(state->env);
	if (failed)
		mdb_txn_abort(*txn_out);
	else
		atomic_store(&state->is_unsettled, false);
	return failed;
}

struct state_txn *state_begin_write(struct state *state, GError **error)
{
	MDB_txn *txn;
	int failed;

	if (!enter(state, NULL, error))
		return NULL;
	failed = begin_settled(state, &txn);
	if (!failed)
		return begin(state, txn, true);
	leave(state, NULL);
	fail(state, failed, error);
	return NULL;
}

bool state_commit(struct state_txn **txn, GError **error)
{
	struct state_txn *old = *txn;
	int failed = mdb_txn_commit(old->txn);
	struct state *state = old->state;

	*txn = NULL;
	if (failed)
		note_failure(state);
	leave(state, NULL);
	g_free(old);
	return failed ? fail(state, failed, error) : true;
}

void state_end(struct state_txn **txn)
{
	struct state_txn *old = *txn;

	*txn = NULL;
	if (!old)
		return;
	if (old->is_write)
		mdb_txn_abort(old->txn);
	else
		mdb_txn_reset(old->txn);
	leave(old->state, old->is_write ? NULL : old->txn);
	g_free(old);
}

bool state_find(struct state_txn *txn, enum state_table table,
		struct span key, struct span *value_out)
{
	MDB_val name = value_of(key), value;

	if (key.len == 0 || key.len > STATE_KEY_MAX ||
	    !is_read(txn, mdb_get(txn->txn, txn->state->tables[table], &name,
				  &value)))
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

	if (!is_read(txn, mdb_cursor_open(txn->txn, txn->state->tables[table],
					  &cursor)))
		return false;
	is_found = is_read(txn, mdb_cursor_get(cursor, &key, &value, from.len ?
					       MDB_SET_RANGE : MDB_FIRST));
	mdb_cursor_close(cursor);
	if (is_found) {
		*key_out = span_of_value(&key);
		*value_out = span_of_value(&value);
	}
	return is_found;
}

bool state_seek_back(struct state_txn *txn, enum state_table table,
		     struct span before, struct span *key_out,
		     struct span *value_out)
{
	MDB_val key = value_of(before), value;
	MDB_cursor *cursor;
	bool is_behind, is_found;

	if (mdb_cursor_open(txn->txn, txn->state->tables[table],
			    &cursor) != 0)
		return false;
	is_behind = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE) == 0;
	is_found = mdb_cursor_get(cursor, &key, &value,
				  is_behind ? MDB_PREV : MDB_LAST) == 0;
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

	if (failed > 0 && failed != EINVAL)
		note_failure(txn->state);	/* a large one spills early */
	return failed ? fail(txn->state, failed, error) : true;
}

bool state_delete(struct state_txn *txn, enum state_table table,
		  struct span key)
{
	MDB_val name = value_of(key);

	return mdb_del(txn->txn, txn->state->tables[table], &name, NULL) == 0;
}

bool state_is_in_doubt(struct state *state)
{
	int64_t failed_us = atomic_load(&state->failed_us);

	return failed_us && clock_monotonic_us() < failed_us + DOUBT_US;
}

void state_doubt(struct state_txn *txn, const char *what)
{
	note_unread(txn->state, what);
}

uint64_t state_mark(struct state *state)
{
	struct state_txn *txn = state_begin_read(state, NULL);
	uint64_t mark;

	if (!txn)
		return 0;
	mark = mdb_txn_id(txn->txn);
	state_end(&txn);
	return mark;
}

void state_check_readers(struct state *state)
{
	int dead;

	if (!enter(state, NULL, NULL))
		return;
	mdb_reader_check(state->env, &dead);
	leave(state, NULL);
}
