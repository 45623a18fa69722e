/* customerkey.h - under which keys a customer is found */
#ifndef CASES_CUSTOMERKEY_H
#define CASES_CUSTOMERKEY_H

#include "base/netaddr.h"
#include "cases/customerentry.h"

#define CUSTOMERKEY_MAX 400		/* bytes */

struct customer_key {
	size_t len;
	uint8_t bytes[CUSTOMERKEY_MAX];
};

/* Borrows the key. */
struct span customerkey_span(const struct customer_key *key);

/* Of the customer itself. Texts are cut to CUSTOMER_ACCOUNT_MAX, ASCII
 * letters in lower case. */
struct customer_key customerkey_id(const char *id);
/* Of one of its networks, accounts or domains. */
struct customer_key customerkey_of(enum customer_field field,
				   const char *value);
/* A family, the base, and the length of the prefix; both complemented: from an
 * address down, the longest of a base first. */
struct customer_key customerkey_network(const struct network *net);
bool customerkey_is_network(struct span key, enum netaddr_family family,
			    struct network *net_out) MUST_USE;
/* How many bits from the front are the same, of 128. */
uint8_t customerkey_common_bits(const struct netaddr *a,
				const struct netaddr *b);

/* The least key behind the one seen; false when there can be none. */
bool customerkey_step(struct customer_key *key, struct span seen) MUST_USE;

#endif
