#include <config.h>

#include "cases/noticepost.h"

#include <string.h>

#define FIRST_AGAIN_US (INT64_C(60) * G_USEC_PER_SEC)
#define DOUBLED_MAX 8		/* then every four hours */
#define NOTE_BYTES_MAX 1200

bool noticepost_also(struct state_txn *txn, void *context, GError **error)
{
	return noticebook_put(txn, context, error);
}

static const char *words_of(const struct notice_entry *entry,
			    const char *failed, struct arena *arena)
{
	char token[NOTICE_TOKEN_TEXT_MAX];
	const char *kind = notice_kind_word(entry->kind);
	const char *note = noticefacts_plain(span_text(
		failed ? failed : entry->note), NOTE_BYTES_MAX, false, arena);

	if (failed)
		return arena_printf(arena, NOTICE_STEP "%s to %s could not be "
			"sent: %s; %s", kind, entry->to, note,
			entry->state == NOTICE_STATE_FAILED ? "given up" :
			"it is tried again");
	return arena_printf(arena, NOTICE_STEP "%s to %s (%s, %s)%s%s", kind,
			    entry->to, entry->language,
			    noticeform_token(entry, token),
			    *note ? ": " : "", note);
}

static void count(struct notice_entry *entry, const char *failed,
		  int64_t now_us)
{
	bool is_over = now_us > entry->created_us + NOTICEPOST_GIVE_UP_US;
	uint32_t doubled = MIN(entry->tries, DOUBLED_MAX);

	entry->tries++;
	entry->why = failed ? failed : "";
	entry->state = !failed ? NOTICE_STATE_SENT :
		       is_over ? NOTICE_STATE_FAILED : NOTICE_STATE_WAITING;
	if (entry->state == NOTICE_STATE_WAITING)
		entry->next_us = now_us + (FIRST_AGAIN_US << doubled);
	else
		entry->ended_us = now_us;
}

static enum case_command command_of(const struct notice_entry *entry,
				    const struct case_facts *facts,
				    const char *failed)
{
	const char *why;

	return failed || casestate_after(facts->state, entry->command,
					 &why) == CASE_STATE_NONE ?
	       CASE_COMMAND_NOTE : entry->command;
}

bool noticepost_end(const struct notice_ask *ask, struct notice_entry *entry,
		    const struct notice_outcome *outcome,
		    struct case_facts *facts_out, struct arena *arena,
		    GError **error)
{
	const char *failed = outcome->failed;
	struct case_change change = {
		.also = noticepost_also, .also_context = entry,
	};

	if (!casebook_get(ask->state, entry->id, facts_out, arena, error))
		return false;
	count(entry, failed, ask->now_us);
	if (failed && entry->tries > 1 && entry->state == NOTICE_STATE_WAITING)
		return noticebook_save(ask->state, entry, error);
	change.step = (struct case_step){
		ask->now_us, command_of(entry, facts_out, failed),
		CASE_STATE_NONE, outcome->operator_name,
		words_of(entry, failed, arena),
	};
	if (outcome->wanted)
		change.contact = outcome->wanted->contact;
	return casebook_change(ask->state, case_settings_of(ask->settings),
			       entry->id, &change, facts_out, arena, error);
}

bool noticepost_send(const struct notice_ask *ask,
		     const struct case_facts *facts,
		     struct notice_entry *entry,
		     struct notice_outcome *outcome,
		     struct case_facts *facts_out, struct arena *arena,
		     GError **error)
{
	g_autoptr(GError) why = NULL;
	struct notice_mail mail;

	notice_mail_init(&mail, ask, facts, entry, arena);
	outcome->failed = sendmail_run(&mail.mail, NOTICEPOST_LIMIT_MS, &why) ?
			  NULL : arena_text(arena, why->message);
	notice_mail_release(&mail);
	return noticepost_end(ask, entry, outcome, facts_out, arena, error);
}
