/* window.h - how much came in the last so many seconds, in 72 bytes */
#ifndef BULK_WINDOW_H
#define BULK_WINDOW_H

#include "base/guard.h"

#include <stdint.h>

/*
 * A sliding window of sixteen parts. What came in a part counts whole for the
 * fourteen that follow it, and fades evenly during the fifteenth. With T(d) for
 * what truly came in the last d microseconds, and a window of length w,
 *
 *	T(w - w/8) <= window_count() <= T(w)
 *
 * so a limit never holds anyone for what is older than the window, and lets
 * through at most what came in its oldest eighth too early. Fixed windows let
 * through twice the limit at their edge.
 *
 * The clock may jump. Forward: what is past the window then is forgotten. Back:
 * what is there has the age that it had when the window was used last, rounded
 * up to a part; it lasts no longer for the jump. Up to WINDOW_JITTER_US back is
 * taken for a thread that read the clock earlier, and for no time at all.
 *
 * A zeroed struct is an empty window. Amounts stop at 2^32 - 1 a part.
 */
#define WINDOW_PARTS 16
#define WINDOW_JITTER_US 250000
#define WINDOW_LEAST_S 10
#define WINDOW_MOST_S (366 * 86400)

struct window {
	uint64_t newest;		/* number of the newest part */
	uint32_t parts[WINDOW_PARTS];	/* part n at n % WINDOW_PARTS */
};

/* Brings the newest part to now: the others do it themselves. Gives the time,
 * which is later than now_us by the jitter at most. */
int64_t window_settle(struct window *window, uint32_t window_s,
		      int64_t now_us);
void window_add(struct window *window, uint32_t window_s, uint32_t amount,
		int64_t now_us);
/* Takes away what was added, the newest first; what is not there any more was
 * forgotten already. */
void window_take_back(struct window *window, uint32_t window_s,
		      uint32_t amount, int64_t now_us);
uint64_t window_count(struct window *window, uint32_t window_s,
		      int64_t now_us);
/* When the count will be most or less if nothing comes: now_us when it is. */
int64_t window_frees_us(struct window *window, uint32_t window_s,
			uint64_t most, int64_t now_us);
/* When all that is there will be forgotten. */
int64_t window_ends_us(const struct window *window, uint32_t window_s);

#endif
