/* keyfetch.h - public keys from the DNS, opened once and kept */
#ifndef SENDER_KEYFETCH_H
#define SENDER_KEYFETCH_H

#include "resolver/dnsanswer.h"
#include "sender/pubkey.h"

/* A key that was asked for. */
struct keyfetch {
	struct pubkey record;
	EVP_PKEY *key;			/* release with keyfetch_release() */
	unsigned bits;
	bool is_temporary;		/* with an error: the DNS failed */
	bool is_secure;			/* DNSSEC proves the record */
};

/* selector._domainkey.domain (RFC 6376, 3.6.2.1), in the arena. NULL when the
 * selector (may be NULL) is none: a name that a stranger makes up must not make
 * someone's name servers fail. */
const char *keyfetch_name(const char *selector, const char *domain,
			  struct arena *arena);
/*
 * The key at that name. NULL when all is well, else what is wrong, for ever. An
 * answer that is not there yet counts as a failure of the DNS. Any thread: keys
 * that were opened are kept by the text of their record, since to open one
 * costs more than to verify with it.
 */
const char *keyfetch_get(const struct dns_asker *asker, const char *name,
			 struct arena *arena, struct keyfetch *out) MUST_USE;
void keyfetch_release(struct keyfetch *fetched);

#endif
