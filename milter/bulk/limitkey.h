/* limitkey.h - under which key a limit counts a message */
#ifndef BULK_LIMITKEY_H
#define BULK_LIMITKEY_H

#include "bulk/counts.h"
#include "bulk/limitsettings.h"

/*
 * The key's value for a message, and for one of its recipients (NULL when the
 * key has none): "alice", "192.0.2.0/24", "alice,example.net" for a pair; in
 * lower case, in arena. NULL when the limit does not concern it: another
 * direction, no such part, an exception.
 */
const char *limitkey_of(const struct transaction *tx,
			const struct limit *limit,
			const struct recipient *rcpt, struct arena *arena);

/* How counts knows a value under a limit. Lives in arena. */
struct counts_key limitkey_counts(const struct limit *limit,
				  const char *value, struct arena *arena);
/* The two halves of such a key; false when it is none. Texts live in arena. */
bool limitkey_split(struct span bytes, struct arena *arena,
		    const char **limit_out, const char **value_out);

#endif
