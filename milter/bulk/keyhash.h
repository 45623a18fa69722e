/* keyhash.h - a hash whose collisions strangers cannot find: SipHash-1-3 */
#ifndef BULK_KEYHASH_H
#define BULK_KEYHASH_H

#include "base/span.h"

#include <stdint.h>

/* Aumasson and Bernstein's, with one round a word and three at the end, as hash
 * tables use it. The secret is random and stays ours. Pure. */
struct keyhash_secret {
	uint64_t k0, k1;
};

uint64_t keyhash_of(const struct keyhash_secret *secret, struct span bytes);

#endif
