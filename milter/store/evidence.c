#include <config.h>

#include "store/evidence.h"

#include "base/log.h"
#include "store/day.h"
#include "store/evidencetree.h"
#include "store/hex.h"
#include "store/recordview.h"
#include "store/storeerror.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define LEVEL 3			/* of zstd: fast, and as small as mail gets */

/* What the files of a day's folder take; of the newest that was asked for. */
struct used {
	char *folder;
	uint64_t bytes;
};

static pthread_mutex_t folders_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t used_lock = PTHREAD_MUTEX_INITIALIZER;
static struct used used[2];		/* by is_held */
static atomic_uint_fast64_t temporaries;

static bool fail_at(GError **error, const char *path, int number)
{
	store_error_set(error, path, number);
	return false;
}

char *evidence_path(const char *state_dir, const struct evidence_place *place)
{
	g_autofree char *folder = evidencetree_folder(
		state_dir, place->is_held, place->day);
	g_autofree char *name = hex_format(place->sha256,
					   sizeof place->sha256);

	return g_strdup_printf("%s/%s" EVIDENCETREE_SUFFIX, folder, name);
}

bool evidence_of_record(const Reeve__Record *record,
			struct evidence_place *place_out)
{
	const Reeve__Evidence *evidence = record->message ?
		record->message->evidence : NULL;

	if (!evidence || evidence->sha256.len != DIGEST_SHA256_BYTES)
		return false;
	*place_out = (struct evidence_place){
		.day = day_of_us(recordview_ended_us(record)),
		.is_held = !evidence->why,
	};
	memcpy(place_out->sha256, evidence->sha256.data,
	       sizeof place_out->sha256);
	return true;
}

/* All from state_dir down to path. A folder is there for certain when the one
 * above it was written, too. */
static bool make_folders(const char *state_dir, const char *path,
			 GError **error)
{
	size_t at = strlen(state_dir);
	g_autofree char *part = g_strdup(path);

	while (part[at]) {
		char *slash = strchr(part + at + 1, '/');

		if (slash)
			*slash = '\0';
		if (mkdir(part, 0700) == 0) {
			g_autofree char *above = g_path_get_dirname(part);

			if (!evidencetree_sync(above, error))
				return false;
		} else if (errno != EEXIST) {
			return fail_at(error, part, errno);
		}
		if (!slash)
			break;
		*slash = '/';
		at = (size_t)(slash - part);
	}
	return true;
}

/* The lock: whoever finds a folder there must not go on before the other one,
 * who made it, has it on disk. */
static bool prepare_folders(const char *state_dir, const char *folder,
			    const char *fresh, GError **error)
{
	bool is_done;

	pthread_mutex_lock(&folders_lock);
	is_done = make_folders(state_dir, folder, error) &&
		  make_folders(state_dir, fresh, error);
	pthread_mutex_unlock(&folders_lock);
	return is_done;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t done = write(fd, bytes, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		bytes += done;
		len -= (size_t)done;
	}
	return true;
}

/* False with errno. */
static bool compress_piece(ZSTD_CCtx *zstd, int fd, struct span piece,
			   ZSTD_EndDirective mode)
{
	char bytes[16384];
	ZSTD_inBuffer in = { piece.ptr, piece.len, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { bytes, sizeof bytes, 0 };

		left = ZSTD_compressStream2(zstd, &out, &in, mode);
		BUG_IF(ZSTD_isError(left));
		if (!write_all(fd, bytes, out.pos))
			return false;
	} while (in.pos < in.size || (mode == ZSTD_e_end && left));
	return true;
}

/* False with errno. */
static bool write_pieces(int fd, const struct span *pieces, size_t count,
			 uint8_t *sha256_out)
{
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	bool is_done = true;

	ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
	BUG_IF(!hash || EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1);
	for (size_t i = 0; i < count && is_done; i++) {
		BUG_IF(EVP_DigestUpdate(hash, pieces[i].ptr,
					pieces[i].len) != 1);
		is_done = compress_piece(zstd, fd, pieces[i],
					 ZSTD_e_continue);
	}
	is_done = is_done && compress_piece(zstd, fd, span_of(NULL, 0),
					    ZSTD_e_end);
	BUG_IF(EVP_DigestFinal_ex(hash, sha256_out, NULL) != 1);
	EVP_MD_CTX_free(hash);
	ZSTD_freeCCtx(zstd);
	return is_done;
}

static bool write_new(const char *path, const struct span *pieces,
		      size_t count, uint8_t *sha256_out, GError **error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	bool is_done;
	int number;

	if (fd < 0)
		return fail_at(error, path, errno);
	is_done = write_pieces(fd, pieces, count, sha256_out) &&
		  fsync(fd) == 0;
	number = errno;
	if (close(fd) != 0 && is_done) {
		is_done = false;
		number = errno;
	}
	return is_done || fail_at(error, path, number);
}

/* One that has the name already but not the contents was tampered with, and is
 * put right; the log keeps that it was. */
static bool is_there(const char *state_dir, const struct evidence_place *place,
		     uint64_t bytes)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GByteArray) there = evidence_get(state_dir, place, bytes,
						   &why);

	if (!there && !g_error_matches(why, STORE_ERROR, STORE_ERROR_MISSING))
		log_event(NULL, LOG_ERR, "evidence_changed", "why=\"%s\" it is "
			  "written anew, since the same message came again",
			  why->message);
	return there != NULL;
}

/* What the folder takes, with so much more. Counted but once: from
 * then on it is known. */
static uint64_t use(const char *folder, bool is_held, uint64_t more)
{
	struct used *one = &used[is_held];
	uint64_t bytes;

	pthread_mutex_lock(&used_lock);
	if (!one->folder || strcmp(one->folder, folder) != 0) {
		g_free(one->folder);
		one->folder = g_strdup(folder);
		one->bytes = evidencetree_bytes(folder);
	} else {
		one->bytes += more;
	}
	bytes = one->bytes;
	pthread_mutex_unlock(&used_lock);
	return bytes;
}

static bool has_room(const char *folder, bool is_held, uint64_t day_bytes,
		     GError **error)
{
	if (!day_bytes || use(folder, is_held, 0) < day_bytes)
		return true;
	store_error_set_text(error, STORE_ERROR_TEMP, "%s: the day's originals "
			     "take evidence.day_size already", folder);
	return false;
}

static void note_use(const char *folder, bool is_held, const char *path)
{
	struct stat facts;

	if (stat(path, &facts) == 0)
		use(folder, is_held, (uint64_t)facts.st_size);
}

bool evidence_put(const char *state_dir, const struct span *pieces,
		  size_t piece_count, uint64_t day_bytes,
		  struct evidence_place *place, GError **error)
{
	g_autofree char *folder = evidencetree_folder(
		state_dir, place->is_held, place->day);
	g_autofree char *fresh = g_strconcat(
		state_dir, "/" EVIDENCETREE_ROOT "/new", NULL);
	g_autofree char *path = g_strdup_printf("%s/%" G_GUINT64_FORMAT ".part", fresh,
		(uint64_t)atomic_fetch_add(&temporaries, 1));
	g_autofree char *name = NULL;
	uint64_t bytes = 0;
	bool is_done;

	if (!prepare_folders(state_dir, folder, fresh, error) ||
	    !has_room(folder, place->is_held, day_bytes, error))
		return false;
	for (size_t i = 0; i < piece_count; i++)
		bytes += pieces[i].len;
	is_done = write_new(path, pieces, piece_count, place->sha256, error);
	name = evidence_path(state_dir, place);
	if (is_done && is_there(state_dir, place, bytes))
		unlink(path);
	else if (is_done && rename(path, name) != 0)
		is_done = fail_at(error, name, errno);
	else if (is_done)
		note_use(folder, place->is_held, name);
	if (is_done)
		return evidencetree_sync(folder, error);
	unlink(path);
	return false;
}

static bool fail_damaged(GError **error, const char *path, const char *what)
{
	store_error_set_text(error, STORE_ERROR_DAMAGED, "%s: %s", path, what);
	return false;
}

static bool unpack(const char *path, struct span packed, uint64_t max_bytes,
		   GByteArray *bytes, GError **error)
{
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	ZSTD_inBuffer in = { packed.ptr, packed.len, 0 };
	g_autofree char *piece = g_malloc(65536);
	size_t left = 1;

	do {
		ZSTD_outBuffer out = { piece, 65536, 0 };

		left = ZSTD_decompressStream(zstd, &out, &in);
		if (ZSTD_isError(left) || (left && !out.pos &&
					   in.pos == in.size))
			break;
		g_byte_array_append(bytes, (const guint8 *)piece,
				    (guint)out.pos);
	} while (left && bytes->len <= max_bytes);
	ZSTD_freeDCtx(zstd);
	if (bytes->len > max_bytes)
		return fail_damaged(error, path,
				    "is longer than its record says");
	return (!left && in.pos == in.size) ||
	       fail_damaged(error, path, "is no whole file of zstd");
}

GByteArray *evidence_get(const char *state_dir,
			 const struct evidence_place *place, uint64_t max_bytes,
			 GError **error)
{
	g_autofree char *path = evidence_path(state_dir, place);
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autofree char *packed = NULL;
	g_autoptr(GError) why = NULL;
	uint8_t sha256[DIGEST_SHA256_BYTES];
	gsize len;

	if (!g_file_get_contents(path, &packed, &len, &why)) {
		store_error_set(error, path, g_error_matches(
			why, G_FILE_ERROR, G_FILE_ERROR_NOENT) ? ENOENT : EIO);
		return NULL;
	}
	if (!unpack(path, span_of(packed, len), max_bytes, bytes, error))
		return NULL;
	digest_sha256(span_of((const char *)bytes->data, bytes->len), sha256);
	if (memcmp(sha256, place->sha256, sizeof sha256) == 0)
		return g_steal_pointer(&bytes);
	fail_damaged(error, path, "is not what its name says");
	return NULL;
}

bool evidence_remove(const char *state_dir, const struct evidence_place *place,
		     GError **error)
{
	g_autofree char *path = evidence_path(state_dir, place);
	g_autofree char *folder = g_path_get_dirname(path);

	if (unlink(path) != 0)
		return fail_at(error, path, errno);
	return evidencetree_sync(folder, error);
}
