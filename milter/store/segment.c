#include <config.h>

#include "store/segment.h"

#include "store/day.h"
#include "store/digest.h"
#include "store/lmdbenv.h"
#include "store/sealguide.h"
#include "store/storeerror.h"
#include "store/wholefile.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TABLES 3
#define PROBE_BYTES ((size_t)1 << 20)

struct segment {
	char *path;
	MDB_env *env;
	MDB_dbi records, index, meta;
	bool is_shared;
	unsigned references;	/* then; under open_lock */
	enum segment_access access;
	unsigned newer;		/* version that is not known, or 0 */
	bool is_sealed;
	struct dayguide *guide;	/* then, once it is needed; in the
				 * file: no env */
};

/* The one value of the meta table: all that changes with each group. */
struct meta {
	uint32_t version, keys;
	uint64_t count, sequence, before_sequence;
	uint8_t sha256[RECORD_HASH_BYTES], before_sha256[RECORD_HASH_BYTES];
};

/* LMDB must not open a file that has a lock twice in a process:
 * those are shared. */
static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *open_segments;	/* path -> struct segment * */

static MDB_val meta_key(void)
{
	return (MDB_val){ 4, (void *)"meta" };
}

static MDB_val sequence_value(const uint64_t *big_endian)
{
	return (MDB_val){ sizeof *big_endian, (void *)big_endian };
}

bool segment_fail(const struct segment *segment, int number, GError **error)
{
	if (segment->newer)
		store_error_set_newer(error, segment->path, segment->newer,
				      SEGMENT_SEALED);
	else
		store_error_set(error, segment->path, number);
	return false;
}

static int open_tables(struct segment *segment, MDB_txn *txn, unsigned flags)
{
	int failed = mdb_dbi_open(txn, "records", flags, &segment->records);

	if (!failed)
		failed = mdb_dbi_open(txn, "index", flags | (flags ?
			MDB_DUPSORT | MDB_DUPFIXED : 0), &segment->index);
	if (!failed)
		failed = mdb_dbi_open(txn, "meta", flags, &segment->meta);
	return failed;
}

static int put_meta(const struct segment *segment, MDB_txn *txn,
		    const struct meta *meta)
{
	MDB_val key = meta_key(), value = { sizeof *meta, (void *)meta };

	return mdb_put(txn, segment->meta, &key, &value, 0);
}

int segment_put_facts(MDB_txn *txn, unsigned int meta_table,
		      enum segment_format format,
		      const struct segment_facts *facts)
{
	const struct segment made = { .meta = meta_table };
	struct meta meta = {
		.version = format, .keys = facts->keys,
		.count = facts->count,
		.sequence = facts->head.sequence,
		.before_sequence = facts->before.sequence,
	};

	memcpy(meta.sha256, facts->head.sha256, sizeof meta.sha256);
	memcpy(meta.before_sha256, facts->before.sha256, sizeof meta.sha256);
	return put_meta(&made, txn, &meta);
}

static int get_meta(const struct segment *segment, MDB_txn *txn,
		    struct meta *meta_out)
{
	MDB_val key = meta_key(), value;
	int failed = mdb_get(txn, segment->meta, &key, &value);

	if (failed)
		return failed;
	if (value.mv_size < sizeof meta_out->version)
		return MDB_CORRUPTED;
	memcpy(&meta_out->version, value.mv_data, sizeof meta_out->version);
	if (meta_out->version > SEGMENT_SEALED)
		return MDB_VERSION_MISMATCH;
	if (meta_out->version == 0 || value.mv_size != sizeof *meta_out)
		return MDB_CORRUPTED;
	memcpy(meta_out, value.mv_data, sizeof *meta_out);
	/* So that what is reckoned with them goes over no end. */
	if (meta_out->before_sequence > meta_out->sequence ||
	    meta_out->sequence == UINT64_MAX ||
	    meta_out->count > meta_out->sequence - meta_out->before_sequence)
		return MDB_CORRUPTED;
	return 0;
}

static int make_tables(MDB_env *env, const struct segment_head *before)
{
	const struct segment_facts facts = {
		.before = *before, .head = *before,
		.keys = RECORD_KEYS_VERSION,
	};
	struct segment made = { .env = env };
	MDB_txn *txn;
	int failed = mdb_txn_begin(env, NULL, 0, &txn);

	if (failed)
		return failed;
	failed = open_tables(&made, txn, MDB_CREATE);
	if (!failed)
		failed = segment_put_facts(txn, made.meta, SEGMENT_OPEN,
					   &facts);
	if (failed) {
		mdb_txn_abort(txn);
		return failed;
	}
	return mdb_txn_commit(txn);
}

bool segment_create(const char *path, const struct segment_head *before,
		    GError **error)
{
	g_autofree char *fresh = g_strconcat(path, ".new", NULL);
	g_autofree char *lock = g_strconcat(fresh, "-lock", NULL);
	const struct lmdbenv_options options = {
		.is_created = true, .tables = TABLES, .map_bytes = 1 << 20,
	};
	MDB_env *env;
	int failed;

	unlink(fresh);
	unlink(lock);
	env = lmdbenv_open(fresh, &options, error);
	if (!env)
		return false;
	failed = make_tables(env, before);
	mdb_env_close(env);
	unlink(lock);
	if (!failed)
		failed = wholefile_rename(fresh, path);
	if (!failed)
		return true;
	unlink(fresh);
	store_error_set(error, path, failed);
	return false;
}

static void free_segment(struct segment *segment)
{
	dayguide_free(&segment->guide);
	if (segment->env)
		mdb_env_close(segment->env);
	g_free(segment->path);
	g_free(segment);
}

static void facts_of(const struct meta *meta, struct segment_facts *out)
{
	*out = (struct segment_facts){
		.is_sealed = meta->version == SEGMENT_SEALED,
		.count = meta->count, .keys = meta->keys,
		.head.sequence = meta->sequence,
		.before.sequence = meta->before_sequence,
	};
	memcpy(out->head.sha256, meta->sha256, sizeof meta->sha256);
	memcpy(out->before.sha256, meta->before_sha256, sizeof meta->sha256);
}

/* The version first: a newer program may have other tables. */
static int take_meta(struct segment *segment, MDB_txn *txn)
{
	struct meta meta;
	int failed = mdb_dbi_open(txn, "meta", 0, &segment->meta);

	if (!failed)
		failed = get_meta(segment, txn, &meta);
	if (failed == MDB_VERSION_MISMATCH)
		segment->newer = meta.version;
	if (!failed)
		failed = open_tables(segment, txn, 0);
	segment->is_sealed = !failed && meta.version == SEGMENT_SEALED;
	return failed;
}

static bool open_env(struct segment *segment,
		     const struct lmdbenv_options *options, GError **error)
{
	MDB_txn *txn;
	int failed;

	segment->env = lmdbenv_open(segment->path, options, error);
	if (!segment->env)
		return false;
	failed = mdb_txn_begin(segment->env, NULL, MDB_RDONLY, &txn);
	if (!failed) {
		failed = take_meta(segment, txn);
		/* Commit keeps the handles of the tables. */
		mdb_txn_commit(txn);
	}
	return !failed || segment_fail(segment, failed == MDB_NOTFOUND ?
				       MDB_CORRUPTED : failed, error);
}

/* The writer before may have ended with a failure: of a record's write, or when
 * the file had its name but the folder could not be synced. */
static bool settle(struct segment *segment, GError **error)
{
	MDB_txn *txn;
	int failed = wholefile_sync_name(segment->path);

	if (!failed)
		failed = mdb_txn_begin(segment->env, NULL, 0, &txn);
	if (!failed) {
		failed = lmdbenv_settle(segment->env);
		mdb_txn_abort(txn);
	}
	return !failed || segment_fail(segment, failed, error);
}

/*
 * A sealed day is never written, so it needs no lock; and must have none: that
 * of the open day, which had its name, speaks of another file. While it is
 * being sealed its seal is there first.
 */
static bool is_closed(const char *path)
{
	g_autofree char *seal = day_seal_path(path);
	g_autofree char *fresh = g_strconcat(seal, ".sealing", NULL);

	return g_file_test(seal, G_FILE_TEST_EXISTS) ||
	       g_file_test(fresh, G_FILE_TEST_EXISTS);
}

static struct dayguide *find_guide(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? NULL : dayguide_open(fd);
}

/* A day's file comes to its name when it is whole: an empty one is damage. */
static bool is_emptied(const char *path)
{
	struct stat file;

	return stat(path, &file) == 0 && file.st_size == 0;
}

static struct segment *open_new(const char *path, enum segment_access access,
				bool is_over, int64_t map_bytes,
				GError **error)
{
	struct lmdbenv_options options = {
		.is_read_only = access == SEGMENT_READ, .tables = TABLES,
		.map_bytes = access == SEGMENT_WRITE ? (size_t)map_bytes : 0,
		.is_unlocked = is_over,
	};
	struct segment *segment;
	struct dayguide *guide = is_over ? find_guide(path) : NULL;

	if (!guide && is_emptied(path)) {
		store_error_set_text(error, STORE_ERROR_DAMAGED,
				     "%s: the file is cut short", path);
		return NULL;
	}
	segment = g_new0(struct segment, 1);
	segment->path = g_strdup(path);
	segment->access = access;
	segment->is_shared = !is_over;
	segment->references = 1;
	segment->guide = guide;
	segment->is_sealed = guide;
	if ((!guide && !open_env(segment, &options, error)) ||
	    (access == SEGMENT_WRITE && !segment->is_sealed &&
	     !settle(segment, error))) {
		free_segment(segment);
		return NULL;
	}
	if (!segment->is_sealed || access == SEGMENT_READ)
		return segment;
	free_segment(segment);
	store_error_set_text(error, STORE_ERROR_INVALID, "%s: the day is "
			     "sealed, no record can be added to it", path);
	return NULL;
}

struct segment *segment_open(const char *path, enum segment_access access,
			     int64_t map_bytes, GError **error)
{
	struct segment *segment;

	if (access == SEGMENT_READ && is_closed(path))
		return open_new(path, access, true, 0, error);
	pthread_mutex_lock(&open_lock);
	if (!open_segments)
		open_segments = g_hash_table_new(g_str_hash, g_str_equal);
	segment = g_hash_table_lookup(open_segments, path);
	if (segment && access == SEGMENT_WRITE &&
	    segment->access == SEGMENT_READ) {
		store_error_set_text(error, STORE_ERROR_BUSY,
				     "%s: being read here", path);
		segment = NULL;
	} else if (segment) {
		segment->references++;
	} else {
		segment = open_new(path, access, false, map_bytes, error);
		if (segment)
			g_hash_table_insert(open_segments, segment->path,
					    segment);
	}
	pthread_mutex_unlock(&open_lock);
	return segment;
}

void segment_close(struct segment **segment)
{
	struct segment *old = *segment;

	*segment = NULL;
	if (!old)
		return;
	if (!old->is_shared) {
		free_segment(old);
		return;
	}
	pthread_mutex_lock(&open_lock);
	if (--old->references == 0) {
		g_hash_table_remove(open_segments, old->path);
		free_segment(old);
	}
	if (g_hash_table_size(open_segments) == 0)
		g_clear_pointer(&open_segments, g_hash_table_unref);
	pthread_mutex_unlock(&open_lock);
}

static int begin_txn(struct segment *segment, MDB_txn **txn_out)
{
	int failed = mdb_txn_begin(segment->env, NULL, MDB_RDONLY, txn_out);

	/* The daemon may have a larger map than the file said when opened. */
	if (failed == MDB_MAP_RESIZED &&
	    !(failed = mdb_env_set_mapsize(segment->env, 0)))
		failed = mdb_txn_begin(segment->env, NULL, MDB_RDONLY, txn_out);
	return failed;
}

bool segment_facts(struct segment *segment, struct segment_facts *facts_out,
		   GError **error)
{
	struct meta meta;
	MDB_txn *txn;
	int failed;

	if (!segment->env) {
		*facts_out = *dayguide_facts(segment->guide);
		return true;
	}
	failed = begin_txn(segment, &txn);
	if (failed)
		return segment_fail(segment, failed, error);
	failed = get_meta(segment, txn, &meta);
	mdb_txn_abort(txn);
	if (failed)
		return segment_fail(segment, failed, error);
	facts_of(&meta, facts_out);
	return true;
}

static int put_keys(const struct segment *segment, MDB_txn *txn,
		    const struct packed_record *record,
		    const uint64_t *big_endian)
{
	for (guint i = 0; i < record->keys->len; i++) {
		struct record_key *one =
			&g_array_index(record->keys, struct record_key, i);
		MDB_val key = { one->len, one->bytes };
		MDB_val value = sequence_value(big_endian);
		int failed = mdb_put(txn, segment->index, &key, &value, 0);

		if (failed)
			return failed;
	}
	return 0;
}

/* The hash of the record before goes behind its bytes; that of all of it is
 * what the next one gets. */
static int put_record(const struct segment *segment, MDB_txn *txn,
		      const struct packed_record *record, struct meta *meta)
{
	uint64_t big_endian = GUINT64_TO_BE(meta->sequence + 1);
	size_t len = record->len + PACKED_TAIL_BYTES;
	MDB_val key = sequence_value(&big_endian);
	MDB_val value = { len, record->bytes };
	int failed;

	recordform_put_tail(record->bytes + record->len, meta->sha256);
	failed = mdb_put(txn, segment->records, &key, &value, MDB_APPEND);
	if (failed)
		return failed;
	digest_sha256(span_of((const char *)record->bytes, len),
		      meta->sha256);
	meta->sequence++;
	meta->count++;
	return put_keys(segment, txn, record, &big_endian);
}

bool segment_append(struct segment *segment,
		    struct packed_record *const *records, size_t count,
		    GError **error)
{
	struct meta meta;
	MDB_txn *txn;
	int failed = mdb_txn_begin(segment->env, NULL, 0, &txn);

	if (!failed) {
		failed = get_meta(segment, txn, &meta);
		for (size_t i = 0; !failed && i < count; i++)
			failed = put_record(segment, txn, records[i], &meta);
		if (!failed)
			failed = put_meta(segment, txn, &meta);
		if (failed)
			mdb_txn_abort(txn);
		else
			failed = mdb_txn_commit(txn);
	}
	if (!failed)
		return true;
	return segment_fail(segment, failed, error);
}

/* Two transactions: the first takes the pages, the second gives them back to
 * the free list, where the next records find them. */
bool segment_probe(struct segment *segment, GError **error)
{
	static const char name[] = "probe";
	MDB_val key = { sizeof name - 1, (void *)name };
	MDB_val value = { PROBE_BYTES, NULL };
	MDB_txn *txn;
	int failed = mdb_txn_begin(segment->env, NULL, 0, &txn);

	if (!failed) {
		failed = mdb_put(txn, segment->meta, &key, &value,
				 MDB_RESERVE);
		if (failed) {
			mdb_txn_abort(txn);
		} else {
			memset(value.mv_data, 0, PROBE_BYTES);
			failed = mdb_txn_commit(txn);
		}
	}
	if (!failed)
		failed = mdb_txn_begin(segment->env, NULL, 0, &txn);
	if (!failed) {
		failed = mdb_del(txn, segment->meta, &key, NULL);
		if (failed)
			mdb_txn_abort(txn);
		else
			failed = mdb_txn_commit(txn);
	}
	if (!failed)
		return true;
	return segment_fail(segment, failed, error);
}

int segment_check_readers(struct segment *segment)
{
	int dead = 0;

	mdb_reader_check(segment->env, &dead);
	return dead;
}

/* Of a day that was sealed before there were guides, or whose
 * own is damaged. */
static int make_guide(struct segment *segment, MDB_txn *txn)
{
	const struct sealguide_tables tables = {
		txn, segment->records, segment->index, segment->meta,
	};
	struct segment_facts facts;
	struct meta meta;
	GByteArray *bytes;
	int failed, fd;

	failed = get_meta(segment, txn, &meta);
	if (!failed)
		failed = mdb_env_get_fd(segment->env, &fd);
	if (failed)
		return failed;
	facts_of(&meta, &facts);
	failed = sealguide_make(&tables, &facts, &bytes);
	if (failed)
		return failed;
	/* LMDB's own file: the name may be another's by now. */
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0) {
		failed = errno;
		g_byte_array_unref(bytes);
		return failed;
	}
	segment->guide = dayguide_open_with(fd, bytes);
	return segment->guide ? 0 : MDB_CORRUPTED;
}

/* Once, for all that share the segment. */
static int need_guide(struct segment *segment, MDB_txn *txn)
{
	static pthread_mutex_t guide_lock = PTHREAD_MUTEX_INITIALIZER;
	int failed = 0;

	pthread_mutex_lock(&guide_lock);
	if (!segment->guide)
		failed = make_guide(segment, txn);
	pthread_mutex_unlock(&guide_lock);
	return failed;
}

bool segment_begin_read(struct segment *segment, struct segment_view *view_out,
			GError **error)
{
	MDB_txn *txn = NULL;
	int failed = segment->env ? begin_txn(segment, &txn) : 0;

	if (failed)
		return segment_fail(segment, failed, error);
	if (txn && segment->is_sealed) {
		failed = need_guide(segment, txn);
		mdb_txn_abort(txn);
		txn = NULL;
	}
	if (failed)
		return segment_fail(segment, failed, error);
	*view_out = (struct segment_view){
		.txn = txn, .records = segment->records,
		.index = segment->index,
		.guide = segment->is_sealed ? segment->guide : NULL,
	};
	return true;
}

void segment_end_read(struct segment *segment, struct segment_view *view)
{
	(void)segment;
	if (view->txn)
		mdb_txn_abort(view->txn);
	view->txn = NULL;
}
