/* admin.h - what the subcommands of reevectl share */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "base/guard.h"
#include "settings/settings.h"

#include <glib.h>

/* One run of reevectl. */
struct admin {
	const char *settings_file;	/* NULL: the presets */
	const struct setting_group *const *groups;
	bool is_json;			/* one object a line */
	const char *command;		/* that runs, with its verb:
					 * "records show" */
	struct settings *settings;	/* NULL until admin_load() */
	char *records_from;		/* --state-dir of what only looks at
					 * records; NULL: that of the
					 * settings */
};

/*
 * A subcommand: one row in a table, one function in a file of its own. run
 * gets the words from its name on, has a GOptionContext read its options, and
 * returns an exit status of sysexits.h, having said on standard error why.
 */
struct command {
	const char *name;
	const char *arguments;		/* "[OPTION...] FILE" for the
					 * usage line */
	const char *summary;		/* one line for `reevectl help` */
	const char *examples;		/* lines, each a whole command */
	int (*run)(struct admin *admin, const struct command *self, int argc,
		   char **argv);
};

/* An option of those that only look at records. */
#define RECORDS_FROM_ENTRY(admin) \
	{ "state-dir", 0, 0, G_OPTION_ARG_FILENAME, &(admin)->records_from, \
	  "Look in this one, that was restored, and not in the live one", "DIR" }

/* Reads the settings, as the owner of the state directory when root. Exit
 * status: 0; or EX_CONFIG, or EX_NOPERM when the operator may not do this
 * (operators.h), and the message is out. A refusal is in the audit. */
int admin_load(struct admin *admin) MUST_USE;
/* The same, but root stays root; and what was left of it then. Between the two
 * lies what root may read, and the owner may not. */
int admin_load_settings(struct admin *admin) MUST_USE;
int admin_become_owner(const struct admin *admin) MUST_USE;
/* Whose records are looked at. Borrowed. */
const char *admin_records_from(const struct admin *admin);

/*
 * Reads a subcommand's options; what is left in argv (argc updated) are its
 * arguments. Exit status 0, or EX_USAGE and the message is out; -1 when the
 * help was asked for and is out. entries may be NULL.
 */
int admin_parse(const struct command *self, const GOptionEntry *entries,
		int *argc, char ***argv) MUST_USE;

/* For a command with verbs, rows named "command verb": finds the verb in
 * argv[1] and runs it; or tells them all. */
int admin_run_verb(struct admin *admin, const struct command *self,
		   const struct command *verbs, size_t verb_count, int argc,
		   char **argv);

/* Says "reevectl NAME: what" on standard error; returns status. */
int admin_fail(const struct command *self, int status, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* The same for an error of store/; the status that fits. */
int admin_fail_store(const struct command *self, const GError *why);

/* The login behind the operator: SUDO_UID's, else the caller's. Free it. */
char *admin_operator(void) MUST_USE;

/*
 * A time as people write it: 2026-11-23, 2026-11-23T10:00, either with Z for
 * UTC (else local), now, today, yesterday, or 90min, 12h, 7d ago.
 */
bool admin_parse_time(const char *text, int64_t *time_us_out) MUST_USE;
/*
 * A day in UTC: 2026-11-23, or that of such a time. text may be NULL: day_out
 * stays as it is. Exit status: 0, or EX_USAGE and the message, which names
 * the option, is out.
 */
int admin_take_day(const struct command *self, const char *option,
		   const char *text, int64_t *day_out) MUST_USE;
/* The same for times; and for a pair of them, of which since must be before
 * until. 0, or INT64_MIN, and 0: open. */
int admin_take_time(const struct command *self, const char *option,
		    const char *text, int64_t *time_us_out) MUST_USE;
int admin_take_times(const struct command *self, const char *since,
		     const char *until, int64_t *since_us_out,
		     int64_t *until_us_out) MUST_USE;
/* The same for days, which may be one. */
int admin_take_days(const struct command *self, const char *since,
		    const char *until, int64_t *since_day_out,
		    int64_t *until_day_out) MUST_USE;
/* For those that have options alone: EX_USAGE for whatever else is there. */
int admin_take_no_words(const struct command *self, int argc,
			char **argv) MUST_USE;
/* A span: 30min, 12h, 7d, 4w, or "never" (0). */
bool admin_parse_span(const char *text, int64_t *span_us_out) MUST_USE;
/* "2026-11-23 10:00:01", local time; free it. */
char *admin_format_time(int64_t time_us) MUST_USE;

extern const struct command command_alert, command_check, command_try,
	command_records, command_list, command_customer, command_limits,
	command_bulk, command_greylist,
	command_incidents, command_audit, command_evidence, command_dkim,
	command_rules, command_relay_probe, command_reload, command_status,
	command_backup, command_restore,
	command_report, command_case, command_complaint, command_submit;

#endif
