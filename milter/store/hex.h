/* hex.h - hashes and keys as text */
#ifndef STORE_HEX_H
#define STORE_HEX_H

#include "base/guard.h"
#include "base/span.h"

#include <stdint.h>

/* Digits in lower case; free it. */
char *hex_format(const uint8_t *bytes, size_t len) MUST_USE;
/* Just so many bytes, in either case. */
bool hex_parse(struct span text, uint8_t *out, size_t len) MUST_USE;

#endif
