/* caserows.h - cases as rows of state.mdb, within a transaction */
#ifndef CASES_CASEROWS_H
#define CASES_CASEROWS_H

#include "cases/caseduties.h"
#include "cases/caseform.h"
#include "cases/casesettings.h"
#include "store/state.h"
#include "store/storeerror.h"

bool caserows_find(struct state_txn *txn, struct case_id id,
		   struct arena *arena, struct case_facts *out) MUST_USE;
/* The case of a subject, as lists_form() writes it, that goes on. */
bool caserows_find_live(struct state_txn *txn, enum list_kind kind,
			const char *subject, struct case_id *id_out) MUST_USE;

/* The case of something of the customer's (facts->customer) that goes on. */
bool caserows_find_live_of(struct state_txn *txn, const char *customer,
			   struct case_id *id_out) MUST_USE;

/* A new one, with the next number, open since its first step, and the
 * duties of its kind, by whose word it is. STORE_ERROR_INVALID: its subject
 * has one that goes on. */
bool caserows_add(struct state_txn *txn, const struct case_settings *settings,
		  struct case_facts *facts, enum case_witness witness,
		  const struct case_step *step, GError **error) MUST_USE;

/* The number of the newest case of a year; 0: it has none. */
uint32_t caserows_last_number(struct state_txn *txn, uint16_t year);

/* Before facts change, as they were; what led to them does no more. */
void caserows_leave(struct state_txn *txn, const struct case_facts *facts);
/* And as they are now, with the step that is number facts->steps. */
bool caserows_put(struct state_txn *txn, const struct case_facts *facts,
		  const struct case_step *step, GError **error) MUST_USE;
/* From 1 on. */
bool caserows_find_step(struct state_txn *txn, struct case_id id,
			uint32_t place, struct arena *arena,
			struct case_step *out) MUST_USE;

/* What caserows_walk() goes through: all and those of a state or subject by id,
 * or what is due first. Free it. */
GString *caserows_all(void) MUST_USE;
GString *caserows_of_state(enum case_state state) MUST_USE;
GString *caserows_of_subject(enum list_kind kind, const char *subject)
	MUST_USE;
GString *caserows_due(void) MUST_USE;

/* Borrowed for the call; false ends, and then the walk gives false. */
typedef bool caserows_take_fn(const struct case_facts *facts, void *context);
bool caserows_walk(struct state_txn *txn, const GString *which,
		   caserows_take_fn *take, void *context);
/* From the last back; from those before that one when it has a number. */
bool caserows_walk_back(struct state_txn *txn, const GString *which,
			struct case_id before, caserows_take_fn *take,
			void *context);

/* "case 2026-0001: what"; false. */
bool caserows_fail(GError **error, enum store_error code, struct case_id id,
		   const char *what);

#endif
