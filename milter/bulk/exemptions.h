/* exemptions.h - what operators made of limits for one key */
#ifndef BULK_EXEMPTIONS_H
#define BULK_EXEMPTIONS_H

#include "base/arena.h"
#include "store/state.h"

#define EXEMPTION_ALL "*"		/* as limit: whichever has the key */
#define EXEMPTION_KEY_MAX 400

/* In state.mdb, where reevectl writes them, and the mail path looks when a
 * limit would refuse. */
struct exemption {
	const char *limit;		/* its name, or EXEMPTION_ALL */
	const char *key;		/* as limitkey_of() writes it */
	uint64_t times, most;		/* one is 0; both: not raised */
	int64_t expires_us;		/* of the raise; 0: never */
	int64_t clear_us;		/* to be forgotten; 0: not, or done */
	int64_t created_us;
	const char *reason, *operator_name;
};

/* What is not raised, or not to be cleared, stays as it is for that key. */
bool exemptions_put(struct state *state, const struct exemption *exemption,
		    GError **error) MUST_USE;
/* STORE_ERROR_MISSING when it was not raised. */
bool exemptions_lower(struct state *state, const char *limit, const char *key,
		      GError **error) MUST_USE;

/* Of just that limit, or of EXEMPTION_ALL; an expired raise is none. Any
 * thread; texts live in arena. */
bool exemptions_find(struct state *state, const char *limit, const char *key,
		     int64_t now_us, struct arena *arena,
		     struct exemption *out);

/* Borrowed for the call. Expired ones are given, too. */
typedef void exemption_take_fn(const struct exemption *exemption,
			       void *context);
bool exemptions_each(struct state *state, exemption_take_fn *take,
		     void *context, GError **error) MUST_USE;

/* For a timer: those of the array (of struct exemption) that are still to be
 * cleared as of the same time are done, and what expired is removed. */
bool exemptions_settle(struct state *state, const GArray *done,
		       int64_t now_us, GError **error) MUST_USE;

#endif
