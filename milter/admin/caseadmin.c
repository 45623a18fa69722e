#include <config.h>

#include "admin/admin.h"

#include "admin/auditlog.h"
#include "admin/casenotice.h"
#include "admin/caseprint.h"
#include "admin/desk.h"
#include "base/clock.h"
#include "cases/caseduties.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define OVERDUE 1		/* exit status, for monitoring */
#define OF_ITS_KIND (-1)	/* a severity */

static int take_id(const struct command *self, const char *text,
		   struct case_id *id_out)
{
	if (case_id_parse(span_text(text), id_out))
		return EX_OK;
	return admin_fail(self, EX_USAGE, "\"%s\" is no case; write 2026-0001",
			  text);
}

/* KIND VALUE, as lists have them. */
static int take_subject(const struct command *self, char **words,
			struct case_facts *facts)
{
	if (!list_kind_parse(span_text(words[0]), &facts->subject_kind) ||
	    facts->subject_kind == LIST_FINGERPRINT)
		return admin_fail(self, EX_USAGE, "\"%s\": a case is about an "
			"address, network, account, sender, domain or "
			"customer", words[0]);
	facts->subject = words[1];
	return EX_OK;
}

static int take_kind(const struct command *self, const char *kind,
		     int severity, struct case_facts *facts)
{
	facts->kind = case_kind_parse(span_text(kind));
	if (facts->kind == CASE_KIND_NONE)
		return admin_fail(self, EX_USAGE, "--kind: \"%s\": the kinds "
			"are spam, open-relay, forged-sender, virus, harmful "
			"and attack", kind);
	if (severity == OF_ITS_KIND)
		severity = (int)caseduties_severity(facts->kind);
	if (severity < 1 || severity > 3)
		return admin_fail(self, EX_USAGE, "--severity is 1, 2 or 3");
	facts->severity = (uint32_t)severity;
	return EX_OK;
}

static int open_case(struct admin *admin, const struct command *self,
		     struct case_facts *facts, struct case_step *step)
{
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_open(admin, self, &status);
	struct caseprint print;
	struct arena arena;

	if (!state)
		return status;
	arena_init(&arena);
	if (casebook_open(state, case_settings_of(admin->settings), facts,
			  step, &arena, &why)) {
		caseprint_begin(&print, admin);
		caseprint_take(facts, &print);
		caseprint_end(&print);
	} else {
		status = admin_fail_store(self, why);
	}
	arena_release(&arena);
	state_close(&state);
	return status;
}

static int run_open(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	g_autofree char *kind = NULL, *contact = NULL, *reason = NULL;
	g_autofree char *who = admin_operator();
	g_autofree char *asked = g_strjoinv(" ", argv + 1);
	int severity = OF_ITS_KIND;
	const GOptionEntry entries[] = {
		{ "kind", 'k', 0, G_OPTION_ARG_STRING, &kind,
		  "spam (if not given), open-relay, forged-sender, virus, "
		  "harmful or attack", "KIND" },
		{ "severity", 's', 0, G_OPTION_ARG_INT, &severity,
		  "1 to 3 (not given: 1, of a virus 2, harmful content 3)",
		  "N" },
		{ "contact", 'c', 0, G_OPTION_ARG_STRING, &contact,
		  "Whom to write to about it", "ADDRESS" },
		{ "reason", 'r', 0, G_OPTION_ARG_STRING, &reason,
		  "What happened", "TEXT" },
		G_OPTION_ENTRY_NULL,
	};
	struct case_facts facts = { 0 };
	struct case_step step = { clock_now_us(), CASE_COMMAND_OPEN,
				  CASE_STATE_OPEN, who, "" };
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && argc != 3)
		status = admin_fail(self, EX_USAGE, "needs what it is about: "
				    "address|network|account|sender|domain|"
				    "customer, and a value");
	if (status == EX_OK)
		status = take_subject(self, argv + 1, &facts);
	if (status == EX_OK)
		status = take_kind(self, kind ? kind : "spam", severity, &facts);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, asked, reason);
	if (status != EX_OK)
		return status;
	facts.contact = contact ? contact : "";
	step.note = reason ? reason : "";
	return open_case(admin, self, &facts, &step);
}

static int take_until(const struct command *self, const char *text,
		      int64_t *until_us_out)
{
	int64_t span_us;

	if (!text)
		return EX_OK;
	if (admin_parse_span(text, &span_us))
		*until_us_out = span_us ? clock_now_us() + span_us : 0;
	else if (!admin_parse_time(text, until_us_out))
		return admin_fail(self, EX_USAGE, "--until: \"%s\" is no time; "
				  "write 7d (from now) or 2026-11-23", text);
	if (*until_us_out && *until_us_out <= clock_now_us())
		return admin_fail(self, EX_USAGE, "--until: %s is over", text);
	return EX_OK;
}

static int change(struct admin *admin, const struct command *self,
		  struct case_id id, const struct casenotice *letter,
		  struct case_change *wanted)
{
	int status = EX_OK;
	struct state *state = desk_open(admin, self, &status);
	struct caseprint print;
	struct case_facts facts;
	struct arena arena;
	bool is_done;

	if (!state)
		return status;
	arena_init(&arena);
	status = casenotice_step(admin, self, state, id, letter, wanted,
				 &facts, &is_done, &arena);
	if (status == EX_OK && is_done) {
		caseprint_begin(&print, admin);
		caseprint_take(&facts, &print);
		caseprint_end(&print);
	}
	arena_release(&arena);
	state_close(&state);
	return status;
}

static enum case_command command_of(const struct command *self)
{
	const char *word = strrchr(self->name, ' ') + 1;
	unsigned command = CASE_COMMAND_NOTE;

	while (strcmp(case_command_word(command), word) != 0)
		command++;
	return (enum case_command)command;
}

/* All but open: what is done with a case that is there. */
static int run_step(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	g_autofree char *reason = NULL, *until = NULL, *contact = NULL;
	g_autofree char *who = admin_operator();
	g_autofree char *asked = g_strjoinv(" ", argv + 1);
	struct casenotice letter = { .remark = NULL };
	gboolean is_reported = FALSE;
	const GOptionEntry entries[] = {
		{ "reason", 'r', 0, G_OPTION_ARG_STRING, &reason,
		  "The note that stays with it", "TEXT" },
		{ "until", 'u', 0, G_OPTION_ARG_STRING, &until,
		  "Of watch and suspend: 7d (from now), or a day", "TIME" },
		{ "contact", 'c', 0, G_OPTION_ARG_STRING, &contact,
		  "Whom to write to about it, from now on", "ADDRESS" },
		{ "reported", 0, 0, G_OPTION_ARG_NONE, &is_reported,
		  "The authority has its report", NULL },
		CASENOTICE_ENTRIES(&letter),
		G_OPTION_ENTRY_NULL,
	};
	struct case_change wanted = { .step = {
		clock_now_us(), command_of(self), 0, who, "" } };
	bool is_assigned = wanted.step.command == CASE_COMMAND_ASSIGN;
	struct case_id id;
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && argc != 2 + is_assigned)
		status = admin_fail(self, EX_USAGE, "needs a case%s",
				    is_assigned ? " and who works on it" : "");
	if (status == EX_OK)
		status = take_id(self, argv[1], &id);
	if (status == EX_OK)
		status = take_until(self, until, &wanted.until_us);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, asked, reason);
	if (status == EX_OK) {
		wanted.step.note = reason ? reason :
				   is_assigned ? argv[2] : "";
		wanted.assigned = is_assigned ? argv[2] : NULL;
		wanted.contact = contact;
		wanted.is_reported = is_reported;
		status = change(admin, self, id, &letter, &wanted);
	}
	casenotice_release(&letter);
	return status;
}

/* Whose, or of which state; those behind a case. */
struct asked {
	char *state_word, *after;
	enum case_state state;
	struct case_facts about;
	struct case_id before;
	int limit;
};

static int take_asked(const struct command *self, int argc, char **argv,
		      struct asked *asked)
{
	int status = EX_OK;

	if (argc != 1 && argc != 3)
		status = admin_fail(self, EX_USAGE, "nothing, or a kind and a "
				    "value");
	if (status == EX_OK && argc == 3)
		status = take_subject(self, argv + 1, &asked->about);
	if (status == EX_OK && asked->after && argc == 3)
		status = admin_fail(self, EX_USAGE, "--after goes with all "
				    "cases, or those of a state");
	if (status == EX_OK && asked->state_word &&
	    !(asked->state = case_state_parse(span_text(asked->state_word))))
		status = admin_fail(self, EX_USAGE, "--state: \"%s\" is none",
				    asked->state_word);
	if (status == EX_OK && asked->after)
		status = take_id(self, asked->after, &asked->before);
	return desk_check_limit(self, asked->limit, status);
}

static int list(struct admin *admin, const struct command *self,
		const struct asked *asked)
{
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_look(admin, self, &status);
	char last[CASE_ID_TEXT_MAX];
	struct caseprint print;
	bool is_good;

	if (!state)
		return status;
	caseprint_begin(&print, admin);
	print.limit = asked->limit;
	is_good = asked->about.subject_kind ?
		casebook_each_of(state, asked->about.subject_kind,
				 asked->about.subject, caseprint_take, &print,
				 &why) :
		casebook_each_before(state, asked->state, asked->before,
				     caseprint_take, &print, &why);
	caseprint_end(&print);
	if (!is_good)
		status = admin_fail_store(self, why);
	else if (print.is_cut)
		desk_tell_more(asked->about.subject_kind ? NULL :
			       case_id_format(print.last, last));
	state_close(&state);
	return status;
}

static int run_list(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	struct asked asked = { .limit = DESK_LIMIT };
	const GOptionEntry entries[] = {
		{ "state", 's', 0, G_OPTION_ARG_STRING, &asked.state_word,
		  "Only those that are open, warned, watched, suspended, "
		  "remedied, closed or terminated", "STATE" },
		DESK_LIMIT_ENTRY(&asked.limit),
		DESK_AFTER_ENTRY(&asked.after, "CASE"),
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK)
		status = take_asked(self, argc, argv, &asked);
	if (status == EX_OK)
		status = list(admin, self, &asked);
	g_free(asked.state_word);
	g_free(asked.after);
	return status;
}

static int due(struct admin *admin, const struct command *self,
	       int64_t span_us, int limit)
{
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_look(admin, self, &status);
	struct caseprint print;

	if (!state)
		return status;
	caseprint_begin(&print, admin);
	print.limit = limit;
	/* What is overdue comes first. */
	if (!casebook_each_due(state, print.now_us + span_us, caseprint_take,
			       &print, &why))
		status = admin_fail_store(self, why);
	else if (print.overdue)
		status = OVERDUE;
	caseprint_end(&print);
	if (print.is_cut)
		desk_tell_more(NULL);
	state_close(&state);
	return status;
}

static int run_due(struct admin *admin, const struct command *self, int argc,
		   char **argv)
{
	g_autofree char *within = NULL;
	int limit = DESK_LIMIT;
	const GOptionEntry entries[] = {
		{ "within", 'w', 0, G_OPTION_ARG_STRING, &within,
		  "And what is due in that time (7d)", "SPAN" },
		DESK_LIMIT_ENTRY(&limit),
		G_OPTION_ENTRY_NULL,
	};
	int64_t span_us = 7 * INT64_C(86400) * G_USEC_PER_SEC;
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && within && !admin_parse_span(within, &span_us))
		status = admin_fail(self, EX_USAGE, "--within: \"%s\" is no "
				    "span; write 12h or 7d", within);
	status = desk_check_limit(self, limit, status);
	return status == EX_OK ? due(admin, self, span_us, limit) : status;
}

static int run_show(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	struct case_id id;
	struct state *state;
	int status = admin_parse(self, NULL, &argc, &argv);

	if (status == EX_OK && argc != 2)
		status = admin_fail(self, EX_USAGE, "needs a case");
	if (status == EX_OK)
		status = take_id(self, argv[1], &id);
	state = desk_look(admin, self, &status);
	if (!state)
		return status;
	status = caseprint_whole(admin, self, state, id);
	state_close(&state);
	return status;
}

#define STEP(word, what) { \
	.name = "case " word, .arguments = "[OPTION...] CASE", \
	.summary = what, \
	.examples = "  reevectl case " word " 2026-0001 --reason \"...\"\n", \
	.run = run_step }

static const struct command verbs[] = {
	{
		.name = "case list",
		.arguments = "[OPTION...] [KIND VALUE]",
		.summary = "List cases, the newest first: all, of a state, or "
			   "about somebody",
		.examples = "  reevectl case list --state suspended\n"
			    "  reevectl case list account alice\n",
		.run = run_list,
	}, {
		.name = "case show",
		.arguments = "CASE",
		.summary = "Show a case with its steps",
		.examples = "  reevectl case show 2026-0001\n",
		.run = run_show,
	}, {
		.name = "case notice",
		.arguments = "[OPTION...] CASE warning|reminder|suspension|"
			     "resumption|closing",
		.summary = "Send a letter about a case",
		.examples = "  reevectl case notice 2026-0001 warning "
			    "--dry-run\n",
		.run = casenotice_run,
	}, {
		.name = "case due",
		.arguments = "[OPTION...]",
		.summary = "What must be done by when",
		.examples = "  reevectl case due --within 1d\n"
			    "Exits with 1 when something is overdue.\n",
		.run = run_due,
	}, {
		.name = "case open",
		.arguments = "[OPTION...] KIND VALUE",
		.summary = "Open a case about somebody",
		.examples = "  reevectl case open account alice --kind spam "
			    "--contact alice@example.org\n"
			    "KIND is address, network, account, sender, domain "
			    "or customer.\n",
		.run = run_open,
	},
	STEP("note", "Write something down, or that it was reported"),
	STEP("warn", "Warn whom it is about, by a letter or otherwise"),
	STEP("watch", "Watch whom it is about, from now on"),
	STEP("suspend", "Refuse mail from whom it is about, from now on"),
	STEP("resume", "Let mail through again, and watch"),
	STEP("remedy", "The cause is gone"),
	STEP("close", "It is over"),
	STEP("terminate", "The contract is over; what is suspended stays so"),
	{
		.name = "case assign",
		.arguments = "[OPTION...] CASE WHO",
		.summary = "Who works on it",
		.examples = "  reevectl case assign 2026-0001 bob\n",
		.run = run_step,
	},
};

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	return admin_run_verb(admin, self, verbs, COUNT_OF(verbs), argc, argv);
}

const struct command command_case = {
	.name = "case",
	.arguments = "list|show|due|open|note|notice|warn|watch|suspend|resume|"
		     "remedy|close|terminate|assign ...",
	.summary = "Cases of the abuse desk, with their deadlines",
	.run = run,
};
