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

static void owe(struct case_facts *facts, enum case_duty duty, int64_t by_us)
{
	int64_t *due_us = &facts->due_us[duty];

	if (!*due_us || *due_us > by_us)
		*due_us = by_us;
}

static void owe_for_harmful(struct case_facts *facts, int64_t now_us,
			    const struct case_settings *settings)
{
	if (facts->state != CASE_STATE_SUSPENDED)
		owe(facts, CASE_DUTY_SUSPEND,
		    now_us + settings->suspend_ms * 1000);
	owe(facts, CASE_DUTY_REPORT, now_us + settings->report_ms * 1000);
}

static void owe_for_virus(struct case_facts *facts, int64_t now_us,
			  const struct case_settings *settings)
{
	if (facts->state != CASE_STATE_SUSPENDED)
		owe(facts, CASE_DUTY_SUSPEND, calendar_add_days(
			settings->calendar, now_us,
			settings->warn_days + settings->cut_days));
}

void caseduties_begin(struct case_facts *facts,
		      const struct case_settings *settings)
{
	if (facts->kind == CASE_KIND_HARMFUL)
		owe_for_harmful(facts, facts->opened_us, settings);
	else
		facts->due_us[CASE_DUTY_WARN] = calendar_add_days(
			settings->calendar, facts->opened_us,
			settings->warn_days);
	if (facts->kind == CASE_KIND_VIRUS)
		owe_for_virus(facts, facts->opened_us, settings);
	remember(facts);
}

void caseduties_raise(struct case_facts *facts, enum case_kind kind,
		      int64_t now_us, const struct case_settings *settings)
{
	bool is_graver = gravity_of(kind) > gravity_of(facts->kind);

	if (is_graver)
		facts->kind = kind;
	facts->severity = MAX(facts->severity, caseduties_severity(kind));
	if (kind == CASE_KIND_HARMFUL)
		owe_for_harmful(facts, now_us, settings);
	else if (kind == CASE_KIND_VIRUS && is_graver)
		owe_for_virus(facts, now_us, settings);
	remember(facts);
}

/* The report to the authority is owed whatever becomes of the customer. */
static void settle_but_report(struct case_facts *facts)
{
	for (unsigned i = 0; i < CASE_DUTIES; i++)
		if (i != CASE_DUTY_REPORT)
			facts->due_us[i] = 0;
	facts->until_us = 0;
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

void caseduties_strike(struct case_facts *facts, int64_t now_us,
		       const struct case_settings *settings)
{
	if (settings->strikes && facts->strikes >= settings->strikes &&
	    !facts->due_us[CASE_DUTY_SUSPEND])
		facts->due_us[CASE_DUTY_SUSPEND] = now_us;
	if (facts->state == CASE_STATE_REMEDIED && !facts->due_us[CASE_DUTY_WARN])
		facts->due_us[CASE_DUTY_WARN] = calendar_add_days(
			settings->calendar, now_us, settings->warn_days);
	if (facts->state == CASE_STATE_WATCHED)
		facts->due_us[CASE_DUTY_END] = facts->until_us =
			MAX(facts->until_us, now_us + settings->watch_ms * 1000);
	remember(facts);
}
