/* pubkey.h - DKIM public-key records as published in DNS */
#ifndef SENDER_PUBKEY_H
#define SENDER_PUBKEY_H

#include "base/arena.h"
#include "base/guard.h"
#include "base/span.h"

#include <openssl/evp.h>

/* What a record says (RFC 6376, 3.6.1; RFC 8463, 4). */
struct pubkey {
	bool is_ed25519;
	bool is_testing;		/* t=y */
	bool is_strict;			/* t=s: no subdomains in i= */
	bool is_for_sha1, is_for_sha256;	/* h= */
	struct span blob;		/* the key itself, decoded; empty:
					 * withdrawn */
};

/*
 * Pure; any thread. txt is borrowed, the key lives in the arena. NULL when all
 * is well, else what is wrong, for ever. A withdrawn key (an empty p=) is no
 * mistake: see pubkey_is_revoked().
 */
const char *pubkey_parse(struct span txt, struct arena *arena,
			 struct pubkey *key_out) MUST_USE;
bool pubkey_is_revoked(const struct pubkey *key);
/* OpenSSL's form of it; NULL when the bytes are no key of its kind. The caller
 * frees it with EVP_PKEY_free(). */
EVP_PKEY *pubkey_open(const struct pubkey *key) MUST_USE;

#endif
