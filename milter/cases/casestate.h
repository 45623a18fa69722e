/* casestate.h - what may be done with a case, and what becomes of it */
#ifndef CASES_CASESTATE_H
#define CASES_CASESTATE_H

#include "base/span.h"

/* On disk: never renumber. */
enum case_state {
	CASE_STATE_NONE,
	CASE_STATE_OPEN,		/* nobody has done anything yet */
	CASE_STATE_WARNED,
	CASE_STATE_WATCHED,
	CASE_STATE_SUSPENDED,
	CASE_STATE_REMEDIED,
	CASE_STATE_CLOSED,
	CASE_STATE_TERMINATED,		/* the contract is over; so stays it */
	CASE_STATES
};

enum case_command {
	CASE_COMMAND_NONE,
	CASE_COMMAND_OPEN,		/* the first step of each case */
	CASE_COMMAND_NOTE,
	CASE_COMMAND_WARN,
	CASE_COMMAND_WATCH,
	CASE_COMMAND_SUSPEND,
	CASE_COMMAND_RESUME,
	CASE_COMMAND_REMEDY,
	CASE_COMMAND_CLOSE,
	CASE_COMMAND_TERMINATE,
	CASE_COMMAND_ASSIGN,
	CASE_COMMANDS
};

const char *case_state_word(enum case_state state);
const char *case_command_word(enum case_command command);
/* CASE_STATE_NONE: no such word. */
enum case_state case_state_parse(struct span word);

/* What state the command leads to; CASE_STATE_NONE: it is not allowed from
 * there, and *why_out says why in a sentence. Pure. */
enum case_state casestate_after(enum case_state state,
				enum case_command command,
				const char **why_out);
/* Neither closed nor terminated: something may be due. */
bool casestate_is_live(enum case_state state);

#endif
