/* evidencemarks.h - what operators did with evidence: released
 * it, removed it */
#ifndef STORE_EVIDENCEMARKS_H
#define STORE_EVIDENCEMARKS_H

#include "store/evidence.h"
#include "store/state.h"

#define EVIDENCE_TOKEN_BYTES 16

/*
 * A message that is released goes through the MTA once more, and so by us: the
 * token, in a header field, is what we know it by. It is good for a few days,
 * for this body alone.
 */
struct evidence_release {
	int64_t when_us;
	char *operator_name;
	uint8_t token[EVIDENCE_TOKEN_BYTES];
	uint8_t body_sha256[DIGEST_SHA256_BYTES];
};

struct evidence_removal {
	int64_t when_us;
	char *operator_name, *reason;
};

/* The last release of a record's message takes the place of one before. */
bool evidencemarks_add_release(struct state *state, uint64_t record_id,
			       const struct evidence_release *release,
			       GError **error) MUST_USE;
/* It came to nothing. */
bool evidencemarks_forget_release(struct state *state, uint64_t record_id,
				  GError **error) MUST_USE;
bool evidencemarks_add_removal(struct state *state,
			       const struct evidence_place *place,
			       const struct evidence_removal *removal,
			       GError **error) MUST_USE;

/* False: none, or state cannot be read. Clear what was found. Any thread. */
bool evidencemarks_find_release(struct state *state, uint64_t record_id,
				struct evidence_release *release_out) MUST_USE;
bool evidencemarks_find_removal(struct state *state,
				const struct evidence_place *place,
				struct evidence_removal *removal_out) MUST_USE;
void evidencemarks_clear_release(struct evidence_release *release);
void evidencemarks_clear_removal(struct evidence_removal *removal);

/* Forgets the marks of days before that one, but for those within held (struct
 * day_range). */
bool evidencemarks_expire(struct state *state, int64_t before_day,
			  const GArray *held, GError **error);

/*
 * What a body is known by when it comes again, through programs that may
 * end its last line, or drop empty ones behind it: SHA-256 of it without
 * its last line ends.
 */
void evidencemarks_hash_body(struct span body, uint8_t *sha256_out);

#endif
