/* canon.h - canonical forms of header and body (RFC 6376, 3.4) */
#ifndef SENDER_CANON_H
#define SENDER_CANON_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>
#include <stdint.h>

#define CANON_HASH_BYTES 32	/* SHA-256 */

enum canon { CANON_SIMPLE, CANON_RELAXED };

/* Appends one field, "Name: value" as it went over the wire, with CRLF. */
void canon_header(GString *out, struct span field, enum canon canon);
/* The same with the value of its b= tag left out, and no CRLF: as the
 * signature's own field is hashed (3.7). */
void canon_signature(GString *out, struct span field, enum canon canon);

/* The hash of a body that comes in pieces, CRLF at its lines. */
struct bodyhash;
struct bodyhash *bodyhash_new(enum canon canon) MUST_USE;
/* Accepts NULL. */
void bodyhash_free(struct bodyhash *hash);
void bodyhash_add(struct bodyhash *hash, struct span chunk);
/* Once, at the end. */
void bodyhash_finish(struct bodyhash *hash,
		     uint8_t digest_out[CANON_HASH_BYTES]);

#endif
