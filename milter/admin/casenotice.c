#include <config.h>

#include "admin/casenotice.h"

#include "admin/desk.h"
#include "admin/jsontext.h"
#include "admin/table.h"
#include "base/clock.h"
#include "cases/caseduties.h"
#include "cases/noticepost.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* One letter of one command. */
struct writing {
	const struct admin *admin;
	const struct command *self;
	const struct casenotice *letter;
	struct notice_ask ask;
	struct arena *arena;
	struct notice_entry entry;
	struct notice_outcome outcome;
	struct case_facts facts;	/* as the letter tells them */
};

void casenotice_release(struct casenotice *letter)
{
	g_free(letter->remark);
	g_free(letter->language);
}

static void show_json(const struct writing *on,
		      const struct notice_mail *mail)
{
	struct span sender = mail->mail.sender;
	json_t *object = json_pack(
		"{s:s, s:s, s:s, s:s#, s:s, s:s, s:s}",
		"kind", notice_kind_word(on->entry.kind), "to", on->entry.to,
		"language", on->entry.language,
		"sender", sender.len ? sender.ptr : "<>",
		(int)(sender.len ? sender.len : 2),
		"subject", mail->subject->str, "text", mail->body->str,
		"message", mail->text->str);

	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

/* For people: not as it is encoded. */
static void show_text(const struct writing *on, const struct notice_mail *mail)
{
	const char *name = notice_settings_of(on->ask.settings)->name;
	struct span sender = mail->mail.sender;

	printf("Envelope: %.*s\nFrom: %s%s<%s>\nTo: %s\nSubject: %s\n\n%s",
	       (int)(sender.len ? sender.len : 2), sender.len ? sender.ptr :
	       "<>", name, *name ? " " : "",
	       case_settings_of(on->ask.settings)->contact, on->entry.to,
	       mail->subject->str, mail->body->str);
}

static int show(const struct writing *on)
{
	struct notice_mail mail;

	notice_mail_init(&mail, &on->ask, &on->facts, &on->entry, on->arena);
	if (on->admin->is_json)
		show_json(on, &mail);
	else
		show_text(on, &mail);
	notice_mail_release(&mail);
	return EX_OK;
}

static bool prepare(struct writing *on, enum notice_kind kind,
		    const char *contact, GError **error)
{
	const char *remark = on->letter->remark ? on->letter->remark : "";

	if (!notice_prepare(&on->ask, &on->facts, kind, contact,
			    on->letter->language, on->arena, &on->entry,
			    error))
		return false;
	on->entry.remark = remark;
	on->entry.operator_name = on->outcome.operator_name;
	on->entry.next_us = on->ask.now_us + NOTICEPOST_CLAIM_US;
	return true;
}

/* The MTA has it, or the daemon tries again; either is on disk. */
static int post(struct writing *on, struct case_facts *facts_out)
{
	g_autoptr(GError) why = NULL;

	if (!noticepost_send(&on->ask, &on->facts, &on->entry, &on->outcome,
			     facts_out, on->arena, &why))
		return admin_fail_store(on->self, why);
	if (!on->outcome.failed)
		return EX_OK;
	return admin_fail(on->self, EX_TEMPFAIL, "the letter to %s could not "
			  "be sent: %s; the daemon tries it again", on->entry.to,
			  on->outcome.failed);
}

/* In hand before it is sent: a crash in between is at worst a letter that comes
 * twice. */
static int warn(struct writing *on, const struct case_change *wanted,
		struct case_facts *facts_out)
{
	g_autoptr(GError) why = NULL;

	on->entry.command = wanted->step.command;
	on->entry.note = wanted->step.note;
	on->outcome.wanted = wanted;
	if (!noticebook_save(on->ask.state, &on->entry, &why))
		return admin_fail_store(on->self, why);
	return post(on, facts_out);
}

static int change(struct writing *on, struct case_id id,
		  const struct case_change *wanted,
		  struct case_facts *facts_out)
{
	g_autoptr(GError) why = NULL;

	if (casebook_change(on->ask.state, case_settings_of(
			on->ask.settings), id, wanted, facts_out, on->arena,
			&why))
		return EX_OK;
	return admin_fail_store(on->self, why);
}

/* What is done stays done when its letter fails; that is only told. */
static int change_and_tell(struct writing *on, struct case_id id,
			   struct case_change *wanted,
			   struct case_facts *facts_out)
{
	int status;

	wanted->also = noticepost_also;
	wanted->also_context = &on->entry;
	status = change(on, id, wanted, facts_out);
	if (status != EX_OK)
		return status;
	on->facts = *facts_out;
	status = post(on, facts_out);
	return status == EX_TEMPFAIL ? EX_OK : status;
}

/* As the case will be: that is what the letter tells. */
static bool look_ahead(struct writing *on, const struct case_change *wanted)
{
	const char *why;
	enum case_state to = casestate_after(on->facts.state,
					     wanted->step.command, &why);

	if (to == CASE_STATE_NONE)
		return false;
	if (wanted->step.command == CASE_COMMAND_WARN)
		return true;
	on->facts.state = to;
	caseduties_after(&on->facts, wanted->step.command, wanted->until_us,
			 on->ask.now_us, case_settings_of(on->ask.settings));
	return true;
}

/* Which letter; NONE also when the case forbids the step, which
 * casebook then says. */
static enum notice_kind kind_of(struct writing *on,
				const struct case_change *wanted)
{
	bool is_on = on->letter->is_wanted || on->letter->is_dry ||
		     notice_settings_of(on->ask.settings)->is_on;
	enum notice_kind kind;

	if (!is_on || on->letter->is_unwanted)
		return NOTICE_KIND_NONE;
	kind = notice_kind_for(&on->ask, &on->facts, wanted->step.command);
	return look_ahead(on, wanted) ? kind : NOTICE_KIND_NONE;
}

static int step_with(struct writing *on, enum notice_kind kind,
		     struct case_change *wanted, struct case_facts *facts_out,
		     bool *is_done_out)
{
	bool is_warning = wanted->step.command == CASE_COMMAND_WARN;
	g_autoptr(GError) why = NULL;

	if (!prepare(on, kind, wanted->contact, &why)) {
		int status = admin_fail(on->self, EX_DATAERR, "%s%s",
			why->message, is_warning ? ", or, when he was warned "
			"otherwise, say --no-notice" : ": no letter is sent");

		return is_warning || on->letter->is_dry ? status :
		       change(on, on->facts.id, wanted, facts_out);
	}
	*is_done_out = !on->letter->is_dry;
	if (on->letter->is_dry)
		return show(on);
	return is_warning ? warn(on, wanted, facts_out) :
	       change_and_tell(on, on->facts.id, wanted, facts_out);
}

int casenotice_step(struct admin *admin, const struct command *self,
		    struct state *state, struct case_id id,
		    const struct casenotice *letter,
		    struct case_change *wanted, struct case_facts *facts_out,
		    bool *is_done_out, struct arena *arena)
{
	struct writing on = {
		.admin = admin, .self = self, .letter = letter, .arena = arena,
		.ask = { admin->settings, state, wanted->step.when_us },
		.outcome = { NULL, wanted->step.operator_name, NULL },
	};
	g_autoptr(GError) why = NULL;
	enum notice_kind kind;

	*is_done_out = true;
	if (!casebook_get(state, id, &on.facts, arena, &why))
		return admin_fail_store(self, why);
	kind = kind_of(&on, wanted);
	if (kind != NOTICE_KIND_NONE)
		return step_with(&on, kind, wanted, facts_out, is_done_out);
	if (letter->is_dry)
		return admin_fail(self, EX_DATAERR, "no letter tells of that "
				  "step of this case");
	return change(&on, id, wanted, facts_out);
}

/* One that warns is the step as well; of all others the case has a note. */
static int write_and_post(struct writing *on, struct case_id id,
			  enum notice_kind kind, const char *contact,
			  const char *reason)
{
	g_autoptr(GError) why = NULL;
	struct case_facts facts;

	if (!casebook_get(on->ask.state, id, &on->facts, on->arena, &why))
		return admin_fail_store(on->self, why);
	if (!notice_fits(&on->facts, kind))
		return admin_fail(on->self, EX_DATAERR, "the case is %s: a "
				  "letter of %s would not be true",
				  case_state_word(on->facts.state),
				  notice_kind_word(kind));
	if (!prepare(on, kind, contact, &why))
		return admin_fail_store(on->self, why);
	if (on->letter->is_dry)
		return show(on);
	on->entry.note = reason ? reason : "";
	if (kind == NOTICE_KIND_WARNING || kind == NOTICE_KIND_REMINDER)
		on->entry.command = CASE_COMMAND_WARN;
	if (!noticebook_save(on->ask.state, &on->entry, &why))
		return admin_fail_store(on->self, why);
	return post(on, &facts);
}

/* The words behind "case notice". */
struct words {
	struct case_id id;
	enum notice_kind kind;
	char *contact, *reason;
};

static int take_words(const struct command *self, int argc, char **argv,
		      struct words *words)
{
	if (argc != 3)
		return admin_fail(self, EX_USAGE, "needs a case, and warning, "
				  "reminder, suspension, resumption or "
				  "closing");
	words->kind = notice_kind_parse(span_text(argv[2]));
	if (words->kind == NOTICE_KIND_NONE)
		return admin_fail(self, EX_USAGE, "\"%s\": the letters are "
				  "warning, reminder, suspension, resumption "
				  "and closing", argv[2]);
	if (!case_id_parse(span_text(argv[1]), &words->id))
		return admin_fail(self, EX_USAGE, "\"%s\" is no case; write "
				  "2026-0001", argv[1]);
	return EX_OK;
}

static int run_open(struct admin *admin, const struct command *self,
		    struct state *state, const struct casenotice *letter,
		    const struct words *words)
{
	g_autofree char *who = admin_operator();
	struct arena arena;
	struct writing on = {
		.admin = admin, .self = self, .letter = letter,
		.arena = &arena, .outcome = { NULL, who, NULL },
		.ask = { admin->settings, state, clock_now_us() },
	};
	int status;

	arena_init(&arena);
	status = write_and_post(&on, words->id, words->kind, words->contact,
				words->reason);
	arena_release(&arena);
	return status;
}

int casenotice_run(struct admin *admin, const struct command *self, int argc,
		   char **argv)
{
	g_autofree char *asked = g_strjoinv(" ", argv + 1);
	struct casenotice letter = { .remark = NULL };
	struct words words = { .contact = NULL };
	const GOptionEntry entries[] = {
		CASENOTICE_LETTER_ENTRIES(&letter),
		{ "contact", 'c', 0, G_OPTION_ARG_STRING, &words.contact,
		  "To this address, and to no other", "ADDRESS" },
		{ "reason", 'r', 0, G_OPTION_ARG_STRING, &words.reason,
		  "The note that stays with it", "TEXT" },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);
	struct state *state;

	if (status == EX_OK)
		status = take_words(self, argc, argv, &words);
	state = desk_begin(admin, self, asked, words.reason, &status);
	if (state)
		status = run_open(admin, self, state, &letter, &words);
	state_close(&state);
	casenotice_release(&letter);
	g_free(words.contact);
	g_free(words.reason);
	return status;
}

static bool take_row(const struct notice_entry *entry, void *context)
{
	struct table *table = context;
	int64_t us = entry->ended_us ? entry->ended_us : entry->next_us;
	bool is_bad = entry->state == NOTICE_STATE_FAILED ||
		      entry->state == NOTICE_STATE_BOUNCED;
	g_autofree char *when = admin_format_time(us);

	table_add(table, TABLE_PLAIN, "%s", notice_kind_word(entry->kind));
	table_add(table, is_bad ? TABLE_BAD : TABLE_PLAIN, "%s",
		  notice_state_word(entry->state));
	table_add(table, TABLE_PLAIN, "%s", when);
	table_add(table, TABLE_PLAIN, "%s", entry->to);
	table_add(table, TABLE_PLAIN, "%s", entry->language);
	table_add(table, TABLE_PLAIN, "%u", entry->tries);
	table_add(table, TABLE_PLAIN, "%s", entry->why);
	return true;
}

static bool take_any(const struct notice_entry *entry, void *context)
{
	(void)entry;
	*(bool *)context = true;
	return false;
}

bool casenotice_print(struct state *state, struct case_id id, GError **error)
{
	static const char *const titles[] = {
		"letter", "state", "when", "to", "language", "tries", "why",
		NULL,
	};
	struct table *table;
	bool is_any = false, is_good;

	if (!noticebook_each(state, id, take_any, &is_any, error))
		return false;
	if (!is_any)
		return true;
	table = table_new(titles);
	is_good = noticebook_each(state, id, take_row, table, error);
	if (is_good) {
		putchar('\n');
		table_print(table);
	}
	table_free(table);
	return is_good;
}

static bool take_json(const struct notice_entry *entry, void *context)
{
	char token[NOTICE_TOKEN_TEXT_MAX];

	json_array_append_new(context, json_pack(
		"{s:s, s:s, s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:o}",
		"kind", notice_kind_word(entry->kind),
		"state", notice_state_word(entry->state),
		"to", jsontext_new(entry->to),
		"language", entry->language,
		"token", noticeform_token(entry, token),
		"created_us", (json_int_t)entry->created_us,
		"next_us", (json_int_t)(entry->ended_us ? 0 : entry->next_us),
		"ended_us", (json_int_t)entry->ended_us,
		"tries", (json_int_t)entry->tries,
		"why", jsontext_new(entry->why)));
	return true;
}

json_t *casenotice_json(struct state *state, struct case_id id)
{
	json_t *all = json_array();

	if (!noticebook_each(state, id, take_json, all, NULL))
		json_array_clear(all);
	return all;
}
