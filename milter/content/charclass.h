/* charclass.h - the bytes that "[...]", "\d" and the like stand for */
#ifndef CONTENT_CHARCLASS_H
#define CONTENT_CHARCLASS_H

#include "base/guard.h"

#include <glib.h>
#include <stdint.h>

struct charclass {
	uint8_t bits[32];
};

bool charclass_has(const struct charclass *of, uint8_t byte);

/*
 * All of these read PCRE2's patterns of bytes from *at on, and leave it behind
 * what they read. False: it is something else, or not understood; *at is
 * anywhere then, perhaps past the end.
 */

/* A class, from its '[' on; at least the bytes that are in it, whether it is
 * matched without case or not: compare small letters with small ones. */
bool charclass_read(const char **at, struct charclass *out) MUST_USE;
/* Behind a backslash: d, D, h, H, s, S, v, V, w, W, N, p or P
 * and its property. */
bool charclass_read_type(const char **at, struct charclass *out) MUST_USE;
/* Behind a backslash: what stands for one certain byte. */
bool charclass_read_byte(const char **at, uint8_t *byte_out) MUST_USE;

#endif
