#include <config.h>

#include "cases/caseact.h"

#include "base/clock.h"
#include "base/log.h"
#include "cases/casealerts.h"
#include "cases/noticeclock.h"
#include "cases/noticepost.h"
#include "store/audit.h"

void caseact_begin(struct caseact *act, struct state *state,
		   const struct settings *settings)
{
	int64_t now_us = clock_now_us();

	*act = (struct caseact){ .ask = { settings, state, now_us },
				 .state = state,
				 .settings = case_settings_of(settings),
				 .now_us = now_us };
	arena_init(&act->arena);
}

void caseact_end(struct caseact *act)
{
	arena_release(&act->arena);
}

void caseact_tell_trouble(const GError *why)
{
	log_event(NULL, LOG_WARNING, "case_failed", "why=\"%s\"", why->message);
}

bool caseact_note(struct caseact *act, const char *action, const char *subject,
		  const char *reason)
{
	const struct audit_entry entry = {
		.when_us = act->now_us, .operator_name = CASEACT_OPERATOR,
		.action = action, .subject = subject, .reason = reason,
	};
	g_autoptr(GError) why = NULL;

	if (audit_note(act->state, &entry, &why))
		return true;
	caseact_tell_trouble(why);
	return false;
}

bool caseact_take(struct caseact *act, struct case_id id,
		  enum case_command command, const char *text)
{
	struct case_change change = { .step = {
		act->now_us, command, CASE_STATE_NONE, CASEACT_OPERATOR,
		text } };
	g_autofree char *action = g_strdup_printf("case %s",
						  case_command_word(command));
	g_autoptr(GError) why = NULL;
	struct notice_entry letter;
	struct case_facts facts;
	char word[CASE_ID_TEXT_MAX];

	case_id_format(id, word);
	if (!caseact_note(act, action, word, text))
		return false;
	if (noticeclock_prepare(&act->ask, id, command, &act->arena,
				&letter)) {
		change.also = noticepost_also;
		change.also_context = &letter;
	}
	if (!casebook_change(act->state, act->settings, id, &change, &facts,
			     &act->arena, &why)) {
		caseact_tell_trouble(why);
		return false;
	}
	log_event(NULL, LOG_WARNING, "case_step", "case=%s step=%s why=\"%s\"",
		  word, case_command_word(command), text);
	casealerts_step(&facts, command, text);
	return true;
}
