#include <config.h>

#include "store/filecopy.h"

#include "store/storeerror.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES ((size_t)1 << 18)
#define FOLDERS_OPEN 16
#define SYNC_MAX 200		/* files, one by one */

bool filecopy_open_folder(const char *path, struct folder *out,
			  GError **error)
{
	out->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out->fd < 0) {
		store_error_set(error, path, errno);
		return false;
	}
	out->path = g_strdup(path);
	return true;
}

void filecopy_close_folder(struct folder *folder)
{
	if (folder->fd >= 0)
		close(folder->fd);
	folder->fd = -1;
	g_clear_pointer(&folder->path, g_free);
}

static int fail_below(const struct folder *folder, const char *path,
		      int number, GError **error)
{
	g_autofree char *whole = g_build_filename(folder->path, path, NULL);

	store_error_set(error, whole, number);
	return -1;
}

/* Part by part; -1 with errno. */
static int walk_down(int top, const char *path, int flags)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);
	int at = top;

	for (guint i = 0; parts[i]; i++) {
		int next = openat(at, parts[i], O_NOFOLLOW | O_CLOEXEC |
				  (parts[i + 1] ? O_RDONLY | O_DIRECTORY :
						  flags));
		int failed = errno;

		if (at != top)
			close(at);
		errno = failed;
		if (next < 0)
			return -1;
		at = next;
	}
	return at;
}

int filecopy_open(const struct folder *folder, const char *path,
		  GError **error)
{
	int fd = walk_down(folder->fd, path, O_RDONLY | O_NONBLOCK);
	struct stat file;

	if (fd < 0)
		return fail_below(folder, path, errno, error);
	if (fstat(fd, &file) == 0 && S_ISREG(file.st_mode))
		return fd;
	close(fd);
	store_error_set_text(error, STORE_ERROR_DAMAGED,
			     "%s/%s: not a regular file", folder->path, path);
	return -1;
}

bool filecopy_make_folders(const struct folder *folder, const char *path,
			   GError **error)
{
	for (const char *slash = strchr(path, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		g_autofree char *part = g_strndup(path,
						  (gsize)(slash - path));

		if (mkdirat(folder->fd, part, 0700) != 0 && errno != EEXIST)
			return fail_below(folder, part, errno, error) >= 0;
	}
	return true;
}

int filecopy_create(const struct folder *folder, const char *path,
		    unsigned mode, GError **error)
{
	int fd;

	if (!filecopy_make_folders(folder, path, error))
		return -1;
	fd = openat(folder->fd, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC |
		    O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail_below(folder, path, errno, error);
	if (fchmod(fd, mode) == 0)
		return fd;
	fail_below(folder, path, errno, error);
	close(fd);
	return -1;
}

/* 0, or an errno. */
static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t done = write(fd, bytes, len);

		if (done < 0 && errno != EINTR)
			return errno;
		if (done > 0) {
			bytes += done;
			len -= (size_t)done;
		}
	}
	return 0;
}

bool filecopy_copy(int from, const char *from_name, int to,
		   const char *to_name, struct filecopy_facts *out,
		   GError **error)
{
	g_autofree char *block = g_malloc(BLOCK_BYTES);
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	int from_failed = 0, to_failed = 0;
	ssize_t len;

	out->bytes = 0;
	BUG_IF(!hash || EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1);
	while ((len = read(from, block, BLOCK_BYTES)) != 0) {
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0) {
			from_failed = errno;
			break;
		}
		BUG_IF(EVP_DigestUpdate(hash, block, (size_t)len) != 1);
		out->bytes += (uint64_t)len;
		if (to >= 0)
			to_failed = write_all(to, block, (size_t)len);
		if (to_failed)
			break;
	}
	BUG_IF(EVP_DigestFinal_ex(hash, out->sha256, NULL) != 1);
	EVP_MD_CTX_free(hash);
	if (from_failed || to_failed)
		store_error_set(error, from_failed ? from_name : to_name,
				from_failed ? from_failed : to_failed);
	return !from_failed && !to_failed;
}

bool filecopy_write(int fd, struct span bytes, const char *name,
		    GError **error)
{
	int failed = write_all(fd, bytes.ptr, bytes.len);

	if (failed)
		store_error_set(error, name, failed);
	return failed == 0;
}

GString *filecopy_read(int fd, const char *name, size_t most_bytes,
		       GError **error)
{
	GString *text = g_string_new(NULL);
	g_autofree char *block = g_malloc(BLOCK_BYTES);
	ssize_t len;

	while ((len = read(fd, block, BLOCK_BYTES)) != 0) {
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0 || text->len + (size_t)len > most_bytes) {
			store_error_set(error, name, len < 0 ? errno : EFBIG);
			g_string_free(text, TRUE);
			return NULL;
		}
		g_string_append_len(text, block, len);
	}
	return text;
}

/* 0, or an errno. */
static int sync_one(const struct folder *folder, const char *path)
{
	int fd = openat(folder->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int failed;

	if (fd < 0)
		return errno;
	failed = fsync(fd) == 0 ? 0 : errno;
	close(fd);
	return failed;
}

/* A file, and each folder above it that was not done yet. */
static int sync_with_folders(const struct folder *folder, const char *path,
			     GHashTable *done)
{
	g_autofree char *above = g_strdup(path);
	int failed = sync_one(folder, path);

	while (!failed && !g_str_equal(above, ".")) {
		char *next = g_path_get_dirname(above);

		g_free(above);
		above = next;
		if (!g_hash_table_add(done, g_strdup(above)))
			break;
		failed = sync_one(folder, above);
	}
	return failed;
}

bool filecopy_sync(const struct folder *folder, const GPtrArray *files,
		   GError **error)
{
	g_autoptr(GHashTable) done = g_hash_table_new_full(g_str_hash,
		g_str_equal, g_free, NULL);
	int failed = 0;

	if (files->len > SYNC_MAX)
		failed = syncfs(folder->fd) == 0 ? 0 : errno;
	for (guint i = 0; i < files->len && files->len <= SYNC_MAX && !failed;
	     i++)
		failed = sync_with_folders(folder,
			g_ptr_array_index(files, i), done);
	if (failed)
		store_error_set(error, folder->path, failed);
	return failed == 0;
}

static int remove_one(const char *path, const struct stat *facts, int type,
		      struct FTW *where)
{
	(void)facts;
	(void)type;
	(void)where;
	return remove(path) == 0 || errno == ENOENT ? 0 : errno;
}

bool filecopy_remove_tree(const char *path, GError **error)
{
	int failed = nftw(path, remove_one, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);

	if (failed == 0 || (failed == -1 && errno == ENOENT))
		return true;
	store_error_set(error, path, failed == -1 ? errno : failed);
	return false;
}
