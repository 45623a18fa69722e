/* clears.h - does once what operators asked to be cleared */
#ifndef BULK_CLEARS_H
#define BULK_CLEARS_H

#include "bulk/counts.h"
#include "bulk/exemptions.h"
#include "bulk/limitsettings.h"

/*
 * reevectl writes into state.mdb that a count is to be forgotten. The mail path
 * sees that when the limit would refuse, and the timer within a second; whoever
 * comes first does it, and the other must not do it again, to what was counted
 * since. So what was done is remembered until the row is gone for an hour.
 */
struct clears;

struct clears *clears_new(void) MUST_USE;
/* Accepts NULL. */
void clears_free(struct clears *clears);

/* Clears the limit's count of that key, unless that was done; any thread. */
void clears_do(struct clears *clears, struct counts *counts,
	       const struct limit *limit, const char *value,
	       int64_t clear_us);
/* From the timer: does all that are asked for. Gives what exemptions_settle()
 * is to be told once the counts are saved; NULL when there is nothing. Free
 * with g_array_unref(), before arena. */
GArray *clears_do_all(struct clears *clears, struct counts *counts,
		      struct state *state, const struct settings *settings,
		      int64_t now_us, struct arena *arena) MUST_USE;

#endif
