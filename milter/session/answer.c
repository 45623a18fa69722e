#include <config.h>

#include "session/answer.h"

#include "verdict/annotate.h"

#include <stdio.h>

/* libmilter takes texts as char * and % as printf does. */
static void set_reply(SMFICTX *ctx, const struct outcome *outcome)
{
	g_autoptr(GString) text = g_string_new(outcome->text);
	char code[8];

	g_string_replace(text, "%", "%%", 0);
	snprintf(code, sizeof code, "%d", outcome->code);
	if (smfi_setreply(ctx, code, (char *)outcome->enhanced, text->str) !=
	    MI_SUCCESS)
		log_event(NULL, LOG_ERR, "reply_refused",
			  "code=%s enhanced=%s", code, outcome->enhanced);
}

sfsistat answer_reply(SMFICTX *ctx, const struct outcome *outcome)
{
	if (outcome->action == ACTION_REJECT) {
		set_reply(ctx, outcome);
		return SMFIS_REJECT;
	}
	if (outcome->action == ACTION_DEFER) {
		set_reply(ctx, outcome);
		return SMFIS_TEMPFAIL;
	}
	return SMFIS_CONTINUE;
}

/* A header that only we may have written, from a stranger. From the last down,
 * since each removal renumbers those behind it. */
static bool remove_forged(const struct transaction *tx, SMFICTX *ctx,
			  const char *name)
{
	int count = 0;
	bool is_done = true;

	for (guint i = 0; i < tx->headers->len; i++)
		count += span_is_word(g_array_index(tx->headers, struct header,
						    i).name, name);
	for (int index = count; index > 0; index--)
		is_done &= smfi_chgheader(ctx, (char *)name, index, NULL) ==
			   MI_SUCCESS;
	return is_done;
}

static bool add_header(const struct session *session, SMFICTX *ctx,
		       const struct annotation *line)
{
	g_autofree char *value = g_strconcat(
		session->has_leading_space ? " " : "", line->value, NULL);

	return smfi_insheader(ctx, 0, (char *)line->name, value) ==
	       MI_SUCCESS;
}

static bool edit_headers(struct session *session, SMFICTX *ctx)
{
	struct transaction *tx = &session->tx;
	g_autoptr(GArray) lines = annotate(tx);
	bool is_done = true;

	if (tx->direction == DIRECTION_INBOUND)
		for (const char *const *name = annotate_names(); *name; name++)
			is_done &= remove_forged(tx, ctx, *name);
	for (guint i = 0; i < lines->len; i++)
		is_done &= add_header(session, ctx,
				      &g_array_index(lines, struct annotation,
						     i));
	return is_done;
}

/* An MTA that lets nobody edit gets the message unedited: better than to lose
 * it. One that cannot hold a message gets it deferred. */
sfsistat answer_message(struct session *session, SMFICTX *ctx)
{
	struct transaction *tx = &session->tx;
	enum action action = tx->is_enforced ? tx->outcome.action :
					       ACTION_ACCEPT;

	if (action == ACTION_DISCARD)
		return SMFIS_DISCARD;
	if (action == ACTION_DEFER || action == ACTION_REJECT)
		return answer_reply(ctx, &tx->outcome);
	if (!edit_headers(session, ctx))
		log_event(&tx->log, LOG_WARNING, "edit_refused",
			  "the MTA does not take edits of the header");
	if (action == ACTION_QUARANTINE &&
	    smfi_quarantine(ctx, (char *)tx->outcome.text) != MI_SUCCESS) {
		log_event(&tx->log, LOG_ERR, "quarantine_refused",
			  "the MTA does not hold messages: deferred");
		return SMFIS_TEMPFAIL;
	}
	return SMFIS_CONTINUE;
}
