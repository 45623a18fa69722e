/* casebook.h - the cases of the abuse desk, in state.mdb */
#ifndef CASES_CASEBOOK_H
#define CASES_CASEBOOK_H

#include "cases/caseform.h"
#include "cases/casesettings.h"
#include "store/state.h"

#define CASE_TEXT_MAX 2000	/* bytes of a note; what is longer is refused */
#define CASE_CONTACT_MAX 300

/*
 * Opens a case of kind, severity, subject and contact as facts has them, and
 * fills in the rest. note may be "". STORE_ERROR_INVALID says what is wrong:
 * the subject is none, or it has a case that goes on. On disk when true; so
 * below.
 */
bool casebook_open(struct state *state, const struct case_settings *settings,
		   struct case_facts *facts, const struct case_step *step,
		   struct arena *arena, GError **error) MUST_USE;

/* What is to be done, besides the command. */
struct case_change {
	struct case_step step;		/* time, command, operator, note */
	int64_t until_us;		/* of a watch or suspension; 0: see
					 * caseduties.h */
	const char *assigned;		/* of CASE_COMMAND_ASSIGN */
	const char *contact;		/* from now on; NULL: as it was */
	bool is_reported;		/* the authority has its report */
	bool is_undelivered;		/* what was to warn did not arrive */
	/* Written with it, or not at all; may be NULL. */
	bool (*also)(struct state_txn *txn, void *context, GError **error);
	void *also_context;
};

/*
 * Takes a case a step on, and with it the lists of those who are watched and
 * suspended, in one write: in force for the next message. STORE_ERROR_INVALID
 * when the state forbids it, with the reason; STORE_ERROR_MISSING: no such
 * case.
 */
bool casebook_change(struct state *state, const struct case_settings *settings,
		     struct case_id id, const struct case_change *change,
		     struct case_facts *facts_out, struct arena *arena,
		     GError **error) MUST_USE;

/* STORE_ERROR_MISSING: none. Texts live in arena. */
bool casebook_get(struct state *state, struct case_id id,
		  struct case_facts *out, struct arena *arena,
		  GError **error) MUST_USE;

/* Borrowed for the call; false ends. */
typedef bool casebook_take_fn(const struct case_facts *facts, void *context);
typedef bool casebook_take_step_fn(const struct case_step *step,
				   void *context);

/* Of a state, or all (CASE_STATE_NONE), by id. */
bool casebook_each(struct state *state, enum case_state which,
		   casebook_take_fn *take, void *context, GError **error)
	MUST_USE;
/* The same, the newest first; those before that one when it has a number. What
 * is read costs, not what is there. */
bool casebook_each_before(struct state *state, enum case_state which,
			  struct case_id before, casebook_take_fn *take,
			  void *context, GError **error) MUST_USE;
/* Those that owe something by then, the first due first. */
bool casebook_each_due(struct state *state, int64_t until_us,
		       casebook_take_fn *take, void *context, GError **error)
	MUST_USE;
/* All of one subject, by id. STORE_ERROR_INVALID: it is none. */
bool casebook_each_of(struct state *state, enum list_kind kind,
		      const char *subject, casebook_take_fn *take,
		      void *context, GError **error) MUST_USE;
/* Oldest first. */
bool casebook_each_step(struct state *state, struct case_id id,
			casebook_take_step_fn *take, void *context,
			GError **error) MUST_USE;

#endif
