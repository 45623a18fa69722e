/* greylist.h - who came for the first time, who came again, who
 * is welcome since */
#ifndef BULK_GREYLIST_H
#define BULK_GREYLIST_H

#include "store/state.h"

/*
 * A table from keys (texts) to the times at which they came. Past the most that
 * it holds, keys that came once and a while ago leave first. About 200 bytes
 * each. Any thread may call anything but greylist_new() and greylist_free().
 */
struct greylist;

#define GREYLIST_KEY_MAX 400		/* bytes; the rest of longer
					 * ones is cut */

struct greylist_times {
	int64_t delay_us;		/* so long nobody is let in */
	int64_t window_us;		/* by then it must have come again */
	int64_t welcome_us;		/* since it came last */
};

struct greylist_entry {
	const char *key;
	int64_t first_us, last_us;
	bool is_welcome;
};

struct greylist *greylist_new(size_t most) MUST_USE;
/* Accepts NULL. */
void greylist_free(struct greylist *greylist);

/* Whether it is let in: it is welcome, or comes again in time and is
 * welcome from now on. Else it is noted, and *frees_us_out is when
 * it will be let in. */
bool greylist_pass(struct greylist *greylist, const char *key,
		   const struct greylist_times *times, int64_t now_us,
		   int64_t *frees_us_out);
/* Whether it is welcome, which it stays for as long from now
 * on. Notes nothing. */
bool greylist_is_welcome(struct greylist *greylist, const char *key,
			 const struct greylist_times *times, int64_t now_us);
void greylist_make_welcome(struct greylist *greylist, const char *key,
			   int64_t now_us);
size_t greylist_count(struct greylist *greylist);

/* For a timer: forgets what is over, does what operators asked for, writes what
 * changed to state.mdb. One thread at a time, not the mail path. */
bool greylist_save(struct greylist *greylist, struct state *state,
		   const struct greylist_times *times, int64_t now_us,
		   GError **error) MUST_USE;
/* Into an empty table, before there are other threads. */
bool greylist_load(struct greylist *greylist, struct state *state,
		   GError **error) MUST_USE;

/* For tools. The entry is borrowed for the call. */
typedef void greylist_see_fn(const struct greylist_entry *entry, void *context);
bool greylist_each(struct state *state, greylist_see_fn *see, void *context,
		   GError **error) MUST_USE;
/* Asks the daemon to forget it; NULL: all. */
bool greylist_ask_clear(struct state *state, const char *key, GError **error)
	MUST_USE;

#endif
