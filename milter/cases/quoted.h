/* quoted.h - an original that a person pasted into his text */
#ifndef CASES_QUOTED_H
#define CASES_QUOTED_H

#include "base/arena.h"

#define QUOTED_BODY_MAX ((size_t)256 << 10)	/* bytes kept behind
						 * its header */

/*
 * Finds a block of lines that is a header with Received and From, quoted with >
 * or not; the rest of the text follows it, as the original's body does. False:
 * there is none. Pure; the result is in the arena.
 */
bool quoted_find(struct span text, struct arena *arena,
		 struct span *original_out) MUST_USE;

#endif
