#include <config.h>

#include "store/sealfiles.h"

#include "store/day.h"
#include "store/lockfile.h"
#include "store/storeerror.h"
#include "store/wholefile.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOCK_FILE "sealing.lock"
#define PIECE_BYTES ((size_t)1 << 18)

#define SUFFIX ".sealing"

static const char *const suffixes[] = {
	[SEALFILES_FRESH] = ".mdb" SUFFIX,
	[SEALFILES_FRESH_SEAL] = ".seal" SUFFIX,
};

char *sealfiles_path(const char *records_dir, int64_t day,
		     enum sealfiles_name name)
{
	char text[DAY_TEXT_MAX];

	return g_strconcat(records_dir, G_DIR_SEPARATOR_S,
			   day_format(day, text), suffixes[name], NULL);
}

/* finish() moves the file first. */
char *sealfiles_seal_path(const char *records_dir, int64_t day)
{
	g_autofree char *fresh = sealfiles_path(records_dir, day,
						SEALFILES_FRESH);
	g_autofree char *fresh_seal = sealfiles_path(records_dir, day,
						     SEALFILES_FRESH_SEAL);
	g_autofree char *path = day_path(records_dir, day);

	return !g_file_test(fresh, G_FILE_TEST_EXISTS) &&
	       g_file_test(fresh_seal, G_FILE_TEST_EXISTS) ?
	       g_steal_pointer(&fresh_seal) : day_seal_path(path);
}

bool sealfiles_is_any(const char *records_dir)
{
	g_autoptr(GDir) folder = g_dir_open(records_dir, 0, NULL);
	const char *name;

	while (folder && (name = g_dir_read_name(folder)))
		if (g_str_has_suffix(name, SUFFIX))
			return true;
	return false;
}

int sealfiles_lock(const char *records_dir, GError **error)
{
	g_autofree char *path = g_build_filename(records_dir, LOCK_FILE, NULL);

	return lockfile_take(path, "another is at work on a sealed day, try "
			     "again later", error);
}

void sealfiles_unlock(int lock)
{
	close(lock);
}

static bool move(const char *from, const char *to, GError **error)
{
	int failed = wholefile_rename(from, to);

	if (!failed || failed == ENOENT)
		return true;
	store_error_set(error, to, failed);
	return false;
}

/* The seal last: while its fresh one is there this is done again. The lock file
 * was the open day's. */
static bool finish(const char *records_dir, int64_t day, GError **error)
{
	g_autofree char *fresh = sealfiles_path(records_dir, day,
						SEALFILES_FRESH);
	g_autofree char *fresh_seal = sealfiles_path(records_dir, day,
						     SEALFILES_FRESH_SEAL);
	g_autofree char *path = day_path(records_dir, day);
	g_autofree char *seal = day_seal_path(path);
	g_autofree char *lock = g_strconcat(path, "-lock", NULL);

	if (!move(fresh, path, error) || !move(fresh_seal, seal, error))
		return false;
	unlink(lock);
	return true;
}

bool sealfiles_commit(const char *records_dir, int64_t day, struct seal *seal,
		      const struct sealkey *key, GError **error)
{
	g_autofree char *path = sealfiles_path(records_dir, day,
					       SEALFILES_FRESH_SEAL);
	g_autofree char *text = seal_format(seal, key);

	return seal_write(path, text, error) &&
	       finish(records_dir, day, error);
}

bool sealfiles_clear(const char *records_dir, int64_t day, GError **error)
{
	g_autofree char *fresh = sealfiles_path(records_dir, day,
						SEALFILES_FRESH);
	g_autofree char *seal = sealfiles_path(records_dir, day,
					       SEALFILES_FRESH_SEAL);

	if (g_file_test(seal, G_FILE_TEST_EXISTS) || unlink(fresh) == 0 ||
	    errno == ENOENT)
		return true;
	store_error_set(error, fresh, errno);
	return false;
}

bool sealfiles_recover(const char *records_dir, GError **error)
{
	g_autoptr(GDir) folder = g_dir_open(records_dir, 0, NULL);
	const char *name;
	bool is_done = true;

	while (folder && is_done && (name = g_dir_read_name(folder))) {
		size_t len = strlen(name);
		int64_t day;

		if (len < 10 || !day_parse(span_of(name, 10), &day))
			continue;
		if (g_str_equal(name + 10, suffixes[SEALFILES_FRESH_SEAL]))
			is_done = finish(records_dir, day, error);
		else if (g_str_equal(name + 10, suffixes[SEALFILES_FRESH]))
			is_done = sealfiles_clear(records_dir, day, error);
	}
	return is_done;
}

static bool hash_file(FILE *file, uint64_t *bytes_out, uint8_t *sha256_out)
{
	g_autofree char *piece = g_malloc(PIECE_BYTES);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t len;

	*bytes_out = 0;
	BUG_IF(EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1);
	while ((len = fread(piece, 1, PIECE_BYTES, file)) > 0) {
		EVP_DigestUpdate(context, piece, len);
		*bytes_out += len;
	}
	EVP_DigestFinal_ex(context, sha256_out, NULL);
	EVP_MD_CTX_free(context);
	return !ferror(file);
}

bool sealfiles_hash(const char *path, uint64_t *bytes_out,
		    uint8_t sha256_out[RECORD_HASH_BYTES], GError **error)
{
	FILE *file = fopen(path, "re");
	bool is_read = file && hash_file(file, bytes_out, sha256_out);

	if (!is_read)
		store_error_set(error, path, file ? EIO : errno);
	if (file)
		fclose(file);
	return is_read;
}

static char *check_once(const char *path, const uint8_t *public_key,
			const struct seal *seal, struct span text)
{
	uint8_t sha256[RECORD_HASH_BYTES];
	g_autoptr(GError) why = NULL;
	uint64_t bytes;

	if (!seal_is_signed(text, seal))
		return g_strdup("the seal was changed: its signature is not "
				"of what it says");
	if (public_key && memcmp(public_key, seal->key, sizeof seal->key) != 0)
		return g_strdup("the seal is forged: it was signed by another "
				"key than ours");
	if (!sealfiles_hash(path, &bytes, sha256, &why))
		return g_strdup(why->message);
	if (bytes == seal->bytes && memcmp(sha256, seal->sha256,
					   sizeof sha256) == 0)
		return NULL;
	return g_strdup("the file is not the one that was sealed");
}

/* Who reads the seal just before both are exchanged reads the file of the new
 * one: so when they differ, and the seal is another one now, once more. */
char *sealfiles_check(const char *records_dir, int64_t day,
		      const uint8_t *public_key, struct seal *seal_out)
{
	g_autofree char *path = day_path(records_dir, day);
	g_autofree char *before = NULL;

	for (;;) {
		g_autofree char *seal_path = sealfiles_seal_path(records_dir,
								 day);
		g_autofree char *text = NULL, *problem = NULL;
		g_autoptr(GError) why = NULL;

		if (!seal_read(seal_path, seal_out, &text, &why))
			return g_strdup_printf("the seal cannot be read: %s",
					       why->message);
		if (seal_out->day != day)
			return g_strdup("the seal is that of another day");
		problem = check_once(path, public_key, seal_out,
				     span_text(text));
		if (!problem || g_strcmp0(before, text) == 0)
			return g_steal_pointer(&problem);
		g_free(before);
		before = g_steal_pointer(&text);
	}
}
