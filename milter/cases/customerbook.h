/* customerbook.h - the customers in state.mdb, and whose a message is */
#ifndef CASES_CUSTOMERBOOK_H
#define CASES_CUSTOMERBOOK_H

#include "base/netaddr.h"
#include "cases/customerentry.h"
#include "store/state.h"

/*
 * An account, a network or a domain is one customer's only. Networks may lie
 * within those of others: the most specific one wins.
 */

/* Who changes the book; customerchanges.h keeps it. */
struct customer_editor {
	const char *operator_name;
	int64_t now_us;
};

/*
 * Writes all of them or, with an error, none: struct customer_entry *. One that
 * is there already is an error, unless is_replaced: then it becomes what is
 * given. STORE_ERROR_INVALID names both customers when something is another's;
 * STORE_ERROR_BUSY when changed_us is set, and is not that of the one that is
 * there: somebody changed it since it was read.
 */
bool customerbook_put(struct state *state, const GPtrArray *entries,
		      bool is_replaced, const struct customer_editor *editor,
		      GError **error) MUST_USE;
/* STORE_ERROR_MISSING when there is none. */
bool customerbook_remove(struct state *state, const char *id,
			 const struct customer_editor *editor, GError **error)
	MUST_USE;

/* By id, ASCII letters without case; false when there is none, or the state
 * cannot be read. The entry is in arena. */
bool customerbook_get(struct state *state, const char *id,
		      struct arena *arena, struct customer_entry *entry_out)
	MUST_USE;

/* Borrowed for the call; false ends it. */
typedef bool customer_take_fn(const struct customer_entry *entry,
			      void *context);
/* By id, from behind after (NULL: all). */
bool customerbook_each(struct state *state, const char *after,
		       customer_take_fn *take, void *context, GError **error)
	MUST_USE;

/*
 * The id of the customer whose account it is (as it is, or by its @domain);
 * else whose address, else whose sender domain (as it is in struct mailaddr, or
 * by a domain above). Each may be NULL or empty. NULL: nobody's. In arena. For
 * the mail path: some microseconds among 100,000 customers, no lock; any
 * thread.
 */
const char *customerbook_find(struct state *state, const char *account,
			      const struct netaddr *addr,
			      const char *sender_domain, struct arena *arena)
	MUST_USE;

#endif
