/* audit.h - who looked at what, and what for: a chain that cannot be mended */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "store/state.h"

/*
 * Each entry carries the SHA-256 of the one before, and the state knows the
 * last one's: what was changed, removed or put in between is told.
 */
struct audit_entry {
	uint64_t sequence;		/* from 1; given by audit_note() */
	int64_t when_us;
	const char *operator_name, *action;
	const char *subject, *reason;	/* "" where there is none */
};

#define AUDIT_TEXT_MAX 2000	/* bytes of each; what is longer is cut */

/* On disk when true. */
bool audit_note(struct state *state, const struct audit_entry *entry,
		GError **error) MUST_USE;

/* Borrowed for the call; false ends it. */
typedef bool audit_take_fn(const struct audit_entry *entry, void *context);
/* Oldest first. */
bool audit_each(struct state *state, audit_take_fn *take, void *context,
		GError **error) MUST_USE;

/* Computes the chain anew. *problem_out: the first entry that is not what was
 * written, in words (free it), or NULL. */
bool audit_verify(struct state *state, uint64_t *count_out,
		  char **problem_out, GError **error) MUST_USE;

#endif
