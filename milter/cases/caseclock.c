#include <config.h>

#include "cases/caseclock.h"

#include "base/log.h"
#include "cases/caseact.h"
#include "cases/casealerts.h"
#include "cases/caseincidents.h"
#include "cases/noticeclock.h"

static int64_t told_until_us;		/* what was due by then was told */

static bool take_due(const struct case_facts *facts, void *context)
{
	g_array_append_val((GArray *)context, *facts);
	return true;
}

#define WATCHED_MAX 1000	/* at once; the rest at the next call */

static void tell(const struct caseact *act, const struct case_facts *facts,
		 enum case_duty duty)
{
	char id[CASE_ID_TEXT_MAX];

	if (facts->due_us[duty] <= act->now_us &&
	    facts->due_us[duty] > told_until_us)
		log_event(NULL, LOG_WARNING, "case_due", "case=%s what=%s",
			  case_id_format(facts->id, id), case_duty_word(duty));
}

/* Who should have been suspended has not remedied anything by that. */
static void end_watch(struct caseact *act, const struct case_facts *facts)
{
	if (!act->settings->auto_remedy || facts->due_us[CASE_DUTY_SUSPEND]) {
		tell(act, facts, CASE_DUTY_END);
		return;
	}
	if (caseact_take(act, facts->id, CASE_COMMAND_REMEDY,
			 "the watch is over, and nothing more was seen"))
		caseact_take(act, facts->id, CASE_COMMAND_CLOSE, "remedied");
}

static bool is_due(const struct caseact *act, const struct case_facts *facts,
		   enum case_duty duty)
{
	return facts->due_us[duty] && facts->due_us[duty] <= act->now_us;
}

static void do_due(struct caseact *act, const struct case_facts *facts)
{
	bool is_to_suspend = facts->seen_suspend_us &&
			     facts->seen_suspend_us <= act->now_us;

	for (unsigned duty = 0; duty < CASE_DUTIES; duty++)
		if (facts->due_us[duty] && duty != CASE_DUTY_END)
			tell(act, facts, (enum case_duty)duty);
	if (is_to_suspend && act->settings->auto_suspend)
		caseact_take(act, facts->id, CASE_COMMAND_SUSPEND,
			     facts->seen_strikes ?
			     "it happened again and again" : "it was due");
	else if (is_due(act, facts, CASE_DUTY_END) &&
		 facts->state == CASE_STATE_SUSPENDED)
		caseact_take(act, facts->id, CASE_COMMAND_RESUME,
			     "its time is over");
	else if (is_due(act, facts, CASE_DUTY_END))
		end_watch(act, facts);
}

/* Texts of the facts are gone; ids, states and times are what is used. */
static void act_on_due(struct caseact *act)
{
	g_autoptr(GArray) due = g_array_new(FALSE, FALSE,
					    sizeof(struct case_facts));
	g_autoptr(GError) why = NULL;

	if (!casebook_each_due(act->state, act->now_us, take_due, due, &why)) {
		caseact_tell_trouble(why);
		return;
	}
	for (guint i = 0; i < due->len; i++)
		do_due(act, &g_array_index(due, struct case_facts, i));
	told_until_us = act->now_us;
}

static bool take_warned(const struct case_facts *facts, void *context)
{
	GArray *ids = context;

	g_array_append_val(ids, facts->id);
	return ids->len < WATCHED_MAX;
}

static void watch_warned(struct caseact *act)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE,
					    sizeof(struct case_id));
	g_autoptr(GError) why = NULL;

	if (!casebook_each(act->state, CASE_STATE_WARNED, take_warned, ids,
			   &why))
		caseact_tell_trouble(why);
	for (guint i = 0; i < ids->len; i++)
		caseact_take(act, g_array_index(ids, struct case_id, i),
			     CASE_COMMAND_WATCH, "warned, and so watched");
}

void caseclock_run(struct state *state, const struct settings *settings)
{
	struct caseact act;

	caseincidents_join(state, settings);
	caseact_begin(&act, state, settings);
	if (act.settings->auto_watch)
		watch_warned(&act);
	act_on_due(&act);
	noticeclock_run(&act.ask);
	casealerts_run(&act, settings);
	caseact_end(&act);
}

void caseclock_end(struct state *state, const struct settings *settings)
{
	struct caseact act;

	caseact_begin(&act, state, settings);
	noticeclock_end(&act.ask);
	caseact_end(&act);
}
