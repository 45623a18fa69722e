/* holds.h - days and records that must stay, whatever their term */
#ifndef STORE_HOLDS_H
#define STORE_HOLDS_H

#include "store/state.h"

struct hold {
	const char *name;		/* the case it is for */
	int64_t since_day, until_day;	/* both of them, too; INT64_MIN and
					 * INT64_MAX: open */
	int64_t created_us;
	const char *operator_name, *reason;
	/* As search.h has them; all that is there must hold of a record. NULL
	 * or "" for all four: whole days are held. */
	const char *sender, *recipient, *account, *client;
};

bool holds_is_of_days(const struct hold *hold);

#define HOLD_NAME_MAX 100		/* bytes */

/* One that is there already stays, and STORE_ERROR_INVALID says so; so it is
 * with a name that is empty or too long. */
bool holds_add(struct state *state, const struct hold *hold, GError **error)
	MUST_USE;
bool holds_release(struct state *state, const char *name, bool *was_there_out,
		   GError **error) MUST_USE;

/* Borrowed for the call. */
typedef void holds_take_fn(const struct hold *hold, void *context);
/* By name. One that cannot be read is an error: nothing it may hold can go. */
bool holds_each(struct state *state, holds_take_fn *take, void *context,
		GError **error) MUST_USE;

/* struct day_range of all holds, also of those that are for some records of
 * these days only; NULL with error. Free with g_array_unref(). */
GArray *holds_ranges(struct state *state, GError **error) MUST_USE;

#endif
