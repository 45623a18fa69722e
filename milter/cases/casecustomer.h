/* casecustomer.h - whose the account, address or name is that a
 * case is about */
#ifndef CASES_CASECUSTOMER_H
#define CASES_CASECUSTOMER_H

#include "cases/customerentry.h"
#include "store/lists.h"
#include "store/state.h"

/*
 * Whom the book of customers knows as the owner; false when it knows nobody, or
 * cannot be read. Texts live in arena.
 */
bool casecustomer_find(struct state *state, enum list_kind kind,
		       const char *value, struct arena *arena,
		       struct customer_entry *out) MUST_USE;

#endif
