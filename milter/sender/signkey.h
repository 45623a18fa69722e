/* signkey.h - private keys for DKIM and ARC (RFC 6376, 8301, 8463) */
#ifndef SENDER_SIGNKEY_H
#define SENDER_SIGNKEY_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>
#include <openssl/evp.h>

/* Read-only once loaded; any number of threads. */
struct signkey {
	char *domain, *selector;	/* A-labels, lower case */
	char *pem;			/* as libopendkim takes it */
	EVP_PKEY *key;
	bool is_ed25519;
	unsigned bits;
	bool is_for_subdomains;
};

/*
 * Reads a private key in PEM: RSA of 1024 to 8192 bits, or Ed25519. Error when
 * it is something else, or when anyone but its owner can read the file, or when
 * the owner is neither root nor we.
 */
struct signkey *signkey_load(const char *domain, const char *selector,
			     const char *path, GError **error) MUST_USE;
/* Whether it can be one: letters, digits, - _ and dots, in the DNS. */
bool signkey_is_selector(const char *selector);
/* Accepts NULL. */
void signkey_free(struct signkey *key);

/* A new one as PEM, RSA of so many bits, or Ed25519 for 0 bits; free it. */
char *signkey_make_pem(unsigned bits, GError **error) MUST_USE;
/* The p= and k= of the record that goes with it,
 * "v=DKIM1; k=rsa; p=..."; free. */
char *signkey_record(const struct signkey *key) MUST_USE;

#endif
