/* digest.h - SHA-256 */
#ifndef STORE_DIGEST_H
#define STORE_DIGEST_H

#include "base/span.h"

#include <stdint.h>

#define DIGEST_SHA256_BYTES 32

/* Any thread. */
void digest_sha256(struct span bytes, uint8_t out[DIGEST_SHA256_BYTES]);

#endif
