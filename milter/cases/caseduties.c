#include <config.h>

#include "cases/caseduties.h"

static const struct { unsigned gravity, severity; } kinds[CASE_KINDS] = {
	[CASE_KIND_NONE] = { 0, 1 },
	[CASE_KIND_SPAM] = { 0, 1 },
	[CASE_KIND_OPEN_RELAY] = { 0, 1 },
	[CASE_KIND_FORGED_SENDER] = { 0, 1 },
	[CASE_KIND_ATTACK] = { 0, 1 },
	[CASE_KIND_VIRUS] = { 1, 2 },
	[CASE_KIND_HARMFUL] = { 2, 3 },
};

unsigned caseduties_severity(enum case_kind kind)
{
	return kind < CASE_KINDS ? kinds[kind].severity : 1;
}

static unsigned gravity_of(enum case_kind kind)
{
	return kind < CASE_KINDS ? kinds[kind].gravity : 0;
}

/* Deadlines stay to be seen when what was owed is done. */
static void remember(struct case_facts *facts)
{
	for (unsigned i = 0; i < CASE_DUTIES; i++)
		if (facts->due_us[i])
			facts->owed_us[i] = facts->due_us[i];
}

static void make_earlier(int64_t *due_us, int64_t by_us)
{
	if (!*due_us || *due_us > by_us)
		*due_us = by_us;
}

static void owe_suspension(struct case_facts *facts, enum case_witness witness,
			   int64_t by_us)
{
	make_earlier(&facts->due_us[CASE_DUTY_SUSPEND], by_us);
	if (witness == CASE_WITNESS_US)
		make_earlier(&facts->seen_suspend_us, by_us);
}

static void owe_for_harmful(struct case_facts *facts,
			    enum case_witness witness, int64_t now_us,
			    const struct case_settings *settings)
{
	if (facts->state != CASE_STATE_SUSPENDED)
		owe_suspension(facts, witness,
			       now_us + settings->suspend_ms * 1000);
	make_earlier(&facts->due_us[CASE_DUTY_REPORT],
		     now_us + settings->report_ms * 1000);
}

static void owe_for_virus(struct case_facts *facts, enum case_witness witness,
			  int64_t now_us, const struct case_settings *settings)
{
	if (facts->state != CASE_STATE_SUSPENDED)
		owe_suspension(facts, witness, calendar_add_days(
			settings->calendar, now_us,
			settings->warn_days + settings->cut_days));
}

void caseduties_begin(struct case_facts *facts, enum case_witness witness,
		      const struct case_settings *settings)
{
	if (facts->kind == CASE_KIND_HARMFUL)
		owe_for_harmful(facts, witness, facts->opened_us, settings);
	else
		facts->due_us[CASE_DUTY_WARN] = calendar_add_days(
			settings->calendar, facts->opened_us,
			settings->warn_days);
	if (facts->kind == CASE_KIND_VIRUS)
		owe_for_virus(facts, witness, facts->opened_us, settings);
	remember(facts);
}

void caseduties_raise(struct case_facts *facts, enum case_kind kind,
		      enum case_witness witness, int64_t now_us,
		      const struct case_settings *settings)
{
	bool is_graver = gravity_of(kind) > gravity_of(facts->kind);
	bool is_confirmed = witness == CASE_WITNESS_US &&
			    case_suspends_on_hearsay(facts);

	if (is_graver)
		facts->kind = kind;
	facts->severity = MAX(facts->severity, caseduties_severity(kind));
	if (kind == CASE_KIND_HARMFUL)
		owe_for_harmful(facts, witness, now_us, settings);
	else if (kind == CASE_KIND_VIRUS && (is_graver || is_confirmed))
		owe_for_virus(facts, witness, now_us, settings);
	remember(facts);
}

/* The report to the authority is owed whatever becomes of the customer. */
static void settle_but_report(struct case_facts *facts)
{
	for (unsigned i = 0; i < CASE_DUTIES; i++)
		if (i != CASE_DUTY_REPORT)
			facts->due_us[i] = 0;
	facts->seen_suspend_us = facts->until_us = 0;
}

/* One with a virus is to be suspended as well when he is only watched. */
static void watch(struct case_facts *facts, int64_t until_us)
{
	facts->due_us[CASE_DUTY_WARN] = 0;
	facts->due_us[CASE_DUTY_END] = facts->until_us = until_us;
}

void caseduties_after(struct case_facts *facts, enum case_command command,
		      int64_t until_us, int64_t now_us,
		      const struct case_settings *settings)
{
	int64_t watch_us = until_us ? until_us :
			   now_us + settings->watch_ms * 1000;

	switch (command) {
	case CASE_COMMAND_WARN:
		facts->due_us[CASE_DUTY_WARN] = 0;
		break;
	case CASE_COMMAND_WATCH:
		watch(facts, watch_us);
		break;
	case CASE_COMMAND_RESUME:
		settle_but_report(facts);
		watch(facts, watch_us);
		break;
	case CASE_COMMAND_SUSPEND:
		settle_but_report(facts);
		facts->due_us[CASE_DUTY_END] = facts->until_us = until_us;
		break;
	case CASE_COMMAND_REMEDY:
	case CASE_COMMAND_CLOSE:
	case CASE_COMMAND_TERMINATE:
		settle_but_report(facts);
		break;
	default:
		break;
	}
	remember(facts);
}

void caseduties_undelivered(struct case_facts *facts, int64_t now_us,
			    const struct case_settings *settings)
{
	if (facts->due_us[CASE_DUTY_WARN] ||
	    (facts->state != CASE_STATE_OPEN &&
	     facts->state != CASE_STATE_WARNED &&
	     facts->state != CASE_STATE_WATCHED))
		return;
	facts->due_us[CASE_DUTY_WARN] = calendar_add_days(
		settings->calendar, now_us, settings->warn_days);
}

static bool are_enough(uint32_t strikes, const struct case_settings *settings)
{
	return settings->strikes && strikes >= settings->strikes;
}

void caseduties_strike(struct case_facts *facts, enum case_witness witness,
		       int64_t now_us, const struct case_settings *settings)
{
	facts->strikes++;
	facts->seen_strikes += witness == CASE_WITNESS_US;
	if (are_enough(facts->seen_strikes, settings) &&
	    !facts->seen_suspend_us)
		owe_suspension(facts, CASE_WITNESS_US, now_us);
	else if (are_enough(facts->strikes, settings) &&
		 !facts->due_us[CASE_DUTY_SUSPEND])
		owe_suspension(facts, CASE_WITNESS_COMPLAINT, now_us);
	if (facts->state == CASE_STATE_REMEDIED &&
	    !facts->due_us[CASE_DUTY_WARN])
		facts->due_us[CASE_DUTY_WARN] = calendar_add_days(
			settings->calendar, now_us, settings->warn_days);
	if (facts->state == CASE_STATE_WATCHED)
		facts->due_us[CASE_DUTY_END] = facts->until_us =
			MAX(facts->until_us,
			    now_us + settings->watch_ms * 1000);
	remember(facts);
}
