#include <config.h>

#include "cases/caseclock.h"

#include "base/clock.h"
#include "base/log.h"
#include "cases/casebook.h"
#include "cases/casejoin.h"
#include "cases/customerbook.h"
#include "cases/noticeclock.h"
#include "cases/noticepost.h"
#include "store/audit.h"

#include <string.h>

#define OURSELVES "mailreeve"
#define JOINED_MAX 1000		/* at once; the rest at the next tick */

struct run {
	struct notice_ask ask;
	struct state *state;
	const struct case_settings *settings;
	int64_t now_us;
	struct arena arena;
};

static uint64_t seen_written;		/* incidents_written() when all had joined */
static bool is_any_seen;
static int64_t told_until_us;		/* what was due by then was told */

static void tell_trouble(const GError *why)
{
	log_event(NULL, LOG_WARNING, "case_failed", "why=\"%s\"", why->message);
}

/* The audit first: what cannot be written down is not done. */
static bool note(struct run *run, const char *action, const char *subject,
		 const char *reason)
{
	const struct audit_entry entry = {
		.when_us = run->now_us, .operator_name = OURSELVES,
		.action = action, .subject = subject, .reason = reason,
	};
	g_autoptr(GError) why = NULL;

	if (audit_note(run->state, &entry, &why))
		return true;
	tell_trouble(why);
	return false;
}

struct waiting {
	struct run *run;
	GArray *all;			/* of struct incident, in the arena */
};

static bool take_incident(const struct incident *incident, void *context)
{
	struct waiting *waiting = context;
	struct arena *arena = &waiting->run->arena;
	struct incident copy = *incident;

	copy.kind = arena_text(arena, incident->kind);
	copy.key = arena_text(arena, incident->key);
	copy.text = arena_text(arena, incident->text);
	copy.subject.value = arena_text(arena, incident->subject.value);
	g_array_append_val(waiting->all, copy);
	return waiting->all->len < JOINED_MAX;
}

/* A case is about the customer, where the book knows whose it was. */
static const char *find_customer(struct run *run,
				 struct incident_subject *subject)
{
	const char *value = subject->value;
	const char *account = subject->kind == LIST_ACCOUNT ? value : NULL;
	const char *at = subject->kind == LIST_SENDER ? strrchr(value, '@') :
							NULL;
	const char *domain = subject->kind == LIST_DOMAIN ? value :
			     at ? at + 1 : NULL;
	struct netaddr addr = { .family = NETADDR_NONE };
	struct customer_entry entry;
	const char *id;

	if (subject->kind == LIST_ADDRESS &&
	    !netaddr_parse(span_text(value), &addr))
		return "";
	id = customerbook_find(run->state, account, &addr, domain,
			       &run->arena);
	if (!id || !customerbook_get(run->state, id, &run->arena, &entry))
		return "";
	*subject = (struct incident_subject){ LIST_CUSTOMER, id };
	return entry.contacts && entry.contacts[0] &&
	       strlen(entry.contacts[0]) <= CASE_CONTACT_MAX ?
	       entry.contacts[0] : "";
}

static bool join_one(struct run *run, struct incident *incident)
{
	const char *contact = find_customer(run, &incident->subject);
	const char *text = arena_printf(&run->arena, "%s: %.1500s",
					incident->kind, incident->text);
	const struct case_step step = { run->now_us, CASE_COMMAND_NOTE,
					CASE_STATE_NONE, OURSELVES, text };
	g_autoptr(GError) why = NULL;
	struct case_facts facts;
	char id[CASE_ID_TEXT_MAX];
	bool is_new;

	if (!note(run, "case join", incident->subject.value, text))
		return false;
	if (!casejoin_incident(run->state, run->settings, incident, contact,
			   &step, &facts, &is_new, &run->arena, &why)) {
		tell_trouble(why);
		return false;
	}
	g_autofree char *subject = log_text(span_text(facts.subject));

	log_event(NULL, LOG_WARNING, is_new ? "case_opened" : "case_joined",
		  "case=%s kind=%s subject=%s strikes=%u",
		  case_id_format(facts.id, id), case_kind_word(facts.kind),
		  subject, facts.strikes);
	return true;
}

static void join_incidents(struct run *run)
{
	struct waiting waiting = { run, NULL };
	uint64_t written = incidents_written();
	g_autoptr(GError) why = NULL;
	bool is_good;

	if (is_any_seen && written == seen_written)
		return;
	waiting.all = g_array_new(FALSE, FALSE, sizeof(struct incident));
	is_good = incidents_each_waiting(run->state, take_incident, &waiting,
					 &why);
	if (!is_good)
		tell_trouble(why);
	for (guint i = 0; is_good && i < waiting.all->len; i++)
		is_good = join_one(run, &g_array_index(
			waiting.all, struct incident, i));
	if (is_good && waiting.all->len < JOINED_MAX) {
		seen_written = written;
		is_any_seen = true;
	}
	g_array_unref(waiting.all);
}

static bool take_due(const struct case_facts *facts, void *context)
{
	g_array_append_val((GArray *)context, *facts);
	return true;
}

static bool act(struct run *run, struct case_id id, enum case_command command,
		const char *text)
{
	struct case_change change = { .step = {
		run->now_us, command, CASE_STATE_NONE, OURSELVES, text } };
	struct notice_entry letter;
	g_autofree char *action = g_strdup_printf("case %s",
						  case_command_word(command));
	g_autoptr(GError) why = NULL;
	struct case_facts facts;
	char word[CASE_ID_TEXT_MAX];

	case_id_format(id, word);
	if (!note(run, action, word, text))
		return false;
	if (noticeclock_prepare(&run->ask, id, command, &run->arena,
				&letter)) {
		change.also = noticepost_also;
		change.also_context = &letter;
	}
	if (!casebook_change(run->state, run->settings, id, &change, &facts,
			     &run->arena, &why)) {
		tell_trouble(why);
		return false;
	}
	log_event(NULL, LOG_WARNING, "case_step", "case=%s step=%s why=\"%s\"",
		  word, case_command_word(command), text);
	return true;
}

static void tell(const struct run *run, const struct case_facts *facts,
		 enum case_duty duty)
{
	char id[CASE_ID_TEXT_MAX];

	if (facts->due_us[duty] <= run->now_us &&
	    facts->due_us[duty] > told_until_us)
		log_event(NULL, LOG_WARNING, "case_due", "case=%s what=%s",
			  case_id_format(facts->id, id), case_duty_word(duty));
}

static void end_watch(struct run *run, const struct case_facts *facts)
{
	if (!run->settings->auto_remedy) {
		tell(run, facts, CASE_DUTY_END);
		return;
	}
	if (act(run, facts->id, CASE_COMMAND_REMEDY,
		"the watch is over, and nothing more was seen"))
		act(run, facts->id, CASE_COMMAND_CLOSE, "remedied");
}

static bool is_due(const struct run *run, const struct case_facts *facts,
		   enum case_duty duty)
{
	return facts->due_us[duty] && facts->due_us[duty] <= run->now_us;
}

static void do_due(struct run *run, const struct case_facts *facts)
{
	bool is_to_suspend = is_due(run, facts, CASE_DUTY_SUSPEND);

	for (unsigned duty = 0; duty < CASE_DUTIES; duty++)
		if (facts->due_us[duty] && duty != CASE_DUTY_END)
			tell(run, facts, (enum case_duty)duty);
	if (is_to_suspend && run->settings->auto_suspend)
		act(run, facts->id, CASE_COMMAND_SUSPEND, facts->strikes ?
		    "it happened again and again" : "it was due");
	else if (is_due(run, facts, CASE_DUTY_END) &&
		 facts->state == CASE_STATE_SUSPENDED)
		act(run, facts->id, CASE_COMMAND_RESUME, "its time is over");
	else if (is_due(run, facts, CASE_DUTY_END))
		end_watch(run, facts);
}

/* Texts of the facts are gone; ids, states and times are what is used. */
static void act_on_due(struct run *run)
{
	g_autoptr(GArray) due = g_array_new(FALSE, FALSE,
					    sizeof(struct case_facts));
	g_autoptr(GError) why = NULL;

	if (!casebook_each_due(run->state, run->now_us, take_due, due, &why)) {
		tell_trouble(why);
		return;
	}
	for (guint i = 0; i < due->len; i++)
		do_due(run, &g_array_index(due, struct case_facts, i));
	told_until_us = run->now_us;
}

void caseclock_run(struct state *state, const struct settings *settings)
{
	int64_t now_us = clock_now_us();
	struct run run = { .ask = { settings, state, now_us }, .state = state,
			   .settings = case_settings_of(settings),
			   .now_us = now_us };

	arena_init(&run.arena);
	join_incidents(&run);
	act_on_due(&run);
	noticeclock_run(&run.ask);
	arena_release(&run.arena);
}
