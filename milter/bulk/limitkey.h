/* limitkey.h - under which key a limit counts a message */
#ifndef BULK_LIMITKEY_H
#define BULK_LIMITKEY_H

#include "bulk/counts.h"
#include "bulk/limitsettings.h"

/* The parts of one message's keys, which most limits share. Zeroed at its
 * beginning; the texts live in the transaction's arena. */
struct limitkey_parts {
	const char *values[LIMIT_PARTS];
	unsigned known;			/* a bit for each that was looked for */
	size_t recipient;		/* index + 1 of whom they are of;
					 * 0: none */
	uint8_t bits;			/* of the network */
};

/*
 * The key's value for a message, and for one of its recipients (index + 1; 0:
 * for none): "alice", "192.0.2.0/24", "alice,example.net" for a pair; in lower
 * case, in tx's arena. NULL when the limit does not concern it: another
 * direction, no such part, an exception.
 */
const char *limitkey_of(struct transaction *tx,
			struct limitkey_parts *parts,
			const struct limit *limit, size_t recipient);

/* How counts knows a value under a limit. Lives in arena. */
struct counts_key limitkey_counts(const struct limit *limit,
				  const char *value, struct arena *arena);
/* The two halves of such a key; false when it is none. Texts live in arena. */
bool limitkey_split(struct span bytes, struct arena *arena,
		    const char **limit_out, const char **value_out);

#endif
