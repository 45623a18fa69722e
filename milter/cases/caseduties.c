#include <config.h>

#include "cases/caseduties.h"

void caseduties_begin(struct case_facts *facts,
		      const struct case_settings *settings)
{
	const struct calendar *calendar = settings->calendar;
	int64_t *due = facts->due_us;

	if (facts->kind == CASE_KIND_HARMFUL) {
		due[CASE_DUTY_SUSPEND] = facts->opened_us +
					 settings->suspend_ms * 1000;
		due[CASE_DUTY_REPORT] = facts->opened_us +
					settings->report_ms * 1000;
		return;
	}
	due[CASE_DUTY_WARN] = calendar_add_days(calendar, facts->opened_us,
						settings->warn_days);
	if (facts->kind == CASE_KIND_VIRUS)
		due[CASE_DUTY_SUSPEND] = calendar_add_days(
			calendar, facts->opened_us,
			settings->warn_days + settings->cut_days);
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
}
