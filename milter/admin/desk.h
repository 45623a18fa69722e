/* desk.h - how verbs begin that look at the state, or change it */
#ifndef ADMIN_DESK_H
#define ADMIN_DESK_H

#include "admin/admin.h"
#include "store/state.h"

/* The option --reason, of what the audit notes. */
#define DESK_REASON_ENTRY(reason) \
	{ "reason", 'r', 0, G_OPTION_ARG_STRING, reason, \
	  "What for: reevectl audit tells it", "TEXT" }

/* The options of a list that is read page by page, newest or first first. limit
 * begins as DESK_LIMIT; 0 is all, and less is refused by desk_check_limit(). */
#define DESK_LIMIT 100
#define DESK_LIMIT_ENTRY(limit) \
	{ "limit", 'n', 0, G_OPTION_ARG_INT, limit, \
	  "At most so many (100; 0: all)", "N" }
#define DESK_AFTER_ENTRY(after, word) \
	{ "after", 0, 0, G_OPTION_ARG_STRING, after, \
	  "The next page: those behind this one", word }
/* Exit status: 0; or what came before, or EX_USAGE and the message is out. */
int desk_check_limit(const struct command *self, int limit, int status)
	MUST_USE;
/* On standard error, where the page ended. after NULL: only
 * --limit tells more. */
void desk_tell_more(const char *after);

/*
 * The state of the settings, made where there is none. NULL: the message is
 * out, and the status of sysexits.h in *status.
 */
struct state *desk_open(const struct admin *admin, const struct command *self,
			int *status) MUST_USE;

/*
 * What comes behind the words, which gave *status: reads the settings and opens
 * the state. NULL when *status is no EX_OK, then or now.
 */
struct state *desk_look(struct admin *admin, const struct command *self,
			int *status) MUST_USE;
/* The same, with a note in the audit between the two; subject and reason are
 * those of auditlog_note(). */
struct state *desk_begin(struct admin *admin, const struct command *self,
			 const char *subject, const char *reason,
			 int *status) MUST_USE;

/* As admin_fail_store(); and what the words name is not there:
 * they are bad data. */
int desk_fail_named(const struct command *self, const GError *why);

#endif
