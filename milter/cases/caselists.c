#include <config.h>

#include "cases/caselists.h"

#include "store/lists.h"

static bool put_on_list(struct state_txn *txn, enum list_which which,
			const struct case_facts *facts,
			const struct case_step *step, GError **error)
{
	char id[CASE_ID_TEXT_MAX];
	const struct list_entry entry = {
		.which = which, .kind = facts->subject_kind,
		.value = facts->subject,
		.reason = case_id_format(facts->id, id),
		.operator_name = step->operator_name,
		.created_us = step->when_us, .expires_us = facts->until_us,
	};

	return lists_put(txn, &entry, error);
}

/* Whoever is terminated stays suspended, for ever. */
bool caselists_set(struct state_txn *txn, const struct case_facts *facts,
		   const struct case_step *step, GError **error)
{
	struct span subject = span_text(facts->subject);

	lists_drop(txn, LIST_WATCHED, facts->subject_kind, subject);
	lists_drop(txn, LIST_SUSPENDED, facts->subject_kind, subject);
	if (facts->state == CASE_STATE_WATCHED)
		return put_on_list(txn, LIST_WATCHED, facts, step, error);
	if (facts->state == CASE_STATE_SUSPENDED ||
	    facts->state == CASE_STATE_TERMINATED)
		return put_on_list(txn, LIST_SUSPENDED, facts, step, error);
	return true;
}
