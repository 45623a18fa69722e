/* caselists.h - whom a case is about on the lists of the
 * watched and suspended */
#ifndef CASES_CASELISTS_H
#define CASES_CASELISTS_H

#include "cases/caseform.h"
#include "store/state.h"

/* Within a write of the caller's: as the state of the case says,
 * until facts->until_us. */
bool caselists_set(struct state_txn *txn, const struct case_facts *facts,
		   const struct case_step *step, GError **error) MUST_USE;

#endif
