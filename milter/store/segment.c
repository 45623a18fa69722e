#include <config.h>

#include "store/segment.h"

#include "store/digest.h"
#include "store/lmdbenv.h"
#include "store/segmentshare.h"
#include "store/storeerror.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define FORMAT_VERSION 1
#define TABLES 3
/* Address space, and the file's bound until more is asked for. */
#define MAP_START_BYTES ((size_t)1 << 30)
#define PROBE_BYTES ((size_t)1 << 20)

/*
 * LMDB wants no transaction open in the process while the map grows: readers
 * counts those, and is_growing keeps new ones out for the moment.
 */
struct segment {
	char *path;
	MDB_env *env;
	MDB_dbi records, index, meta;
	size_t map_bytes, map_most;
	bool is_writer;
	atomic_bool is_broken;
	GArray *entries;		/* of the group being written */
	pthread_mutex_t lock;		/* over the two below */
	pthread_cond_t is_calm;
	unsigned int readers;
	bool is_growing;
};

/* One row of the index. */
struct entry {
	struct record_key key;
	uint64_t sequence_be;
};

/* As in the meta table: numbers most significant byte first. */
struct disk_head {
	uint64_t sequence_be;
	uint8_t sha256[RECORD_HASH_BYTES];
	uint64_t count_be;
};

static MDB_val val_of(const void *ptr, size_t len)
{
	return (MDB_val){ len, (void *)ptr };
}

static MDB_val name_of(const char *text)
{
	return val_of(text, strlen(text));
}

static int get_head(MDB_txn *txn, MDB_dbi meta, const char *name,
		    struct disk_head *head_out)
{
	MDB_val key = name_of(name), value;
	int failed = mdb_get(txn, meta, &key, &value);

	if (!failed && value.mv_size != sizeof *head_out)
		failed = MDB_CORRUPTED;
	if (!failed)
		memcpy(head_out, value.mv_data, sizeof *head_out);
	return failed;
}

static int put_head(MDB_txn *txn, MDB_dbi meta, const char *name,
		    const struct disk_head *head)
{
	MDB_val key = name_of(name), value = val_of(head, sizeof *head);

	return mdb_put(txn, meta, &key, &value, 0);
}

static int open_tables(MDB_txn *txn, unsigned int flags,
		       struct segment *segment)
{
	int failed = mdb_dbi_open(txn, "records", flags, &segment->records);

	if (!failed)
		failed = mdb_dbi_open(txn, "index",
				      flags | MDB_DUPSORT | MDB_DUPFIXED,
				      &segment->index);
	if (!failed)
		failed = mdb_dbi_open(txn, "meta", flags, &segment->meta);
	return failed;
}

static int write_start(MDB_env *env, const struct segment_head *before)
{
	struct disk_head head = { .sequence_be = htobe64(before->sequence) };
	uint32_t version_be = htobe32(FORMAT_VERSION);
	MDB_val key = name_of("version");
	MDB_val value = val_of(&version_be, sizeof version_be);
	struct segment fresh;
	MDB_txn *txn;
	int failed = mdb_txn_begin(env, NULL, 0, &txn);

	if (failed)
		return failed;
	memcpy(head.sha256, before->sha256, sizeof head.sha256);
	failed = open_tables(txn, MDB_CREATE, &fresh);
	if (!failed)
		failed = mdb_put(txn, fresh.meta, &key, &value, 0);
	if (!failed)
		failed = put_head(txn, fresh.meta, "before", &head);
	if (!failed)
		failed = put_head(txn, fresh.meta, "head", &head);
	if (failed)
		mdb_txn_abort(txn);
	else
		failed = mdb_txn_commit(txn);
	return failed;
}

static void remove_with_lock(const char *path)
{
	g_autofree char *lock = g_strconcat(path, "-lock", NULL);

	unlink(path);
	unlink(lock);
}

/* A name in a folder is on disk only when the folder is. */
static int sync_folder_of(const char *path)
{
	g_autofree char *dir = g_path_get_dirname(path);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failed = 0;

	if (fd < 0 || fsync(fd) != 0)
		failed = errno;
	if (fd >= 0)
		close(fd);
	return failed;
}

bool segment_create(const char *path, const struct segment_head *before,
		    GError **error)
{
	const struct lmdbenv_options options = {
		.is_created = true, .tables = TABLES,
		.map_bytes = MAP_START_BYTES,
	};
	g_autofree char *fresh = g_strconcat(path, ".new", NULL);
	MDB_env *env;
	int failed;

	remove_with_lock(fresh);
	env = lmdbenv_open(fresh, &options, error);
	if (!env) {
		remove_with_lock(fresh);
		return false;
	}
	failed = write_start(env, before);
	mdb_env_close(env);
	if (!failed && rename(fresh, path) != 0)
		failed = errno;
	if (!failed)
		failed = sync_folder_of(path);
	remove_with_lock(fresh);
	if (failed)
		store_error_set(error, path, failed);
	return failed == 0;
}

static bool check_version(struct segment *segment, MDB_txn *txn,
			  GError **error)
{
	MDB_val key = name_of("version"), value;
	uint32_t version_be = 0;
	int failed = mdb_get(txn, segment->meta, &key, &value);

	if (!failed && value.mv_size == sizeof version_be)
		memcpy(&version_be, value.mv_data, sizeof version_be);
	if (be32toh(version_be) > FORMAT_VERSION) {
		store_error_set_text(error, STORE_ERROR_NEWER,
			"%s: its format is %u, this program knows up to %u: "
			"a newer Mailreeve wrote it", segment->path,
			be32toh(version_be), FORMAT_VERSION);
		return false;
	}
	if (version_be == 0) {
		store_error_set(error, segment->path,
				failed ? failed : MDB_CORRUPTED);
		return false;
	}
	return true;
}

static bool read_start(struct segment *segment, GError **error)
{
	MDB_txn *txn;
	int failed = mdb_txn_begin(segment->env, NULL, MDB_RDONLY, &txn);

	if (!failed) {
		failed = open_tables(txn, 0, segment);
		if (failed)
			mdb_txn_abort(txn);
	}
	if (failed) {
		store_error_set(error, segment->path, failed);
		return false;
	}
	if (!check_version(segment, txn, error)) {
		mdb_txn_abort(txn);
		return false;
	}
	mdb_txn_commit(txn);		/* keeps the tables open */
	return true;
}

static void segment_free(struct segment *segment)
{
	if (segment->env)
		mdb_env_close(segment->env);
	g_array_unref(segment->entries);
	pthread_cond_destroy(&segment->is_calm);
	pthread_mutex_destroy(&segment->lock);
	g_free(segment->path);
	g_free(segment);
}

static struct segment *open_own(const char *path, bool is_writer,
				int64_t map_bytes, GError **error)
{
	struct segment *segment = g_new0(struct segment, 1);
	struct lmdbenv_options options = {
		.is_read_only = !is_writer, .tables = TABLES,
	};

	segment->path = g_strdup(path);
	segment->is_writer = is_writer;
	segment->map_most = (size_t)map_bytes;
	segment->map_bytes = MIN(segment->map_most, MAP_START_BYTES);
	segment->entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
	pthread_mutex_init(&segment->lock, NULL);
	pthread_cond_init(&segment->is_calm, NULL);
	if (is_writer)
		options.map_bytes = segment->map_bytes;
	segment->env = lmdbenv_open(path, &options, error);
	if (segment->env && read_start(segment, error))
		return segment;
	segment_free(segment);
	return NULL;
}

struct segment *segment_open(const char *path, enum segment_access access,
			     int64_t map_bytes, GError **error)
{
	bool is_writer = access == SEGMENT_WRITE;
	struct segment *segment;

	segmentshare_lock();
	segment = segmentshare_find(path);
	if (!segment) {
		segment = open_own(path, is_writer, map_bytes, error);
		if (segment)
			segmentshare_add(segment->path, segment);
	} else if (atomic_load(&segment->is_broken) ||
		   (is_writer && !segment->is_writer)) {
		segmentshare_drop(path);
		store_error_set_text(error, STORE_ERROR_BUSY,
				     "%s: still being read", path);
		segment = NULL;
	}
	segmentshare_unlock();
	return segment;
}

void segment_close(struct segment **segment)
{
	if (!*segment)
		return;
	segmentshare_lock();
	if (segmentshare_drop((*segment)->path))
		segment_free(*segment);
	segmentshare_unlock();
	*segment = NULL;
}

const char *segment_path(const struct segment *segment)
{
	return segment->path;
}

bool segment_is_broken(const struct segment *segment)
{
	return atomic_load(&segment->is_broken);
}

/* Adopts or sets another size once no reader is there. 0: as the file says. */
static int resize(struct segment *segment, size_t bytes)
{
	int failed;

	pthread_mutex_lock(&segment->lock);
	while (segment->is_growing || segment->readers)
		pthread_cond_wait(&segment->is_calm, &segment->lock);
	failed = mdb_env_set_mapsize(segment->env, bytes);
	pthread_mutex_unlock(&segment->lock);
	return failed;
}

static bool grow(struct segment *segment)
{
	size_t bytes = segment->map_bytes;

	if (bytes >= segment->map_most)
		return false;
	bytes = bytes > segment->map_most / 2 ? segment->map_most : bytes * 2;
	if (resize(segment, bytes) != 0)
		return false;
	segment->map_bytes = bytes;
	return true;
}

static int add_entries(struct segment *segment,
		       const struct packed_record *record, uint64_t sequence)
{
	for (guint i = 0; i < record->keys->len; i++) {
		struct entry entry = {
			g_array_index(record->keys, struct record_key, i),
			htobe64(sequence),
		};

		g_array_append_val(segment->entries, entry);
	}
	return 0;
}

/* The tail goes behind the record's bytes in the caller's buffer, so that it can
 * be hashed and written in one piece. */
static int put_record(struct segment *segment, MDB_txn *txn,
		      struct packed_record *record, struct disk_head *head)
{
	uint64_t sequence = be64toh(head->sequence_be) + 1;
	uint64_t sequence_be = htobe64(sequence);
	size_t len = record->len + PACKED_TAIL_BYTES;
	MDB_val key = val_of(&sequence_be, sizeof sequence_be);
	MDB_val value = val_of(record->bytes, len);

	recordform_put_tail(record->bytes + record->len, head->sha256);
	digest_sha256(span_of((char *)record->bytes, len), head->sha256);
	head->sequence_be = sequence_be;
	head->count_be = htobe64(be64toh(head->count_be) + 1);
	add_entries(segment, record, sequence);
	return mdb_put(txn, segment->records, &key, &value, MDB_APPEND);
}

static gint by_key(gconstpointer a, gconstpointer b)
{
	const struct entry *x = a, *y = b;
	int order = memcmp(x->key.bytes, y->key.bytes,
			   MIN(x->key.len, y->key.len));

	if (order == 0)
		order = (int)x->key.len - (int)y->key.len;
	return order ? order : memcmp(&x->sequence_be, &y->sequence_be,
				      sizeof x->sequence_be);
}

/* In the order of the tree, so that each of its pages is touched once a group. */
static int put_entries(struct segment *segment, MDB_txn *txn)
{
	MDB_cursor *cursor;
	int failed = mdb_cursor_open(txn, segment->index, &cursor);

	if (failed)
		return failed;
	g_array_sort(segment->entries, by_key);
	for (guint i = 0; i < segment->entries->len && !failed; i++) {
		const struct entry *entry =
			&g_array_index(segment->entries, struct entry, i);
		MDB_val key = val_of(entry->key.bytes, entry->key.len);
		MDB_val value = val_of(&entry->sequence_be,
				       sizeof entry->sequence_be);

		failed = mdb_cursor_put(cursor, &key, &value, 0);
	}
	mdb_cursor_close(cursor);
	return failed;
}

static int write_group(struct segment *segment, MDB_txn *txn,
		       struct packed_record *const *records, size_t count)
{
	struct disk_head head;
	int failed = get_head(txn, segment->meta, "head", &head);

	g_array_set_size(segment->entries, 0);
	for (size_t i = 0; i < count && !failed; i++)
		failed = put_record(segment, txn, records[i], &head);
	if (!failed)
		failed = put_entries(segment, txn);
	if (!failed)
		failed = put_head(txn, segment->meta, "head", &head);
	return failed;
}

/*
 * After a commit that failed, LMDB may refuse all further ones (MDB_PANIC), and
 * only the file knows what is in it. Both are cured by opening it again.
 */
static int end_write(struct segment *segment, MDB_txn *txn, int failed)
{
	if (failed) {
		mdb_txn_abort(txn);
		return failed;
	}
	failed = mdb_txn_commit(txn);
	if (failed && failed != MDB_MAP_FULL)
		atomic_store(&segment->is_broken, true);
	return failed;
}

static int begin_write(struct segment *segment, MDB_txn **txn_out)
{
	int failed = mdb_txn_begin(segment->env, NULL, 0, txn_out);

	if (failed)
		atomic_store(&segment->is_broken, true);
	return failed;
}

bool segment_append(struct segment *segment,
		    struct packed_record *const *records, size_t count,
		    GError **error)
{
	int failed;

	do {
		MDB_txn *txn;

		failed = begin_write(segment, &txn);
		if (!failed)
			failed = end_write(segment, txn,
				write_group(segment, txn, records, count));
	} while (failed == MDB_MAP_FULL && grow(segment));
	if (failed)
		store_error_set(error, segment->path, failed);
	return failed == 0;
}

static int probe_step(struct segment *segment, const MDB_val *filler)
{
	MDB_val key = name_of("probe"), value;
	MDB_txn *txn;
	int failed = begin_write(segment, &txn);

	if (failed)
		return failed;
	if (filler) {
		value = *filler;
		failed = mdb_put(txn, segment->meta, &key, &value, 0);
	} else {
		failed = mdb_del(txn, segment->meta, &key, NULL);
	}
	return end_write(segment, txn, failed);
}

/* A small write would succeed on a full disk, with pages that were freed before,
 * and the next record would fail again: well and ill by turns. */
bool segment_probe(struct segment *segment, GError **error)
{
	g_autofree char *bytes = g_malloc0(PROBE_BYTES);
	MDB_val filler = val_of(bytes, PROBE_BYTES);
	int failed;

	do {
		failed = probe_step(segment, &filler);
	} while (failed == MDB_MAP_FULL && grow(segment));
	if (!failed)
		failed = probe_step(segment, NULL);
	if (failed)
		store_error_set(error, segment->path, failed);
	return failed == 0;
}

int segment_check_readers(struct segment *segment)
{
	int dead = 0;

	mdb_reader_check(segment->env, &dead);
	return dead;
}

static void count_readers(struct segment *segment, int by)
{
	pthread_mutex_lock(&segment->lock);
	segment->readers += (unsigned int)by;
	if (segment->readers == 0)
		pthread_cond_broadcast(&segment->is_calm);
	pthread_mutex_unlock(&segment->lock);
}

bool segment_begin_read(struct segment *segment, struct segment_view *view_out,
			GError **error)
{
	int failed;

	count_readers(segment, 1);
	failed = mdb_txn_begin(segment->env, NULL, MDB_RDONLY, &view_out->txn);
	if (failed == MDB_MAP_RESIZED) {	/* the daemon made it grow */
		count_readers(segment, -1);
		failed = resize(segment, 0);
		count_readers(segment, 1);
		if (!failed)
			failed = mdb_txn_begin(segment->env, NULL, MDB_RDONLY,
					       &view_out->txn);
	}
	if (failed) {
		count_readers(segment, -1);
		store_error_set(error, segment->path, failed);
		return false;
	}
	view_out->records = segment->records;
	view_out->index = segment->index;
	view_out->meta = segment->meta;
	return true;
}

void segment_end_read(struct segment *segment, struct segment_view *view)
{
	mdb_txn_abort(view->txn);
	view->txn = NULL;
	count_readers(segment, -1);
}

static struct segment_head head_of(const struct disk_head *from)
{
	struct segment_head head = {
		.sequence = be64toh(from->sequence_be),
	};

	memcpy(head.sha256, from->sha256, sizeof head.sha256);
	return head;
}

bool segment_facts(struct segment *segment, struct segment_facts *facts_out,
		   GError **error)
{
	struct disk_head before, head;
	struct segment_view view;
	int failed;

	if (!segment_begin_read(segment, &view, error))
		return false;
	failed = get_head(view.txn, view.meta, "before", &before);
	if (!failed)
		failed = get_head(view.txn, view.meta, "head", &head);
	segment_end_read(segment, &view);
	if (failed) {
		store_error_set(error, segment->path, failed);
		return false;
	}
	facts_out->before = head_of(&before);
	facts_out->head = head_of(&head);
	facts_out->count = be64toh(head.count_be);
	return true;
}
