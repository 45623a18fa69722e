#include <config.h>

#include "store/digest.h"

#include "base/guard.h"

#include <openssl/evp.h>
#include <pthread.h>

static pthread_once_t fetched = PTHREAD_ONCE_INIT;
static EVP_MD *sha256;

/* EVP_sha256() would look the provider up at each use: twice the time. */
static void fetch(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	BUG_IF(!sha256);
}

void digest_sha256(struct span bytes, uint8_t out[DIGEST_SHA256_BYTES])
{
	pthread_once(&fetched, fetch);
	BUG_IF(EVP_Digest(bytes.len ? bytes.ptr : "", bytes.len, out, NULL,
			  sha256, NULL) != 1);
}
