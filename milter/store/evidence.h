/* evidence.h - originals of messages, kept as files */
#ifndef STORE_EVIDENCE_H
#define STORE_EVIDENCE_H

#include "base/guard.h"
#include "base/span.h"
#include "store/digest.h"
#include "store/record.pb-c.h"

#include <glib.h>
#include <stdint.h>

/*
 * An original is a file of its own, compressed with zstd and named by
 * the SHA-256 of what it holds, in a folder of the UTC day in which
 * the message ended:
 *
 *	evidence/2026/02/28/SHA256.eml.zst	kept as evidence
 *	evidence/held/2026/02/28/...		only held back, until released
 *	evidence/new/				being written
 *
 * Two messages of a day that are the same share a file; of two days each has
 * its own, so that a day can be expired, copied and shown by itself. The
 * records are the catalogue: without its record a file says nothing.
 */
struct evidence_place {
	int64_t day;
	bool is_held;			/* lies below evidence/held */
	uint8_t sha256[DIGEST_SHA256_BYTES];
};

/* Path below state_dir; free with g_free(). */
char *evidence_path(const char *state_dir, const struct evidence_place *place)
	MUST_USE;
/* Where the original of a record is, or was; false: none was kept. */
bool evidence_of_record(const Reeve__Record *record,
			struct evidence_place *place_out) MUST_USE;

/*
 * Writes the pieces, one behind the other, as one original of place->day, and
 * fills in place->sha256. On disk, with its folder, when true. STORE_ERROR_TEMP
 * when the files of the day have day_bytes (0: no limit) already: a stranger
 * could fill the disk otherwise. Any thread.
 */
bool evidence_put(const char *state_dir, const struct span *pieces,
		  size_t piece_count, uint64_t day_bytes,
		  struct evidence_place *place, GError **error) MUST_USE;

/*
 * Reads an original back, max_bytes at most, and compares it with its name:
 * STORE_ERROR_MISSING when it is not there, STORE_ERROR_DAMAGED when it is
 * another. Free with g_byte_array_unref().
 */
GByteArray *evidence_get(const char *state_dir,
			 const struct evidence_place *place, uint64_t max_bytes,
			 GError **error) MUST_USE;
bool evidence_remove(const char *state_dir, const struct evidence_place *place,
		     GError **error) MUST_USE;

#endif
