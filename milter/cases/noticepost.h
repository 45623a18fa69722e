/* noticepost.h - letters go out, and their cases say so */
#ifndef CASES_NOTICEPOST_H
#define CASES_NOTICEPOST_H

#include "cases/casebook.h"
#include "cases/notice.h"

#define NOTICEPOST_LIMIT_MS 60000	/* for the program */
/* Who sends a letter has it in hand for so long; then another may try. */
#define NOTICEPOST_CLAIM_US (INT64_C(600) * G_USEC_PER_SEC)

/* For struct case_change: the letter (struct notice_entry *)
 * waits with the step. */
bool noticepost_also(struct state_txn *txn, void *context, GError **error);

/*
 * A letter was taken by the MTA (failed NULL), or was not. Taken: the step
 * entry->command of the case, or a note where the case forbids that by now.
 * Not: a note the first time; it waits, longer each time, and is given up after
 * NOTICEPOST_GIVE_UP_US, with a note. wanted (may be NULL) has a contact of the
 * case that is changed with it. All in one write. The error is the state's.
 */
struct notice_outcome {
	const char *failed, *operator_name;
	const struct case_change *wanted;
};
#define NOTICEPOST_GIVE_UP_US (INT64_C(3) * 86400 * G_USEC_PER_SEC)
bool noticepost_end(const struct notice_ask *ask, struct notice_entry *entry,
		    const struct notice_outcome *outcome,
		    struct case_facts *facts_out, struct arena *arena,
		    GError **error) MUST_USE;

/* Sends a letter that waits and is in hand, and waits for the end of it.
 * *failed_out: NULL, or why the MTA has it not; in arena. */
bool noticepost_send(const struct notice_ask *ask,
		     const struct case_facts *facts,
		     struct notice_entry *entry,
		     struct notice_outcome *outcome,
		     struct case_facts *facts_out, struct arena *arena,
		     GError **error) MUST_USE;

#endif
