/* throttle.h - so that a flood of alerts is a few, and a number */
#ifndef ALERT_THROTTLE_H
#define ALERT_THROTTLE_H

#include "base/guard.h"

#include <glib.h>
#include <stdint.h>

/* One caller at a time. Memory is bounded by kinds (they are
 * ours) times most. */
struct throttle;

struct throttle_terms {
	int64_t every_us;		/* 0: nothing is held back */
	uint64_t most;			/* keys of one kind within every_us */
};

struct throttle *throttle_new(void) MUST_USE;
/* Accepts NULL, clears the pointer. */
void throttle_free(struct throttle **throttle);

/*
 * Whether an alert may go now. One that may not is kept as the last of those
 * that were held back. held_out: how many there were since the last that went.
 * Past most keys of a kind the others count as one.
 */
bool throttle_take(struct throttle *throttle,
		   const struct throttle_terms *terms, const char *kind,
		   const char *key, const char *text, int64_t now_us,
		   uint64_t *held_out);

/* Borrowed for the call. */
typedef void throttle_take_fn(const char *kind, const char *key,
			      const char *text, uint64_t held, void *context);
/* Gives those that were held back for long enough, and forgets what is over. */
void throttle_sweep(struct throttle *throttle,
		    const struct throttle_terms *terms, int64_t now_us,
		    throttle_take_fn *take, void *context);

#endif
