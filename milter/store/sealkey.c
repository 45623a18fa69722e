#include <config.h>

#include "store/sealkey.h"

#include "store/hex.h"
#include "store/storeerror.h"
#include "store/wholefile.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>

struct sealkey {
	EVP_PKEY *pkey;
};

static char *path_of(const char *state_dir, const char *name)
{
	return g_build_filename(state_dir, name, NULL);
}

typedef int print_fn(BIO *out, EVP_PKEY *pkey);

static bool put_file(const char *path, mode_t mode, print_fn *print,
		     EVP_PKEY *pkey, GError **error)
{
	BIO *out = BIO_new(BIO_s_secmem());
	char *text;
	long len;
	bool is_done;

	BUG_IF(!out || !print(out, pkey));
	len = BIO_get_mem_data(out, &text);
	is_done = wholefile_write(path, span_of(text, (size_t)len), mode,
				  error);
	BIO_free(out);
	return is_done;
}

static int print_private(BIO *out, EVP_PKEY *pkey)
{
	return PEM_write_bio_PKCS8PrivateKey(out, pkey, NULL, NULL, 0, NULL,
					     NULL);
}

static int print_public(BIO *out, EVP_PKEY *pkey)
{
	return PEM_write_bio_PUBKEY(out, pkey);
}

/* The public one comes second: when a crash left only the key,
 * it is made from it. */
bool sealkey_ensure(const char *state_dir, GError **error)
{
	g_autofree char *private_path = path_of(state_dir, SEALKEY_FILE);
	g_autofree char *public_path = path_of(state_dir, SEALKEY_PUBLIC_FILE);
	struct sealkey *key;
	bool is_done;

	if (!g_file_test(private_path, G_FILE_TEST_EXISTS)) {
		EVP_PKEY *made = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

		BUG_IF(!made);
		is_done = put_file(private_path, 0400, print_private, made,
				   error);
		EVP_PKEY_free(made);
		if (!is_done)
			return false;
	} else if (g_file_test(public_path, G_FILE_TEST_EXISTS)) {
		return true;
	}
	key = sealkey_open(state_dir, error);
	is_done = key && put_file(public_path, 0444, print_public, key->pkey,
				  error);
	sealkey_close(&key);
	return is_done;
}

static EVP_PKEY *read_file(const char *path,
			   EVP_PKEY *(*read)(FILE *, EVP_PKEY **,
					     pem_password_cb *, void *),
			   GError **error)
{
	FILE *file = fopen(path, "re");
	EVP_PKEY *pkey;

	if (!file) {
		store_error_set(error, path, errno);
		return NULL;
	}
	pkey = read(file, NULL, NULL, NULL);
	fclose(file);
	if (pkey && EVP_PKEY_is_a(pkey, "ED25519"))
		return pkey;
	EVP_PKEY_free(pkey);
	store_error_set_text(error, STORE_ERROR_DAMAGED, "%s: no Ed25519 key; "
			     "put the one of the back-up in its place", path);
	return NULL;
}

struct sealkey *sealkey_open(const char *state_dir, GError **error)
{
	g_autofree char *path = path_of(state_dir, SEALKEY_FILE);
	EVP_PKEY *pkey = read_file(path, PEM_read_PrivateKey, error);
	struct sealkey *key;

	if (!pkey)
		return NULL;
	key = g_new0(struct sealkey, 1);
	key->pkey = pkey;
	return key;
}

void sealkey_close(struct sealkey **key)
{
	struct sealkey *old = *key;

	*key = NULL;
	if (!old)
		return;
	EVP_PKEY_free(old->pkey);
	g_free(old);
}

static void take_public(EVP_PKEY *pkey, uint8_t *out)
{
	size_t len = SEALKEY_PUBLIC_BYTES;

	BUG_IF(EVP_PKEY_get_raw_public_key(pkey, out, &len) != 1 ||
	       len != SEALKEY_PUBLIC_BYTES);
}

void sealkey_public(const struct sealkey *key,
		    uint8_t out[SEALKEY_PUBLIC_BYTES])
{
	take_public(key->pkey, out);
}

char *sealkey_read_public(const char *state_dir, GError **error)
{
	g_autofree char *path = path_of(state_dir, SEALKEY_PUBLIC_FILE);
	EVP_PKEY *pkey = read_file(path, PEM_read_PUBKEY, error);
	uint8_t bytes[SEALKEY_PUBLIC_BYTES];

	if (!pkey)
		return NULL;
	take_public(pkey, bytes);
	EVP_PKEY_free(pkey);
	return hex_format(bytes, sizeof bytes);
}

void sealkey_sign(const struct sealkey *key, struct span bytes,
		  uint8_t out[SEALKEY_SIGNATURE_BYTES])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t len = SEALKEY_SIGNATURE_BYTES;

	BUG_IF(EVP_DigestSignInit(context, NULL, NULL, NULL, key->pkey) != 1 ||
	       EVP_DigestSign(context, out, &len, (const uint8_t *)bytes.ptr,
			      bytes.len) != 1);
	EVP_MD_CTX_free(context);
}

bool sealkey_is_signed(const uint8_t public_key[SEALKEY_PUBLIC_BYTES],
		       struct span bytes,
		       const uint8_t signature[SEALKEY_SIGNATURE_BYTES])
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
		public_key, SEALKEY_PUBLIC_BYTES);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_signed = pkey && EVP_DigestVerifyInit(context, NULL, NULL, NULL,
						      pkey) == 1 &&
		EVP_DigestVerify(context, signature, SEALKEY_SIGNATURE_BYTES,
				 (const uint8_t *)bytes.ptr, bytes.len) == 1;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
	return is_signed;
}
