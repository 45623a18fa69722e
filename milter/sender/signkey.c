#include <config.h>

#include "sender/signkey.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX 65536
#define BITS_MIN 1024
#define BITS_MAX 8192
#define ED25519_BYTES 32
#define SELECTOR_MAX 200

static GQuark signkey_error(void)
{
	return g_quark_from_static_string("signkey");
}

/* A key that others can read is no key any more. */
static bool is_private(int fd, const char *path, GError **error)
{
	struct stat facts;

	if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
		g_set_error(error, signkey_error(), 0, "%s: not a file", path);
		return false;
	}
	if (facts.st_mode & (S_IRWXG | S_IRWXO)) {
		g_set_error(error, signkey_error(), 0,
			    "%s: others can read the private key; run "
			    "`chmod 0600 %s`", path, path);
		return false;
	}
	if (facts.st_uid != 0 && facts.st_uid != geteuid() &&
	    geteuid() != 0) {
		g_set_error(error, signkey_error(), 0,
			    "%s: the private key belongs to another user",
			    path);
		return false;
	}
	return true;
}

static char *read_private(const char *path, GError **error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY |
		      O_NONBLOCK);
	g_autoptr(GString) text = g_string_new(NULL);
	char chunk[4096];
	ssize_t len = 0;

	if (fd < 0) {
		g_set_error(error, signkey_error(), 0, "%s: %s", path,
			    g_strerror(errno));
		return NULL;
	}
	if (!is_private(fd, path, error)) {
		close(fd);
		return NULL;
	}
	while (text->len < FILE_MAX &&
	       (len = read(fd, chunk, sizeof chunk)) > 0)
		g_string_append_len(text, chunk, len);
	close(fd);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

/* No passphrase: nobody is there to type one. */
static int no_passphrase(char *buffer, int size, int is_writing, void *unused)
{
	(void)buffer;
	(void)size;
	(void)is_writing;
	(void)unused;
	return -1;
}

static EVP_PKEY *parse_pem(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL,
						      no_passphrase, NULL) :
			      NULL;

	BIO_free(bio);
	return key;
}

static const char *what_is_wrong(const EVP_PKEY *key)
{
	int bits;

	if (!key)
		return "no private key in PEM without a passphrase";
	if (EVP_PKEY_is_a(key, "ED25519"))
		return NULL;
	if (!EVP_PKEY_is_a(key, "RSA"))
		return "neither an RSA nor an Ed25519 key";
	bits = EVP_PKEY_get_bits(key);
	return bits < BITS_MIN || bits > BITS_MAX ?
	       "an RSA key must have 1024 to 8192 bits" : NULL;
}

struct signkey *signkey_load(const char *domain, const char *selector,
			     const char *path, GError **error)
{
	char *pem = read_private(path, error);
	struct signkey *key;
	const char *wrong;

	if (!pem)
		return NULL;
	key = g_new0(struct signkey, 1);
	key->pem = pem;
	key->domain = g_strdup(domain);
	key->selector = g_strdup(selector);
	key->key = parse_pem(pem);
	wrong = what_is_wrong(key->key);
	if (wrong) {
		g_set_error(error, signkey_error(), 0, "%s: %s", path, wrong);
		signkey_free(key);
		return NULL;
	}
	key->is_ed25519 = EVP_PKEY_is_a(key->key, "ED25519");
	key->bits = (unsigned)EVP_PKEY_get_bits(key->key);
	return key;
}

void signkey_free(struct signkey *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->key);
	OPENSSL_cleanse(key->pem, strlen(key->pem));
	g_free(key->pem);
	g_free(key->domain);
	g_free(key->selector);
	g_free(key);
}

char *signkey_make_pem(unsigned bits, GError **error)
{
	EVP_PKEY *key = bits ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA",
						 (size_t)bits) :
			       EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL, *bytes;
	long len;

	if (key && bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0,
						   NULL, NULL) == 1) {
		len = BIO_get_mem_data(bio, &bytes);
		text = g_strndup(bytes, (gsize)len);
	} else {
		g_set_error_literal(error, signkey_error(), 0,
				    "OpenSSL made no key");
	}
	BIO_free(bio);
	EVP_PKEY_free(key);
	return text;
}

/* RFC 8463, 4: of Ed25519 the bare 32 bytes, of RSA SubjectPublicKeyInfo. */
char *signkey_record(const struct signkey *key)
{
	unsigned char raw[ED25519_BYTES], *der = NULL;
	size_t len = sizeof raw;
	g_autofree char *blob = NULL;

	if (key->is_ed25519) {
		BUG_IF(EVP_PKEY_get_raw_public_key(key->key, raw, &len) != 1);
		blob = g_base64_encode(raw, len);
	} else {
		int bytes = i2d_PUBKEY(key->key, &der);

		BUG_IF(bytes <= 0);
		blob = g_base64_encode(der, (gsize)bytes);
		OPENSSL_free(der);
	}
	return g_strdup_printf("v=DKIM1; k=%s; p=%s",
			       key->is_ed25519 ? "ed25519" : "rsa", blob);
}

bool signkey_is_selector(const char *selector)
{
	for (const char *c = selector; *c; c++)
		if (!g_ascii_isalnum(*c) && !strchr("-_.", *c))
			return false;
	return *selector && strlen(selector) < SELECTOR_MAX;
}
