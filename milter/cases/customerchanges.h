/* customerchanges.h - who was written into the book of customers,
 * changed and removed */
#ifndef CASES_CUSTOMERCHANGES_H
#define CASES_CUSTOMERCHANGES_H

#include "cases/customerentry.h"
#include "store/state.h"

/* id "": he was not there before, or is not there any more. */
struct customer_change {
	int64_t when_us;
	const char *operator_name;
	struct customer_entry before, after;
};

/*
 * Within a write of the book's: what becomes of a customer. before or after is
 * NULL when he is not in it. What stays the same is no change.
 */
bool customerchanges_note(struct state_txn *txn, int64_t when_us,
			  const char *operator_name,
			  const struct customer_entry *before,
			  const struct customer_entry *after, GError **error)
	MUST_USE;

/* The words of the fields that are not the same, with ", "
 * between; in arena. */
const char *customerchanges_fields(const struct customer_change *change,
				   struct arena *arena);

/* Borrowed for the call; false ends. Oldest first, from since_us on. */
typedef bool customerchanges_take_fn(const struct customer_change *change,
				     void *context);
bool customerchanges_each(struct state *state, int64_t since_us,
			  customerchanges_take_fn *take, void *context,
			  GError **error) MUST_USE;
/* Of the thousand oldest those from before then. */
bool customerchanges_expire(struct state *state, int64_t before_us,
			    GError **error) MUST_USE;

#endif
