/* sealkey.h - the key that signs closed days (Ed25519, RFC 8032) */
#ifndef STORE_SEALKEY_H
#define STORE_SEALKEY_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>
#include <stdint.h>

#define SEALKEY_PUBLIC_BYTES 32
#define SEALKEY_SIGNATURE_BYTES 64

/* In the state directory: the key as PEM (PKCS #8), for its owner alone, and
 * what all may know of it. */
#define SEALKEY_FILE "seal.key"
#define SEALKEY_PUBLIC_FILE "seal.pub"

struct sealkey;

/* Makes both files when there is no key yet; one that is there stays. */
bool sealkey_ensure(const char *state_dir, GError **error) MUST_USE;

struct sealkey *sealkey_open(const char *state_dir, GError **error) MUST_USE;
/* Accepts NULL, clears the pointer. */
void sealkey_close(struct sealkey **key);

void sealkey_public(const struct sealkey *key,
		    uint8_t out[SEALKEY_PUBLIC_BYTES]);
/* As text, of 64 hex digits, from seal.pub; free it. NULL with error. */
char *sealkey_read_public(const char *state_dir, GError **error) MUST_USE;

void sealkey_sign(const struct sealkey *key, struct span bytes,
		  uint8_t out[SEALKEY_SIGNATURE_BYTES]);
/* Pure. */
bool sealkey_is_signed(const uint8_t public_key[SEALKEY_PUBLIC_BYTES],
		       struct span bytes,
		       const uint8_t signature[SEALKEY_SIGNATURE_BYTES]);

#endif
