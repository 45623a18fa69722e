/* limitask.h - one limit, asked for one key; what one that is reached tells */
#ifndef BULK_LIMITASK_H
#define BULK_LIMITASK_H

#include "bulk/counts.h"
#include "bulk/limitsettings.h"
#include "message/transaction.h"

struct limitask {
	struct transaction *tx;
	const struct limit *limit;
	const char *value;
	struct counts_key key;
	struct span thing;		/* of distinct ones */
	uint32_t amount;		/* 0: only whether one more would do */
	uint64_t most;
	int64_t now_us;			/* of bulkclock */
};

/* value is borrowed. Who is watched (tx->limits_percent) has less. */
struct limitask limitask_of(struct transaction *tx, const struct limit *limit,
			    const char *value, uint32_t amount);

/*
 * Takes the amount, and says whether it is let through. One that is reached
 * gives its finding and notes its incident, unless an operator raised or
 * cleared it: recipient is index + 1 of the one whom that holds up, 0: the
 * message. A limit without an action lets all through, and counts what is past
 * it, too.
 */
bool limitask_run(struct limitask *a, size_t recipient) MUST_USE;

#endif
