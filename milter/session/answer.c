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

/* How many of the fields up to that one, itself included, have its name: so
 * the milter protocol counts them. */
static int index_of(const struct transaction *tx, guint at)
{
	const struct header *header =
		&g_array_index(tx->headers, struct header, at);
	int index = 0;

	for (guint i = 0; i <= at; i++) {
		struct span name = g_array_index(tx->headers, struct header,
						 i).name;

		index += name.len == header->name.len &&
			 g_ascii_strncasecmp(name.ptr, header->name.ptr,
					     name.len) == 0;
	}
	return index;
}

/* From the last up, since each removal renumbers those behind it. */
static bool remove_forged(struct transaction *tx, SMFICTX *ctx)
{
	bool is_done = true;

	for (guint i = tx->headers->len; i > 0; i--) {
		const struct header *header =
			&g_array_index(tx->headers, struct header, i - 1);

		if (annotate_is_forged(tx, header))
			is_done &= smfi_chgheader(ctx,
				(char *)header->name.ptr, index_of(tx, i - 1),
				NULL) == MI_SUCCESS;
	}
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
	bool is_done = remove_forged(tx, ctx);

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

	if (action == ACTION_DISCARD ||
	    (action == ACTION_QUARANTINE && tx->evidence &&
	     tx->evidence->is_held))
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
