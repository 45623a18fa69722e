/* caseact.h - what Mailreeve itself does in a case: in the
 * audit first, then done */
#ifndef CASES_CASEACT_H
#define CASES_CASEACT_H

#include "cases/casebook.h"
#include "cases/notice.h"

#define CASEACT_OPERATOR "mailreeve"

/* One run of it. Borrowed but for the arena. */
struct caseact {
	struct notice_ask ask;		/* for the letters of it */
	struct state *state;
	const struct case_settings *settings;
	int64_t now_us;
	struct arena arena;
};

/* As of now. */
void caseact_begin(struct caseact *act, struct state *state,
		   const struct settings *settings);
void caseact_end(struct caseact *act);

/* Into the audit; false, and logged, when that cannot be: then
 * it is not done. */
bool caseact_note(struct caseact *act, const char *action, const char *subject,
		  const char *reason) MUST_USE;
/* Takes a case a step on, and writes the letter of it. False when it could
 * not, which is logged. */
bool caseact_take(struct caseact *act, struct case_id id,
		  enum case_command command, const char *text);
void caseact_tell_trouble(const GError *why);

#endif
