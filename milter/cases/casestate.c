#include <config.h>

#include "cases/casestate.h"

#include "base/guard.h"

static const char *const state_words[] = {
	"none", "open", "warned", "watched", "suspended", "remedied",
	"closed", "terminated",
};

static const char *const command_words[] = {
	"none", "open", "note", "warn", "watch", "suspend", "resume", "remedy",
	"close", "terminate", "assign",
};

/* Where it leads; or why not. */
struct step {
	enum case_state to;
	const char *why;
};

#define TO(state) { CASE_STATE_##state, NULL }
#define NO(why) { CASE_STATE_NONE, why }

#define NO_OPEN NO("the case is there already")
#define NO_RESUME NO("it is not suspended")
#define NO_TERMINATE NO("only who is suspended can be terminated; suspend first")
#define NO_CLOSE NO("it is not settled; remedy it first")
#define OVER "the case is over; open a new one"

static const struct step table[CASE_STATES][CASE_COMMANDS] = {
	[CASE_STATE_NONE] = {
		[CASE_COMMAND_OPEN] = TO(OPEN),
	},
	[CASE_STATE_OPEN] = {
		[CASE_COMMAND_OPEN] = NO_OPEN,
		[CASE_COMMAND_NOTE] = TO(OPEN),
		[CASE_COMMAND_WARN] = TO(WARNED),
		[CASE_COMMAND_WATCH] = TO(WATCHED),
		[CASE_COMMAND_SUSPEND] = TO(SUSPENDED),
		[CASE_COMMAND_RESUME] = NO_RESUME,
		[CASE_COMMAND_REMEDY] = TO(REMEDIED),
		[CASE_COMMAND_CLOSE] = TO(CLOSED),	/* a false alarm */
		[CASE_COMMAND_TERMINATE] = NO_TERMINATE,
		[CASE_COMMAND_ASSIGN] = TO(OPEN),
	},
	[CASE_STATE_WARNED] = {
		[CASE_COMMAND_OPEN] = NO_OPEN,
		[CASE_COMMAND_NOTE] = TO(WARNED),
		[CASE_COMMAND_WARN] = TO(WARNED),	/* a reminder */
		[CASE_COMMAND_WATCH] = TO(WATCHED),
		[CASE_COMMAND_SUSPEND] = TO(SUSPENDED),
		[CASE_COMMAND_RESUME] = NO_RESUME,
		[CASE_COMMAND_REMEDY] = TO(REMEDIED),
		[CASE_COMMAND_CLOSE] = NO_CLOSE,
		[CASE_COMMAND_TERMINATE] = NO_TERMINATE,
		[CASE_COMMAND_ASSIGN] = TO(WARNED),
	},
	[CASE_STATE_WATCHED] = {
		[CASE_COMMAND_OPEN] = NO_OPEN,
		[CASE_COMMAND_NOTE] = TO(WATCHED),
		[CASE_COMMAND_WARN] = TO(WATCHED),	/* and still watched */
		[CASE_COMMAND_WATCH] = TO(WATCHED),	/* anew, for longer */
		[CASE_COMMAND_SUSPEND] = TO(SUSPENDED),
		[CASE_COMMAND_RESUME] = NO_RESUME,
		[CASE_COMMAND_REMEDY] = TO(REMEDIED),
		[CASE_COMMAND_CLOSE] = NO_CLOSE,
		[CASE_COMMAND_TERMINATE] = NO_TERMINATE,
		[CASE_COMMAND_ASSIGN] = TO(WATCHED),
	},
	[CASE_STATE_SUSPENDED] = {
		[CASE_COMMAND_OPEN] = NO_OPEN,
		[CASE_COMMAND_NOTE] = TO(SUSPENDED),
		[CASE_COMMAND_WARN] = NO("who is suspended is past warnings"),
		[CASE_COMMAND_WATCH] = NO("it is suspended; resume it, and it "
					  "is watched"),
		[CASE_COMMAND_SUSPEND] = NO("it is suspended already"),
		[CASE_COMMAND_RESUME] = TO(WATCHED),
		[CASE_COMMAND_REMEDY] = TO(REMEDIED),	/* lifts it */
		[CASE_COMMAND_CLOSE] = NO("it is suspended; resume or remedy "
					  "it first"),
		[CASE_COMMAND_TERMINATE] = TO(TERMINATED),
		[CASE_COMMAND_ASSIGN] = TO(SUSPENDED),
	},
	[CASE_STATE_REMEDIED] = {
		[CASE_COMMAND_OPEN] = NO_OPEN,
		[CASE_COMMAND_NOTE] = TO(REMEDIED),
		[CASE_COMMAND_WARN] = TO(WARNED),	/* no remedy */
		[CASE_COMMAND_WATCH] = TO(WATCHED),
		[CASE_COMMAND_SUSPEND] = TO(SUSPENDED),
		[CASE_COMMAND_RESUME] = NO_RESUME,
		[CASE_COMMAND_REMEDY] = NO("it is remedied already"),
		[CASE_COMMAND_CLOSE] = TO(CLOSED),
		[CASE_COMMAND_TERMINATE] = NO_TERMINATE,
		[CASE_COMMAND_ASSIGN] = TO(REMEDIED),
	},
	[CASE_STATE_CLOSED] = {
		[CASE_COMMAND_NOTE] = TO(CLOSED),
	},
	[CASE_STATE_TERMINATED] = {
		[CASE_COMMAND_NOTE] = TO(TERMINATED),
	},
};

const char *case_state_word(enum case_state state)
{
	return state_words[(size_t)state < COUNT_OF(state_words) ? state : 0];
}

const char *case_command_word(enum case_command command)
{
	return command_words[(size_t)command < COUNT_OF(command_words) ?
			     command : 0];
}

enum case_state case_state_parse(struct span word)
{
	for (size_t i = 1; i < COUNT_OF(state_words); i++)
		if (span_is_word(word, state_words[i]))
			return (enum case_state)i;
	return CASE_STATE_NONE;
}

enum case_state casestate_after(enum case_state state,
				enum case_command command,
				const char **why_out)
{
	const struct step *step;

	BUG_IF((size_t)state >= CASE_STATES ||
	       (size_t)command >= CASE_COMMANDS);
	step = &table[state][command];
	if (!step->to)
		*why_out = step->why ? step->why :
			   state == CASE_STATE_NONE ? "there is no such case" :
			   OVER;
	return step->to;
}

bool casestate_is_live(enum case_state state)
{
	return state != CASE_STATE_NONE && state != CASE_STATE_CLOSED &&
	       state != CASE_STATE_TERMINATED;
}
