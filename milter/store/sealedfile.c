#include <config.h>

#include "store/sealedfile.h"

#include "store/filecopy.h"
#include "store/lmdbenv.h"
#include "store/sealguide.h"
#include "store/storeerror.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define COMMIT_BYTES ((size_t)32 << 20)		/* that are on disk at once */

struct sealedfile {
	char *path;
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi tables[2], meta;
	size_t uncommitted_bytes;
	int failed;		/* LMDB's code of the first failure */
};

static bool fail(const struct sealedfile *file, GError **error)
{
	store_error_set(error, file->path, file->failed);
	return false;
}

static int open_tables(struct sealedfile *file)
{
	int failed = mdb_txn_begin(file->env, NULL, 0, &file->txn);

	if (!failed)
		failed = mdb_dbi_open(file->txn, "records", MDB_CREATE,
				      &file->tables[SEALEDFILE_RECORDS]);
	if (!failed)
		failed = mdb_dbi_open(file->txn, "index", MDB_CREATE,
				      &file->tables[SEALEDFILE_INDEX]);
	if (!failed)
		failed = mdb_dbi_open(file->txn, "meta", MDB_CREATE,
				      &file->meta);
	return failed;
}

struct sealedfile *sealedfile_open(const char *path, size_t map_bytes,
				   GError **error)
{
	const struct lmdbenv_options options = {
		.is_created = true, .is_unlocked = true, .is_unsynced = true,
		.tables = 3, .map_bytes = map_bytes,
	};
	struct sealedfile *file = g_new0(struct sealedfile, 1);

	file->path = g_strdup(path);
	file->env = lmdbenv_open(path, &options, error);
	if (file->env) {
		file->failed = open_tables(file);
		if (!file->failed)
			return file;
		fail(file, error);
	}
	sealedfile_close(&file);
	return NULL;
}

void sealedfile_close(struct sealedfile **file)
{
	struct sealedfile *old = *file;

	*file = NULL;
	if (!old)
		return;
	if (old->txn)
		mdb_txn_abort(old->txn);
	if (old->env)
		mdb_env_close(old->env);
	g_free(old->path);
	g_free(old);
}

static int commit(struct sealedfile *file)
{
	int failed = mdb_txn_commit(file->txn);

	file->txn = NULL;
	return failed ? failed : mdb_env_sync(file->env, 1);
}

static int put(struct sealedfile *file, MDB_dbi table, unsigned flags,
	       struct span key, struct span value)
{
	MDB_val name = { key.len, (void *)key.ptr };
	MDB_val data = { value.len, (void *)value.ptr };

	return mdb_put(file->txn, table, &name, &data, flags);
}

/* To the disk in steps: one long wait for it at the end would
 * be the mail's, too. */
void sealedfile_put(struct sealedfile *file, enum sealedfile_table table,
		    struct span key, struct span value)
{
	if (file->failed)
		return;
	file->failed = put(file, file->tables[table], MDB_APPEND, key, value);
	file->uncommitted_bytes += value.len;
	if (file->failed || file->uncommitted_bytes < COMMIT_BYTES)
		return;
	file->uncommitted_bytes = 0;
	file->failed = commit(file);
	if (!file->failed)
		file->failed = mdb_txn_begin(file->env, NULL, 0, &file->txn);
}

bool sealedfile_is_good(const struct sealedfile *file)
{
	return !file->failed;
}

static int put_end(struct sealedfile *file, const struct segment_facts *facts,
		   struct span dictionary)
{
	int failed = file->txn ? 0 : mdb_txn_begin(file->env, NULL, 0,
						   &file->txn);

	if (!failed)
		failed = put(file, file->meta, 0, span_text("dict"),
			     dictionary);
	if (!failed)
		failed = segment_put_facts(file->txn, file->meta,
					   SEGMENT_SEALED, facts);
	return failed ? failed : commit(file);
}

static int make_guide(const struct sealedfile *file,
		      const struct segment_facts *facts,
		      GByteArray **guide_out)
{
	struct sealguide_tables tables = {
		.records = file->tables[SEALEDFILE_RECORDS],
		.index = file->tables[SEALEDFILE_INDEX], .meta = file->meta,
	};
	int failed = mdb_txn_begin(file->env, NULL, MDB_RDONLY, &tables.txn);

	if (failed)
		return failed;
	failed = sealguide_make(&tables, facts, guide_out);
	mdb_txn_abort(tables.txn);
	return failed;
}

/* From here on LMDB must not write to the file. */
static bool append(const char *path, const GByteArray *guide, GError **error)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	bool is_done;

	if (fd < 0)
		return store_error_set(error, path, errno), false;
	is_done = filecopy_write(fd, span_of((const char *)guide->data,
					     guide->len), path, error);
	if (is_done && fdatasync(fd) != 0) {
		store_error_set(error, path, errno);
		is_done = false;
	}
	close(fd);
	return is_done;
}

/* Twice the same, since LMDB keeps two states, and whoever comes to this file
 * with the lock of the open day may be led to the older. */
bool sealedfile_end(struct sealedfile *file, const struct segment_facts *facts,
		    struct span dictionary, GError **error)
{
	g_autoptr(GByteArray) guide = NULL;

	for (unsigned i = 0; i < 2 && !file->failed; i++)
		file->failed = put_end(file, facts, dictionary);
	if (!file->failed)
		file->failed = make_guide(file, facts, &guide);
	if (file->failed)
		return fail(file, error);
	return append(file->path, guide, error);
}
