#include <config.h>

#include "cases/bounce.h"

#include "message/headervalue.h"
#include "message/mailbox.h"

#include <string.h>

/* Local-parts of programs that deliver. */
static const char *const deliverers[] = {
	"mailer-daemon", "mailerdaemon", "postmaster", "mail-daemon", "mdaemon",
	"mail_daemon", "mail-deliver", "mailadm", "root", "noreply-bounce",
	"microsoftexchange", "bounce", "double-bounce",
};

/* In lower case, anywhere in the subject. */
static const char *const subjects[] = {
	"undeliver", "delivery status", "delivery notification",
	"delivery failure", "delivery error", "delivery failed",
	"delivery problem", "delivery report", "delivery has failed",
	"delivery temporarily", "mail delivery", "message delivery",
	"failure notice", "failed mail", "failure delivery", "mail failure",
	"mail failed", "mail error", "mail could not be delivered",
	"could not be delivered", "not deliver", "can't deliver",
	"cannot deliver", "unable to deliver", "returned mail",
	"returned to sender", "returned email", "return receipt",
	"rejected mail", "nondeliver", "non-deliver", "non deliver",
	"user unknown", "unknown user", "mail system error", "mail status",
	"message status", "error sending", "considered unsolicited",
	"dead letter", "bounce", "メールエラー", "配信不能", "退信",
	"投递失败", "无法投递", "無法投遞",
};

/* Before the original, as those write who have no subject for it. */
static const char *const phrases[] = {
	"could not be delivered", "was not delivered", "mailbox is full",
	"delivery to the following", "permanent fatal errors",
	"unable to deliver",
};

#define TEXT_BYTES_MAX 4000

static bool has_any(const char *text, const char *const *words, size_t count)
{
	g_autofree char *plain = g_ascii_strdown(text, -1);

	for (size_t i = 0; i < count; i++)
		if (strstr(plain, words[i]))
			return true;
	return false;
}

static bool is_deliverer(const struct header *field, struct arena *arena)
{
	struct mailbox_list list = mailbox_parse(field->value, arena);

	for (size_t i = 0; i < list.count; i++)
		for (size_t w = 0; w < G_N_ELEMENTS(deliverers); w++)
			if (span_is_word(list.boxes[i].addr.local,
					 deliverers[w]))
				return true;
	return false;
}

static bool is_null_path(const struct header *field)
{
	struct span path = field ? span_trim(field->value) : span_of(NULL, 0);

	return span_is(path, "<>") || span_is(path, "<MAILER-DAEMON>");
}

static bool has_status_part(const struct mime *mime)
{
	for (guint i = 0; i < mime->parts->len; i++) {
		const struct mime_part *part =
			g_ptr_array_index(mime->parts, i);

		/* One within the original is that one's. */
		if (part->depth > 1)
			continue;
		if (strcmp(part->type, "message/delivery-status") == 0 ||
		    strcmp(part->type, "message/global-delivery-status") == 0 ||
		    strcmp(part->type,
			   "message/disposition-notification") == 0)
			return true;
	}
	return false;
}

static bool is_by_text(const struct mime *mime, struct arena *arena)
{
	struct mime_part *part = mime->leaves->len ?
		g_ptr_array_index(mime->leaves, 0) : NULL;

	return part && part->depth <= 1 && part->is_leaf &&
	       strcmp(part->type, "text/plain") == 0 && part->parent &&
	       has_any(arena_span_text(arena, span_first(
			mime_decode(part, mime->arena), TEXT_BYTES_MAX)),
		       phrases, G_N_ELEMENTS(phrases));
}

static bool is_by_fields(const struct transaction *tx)
{
	return transaction_find_header(tx, "X-Failed-Recipients") ||
	       transaction_find_header(tx, "X-MS-Exchange-Message-Is-Ndr") ||
	       is_null_path(transaction_find_header(tx, "Return-Path"));
}

bool bounce_is_one(const struct transaction *tx, const struct mime *mime)
{
	const struct header *from = transaction_find_header(tx, "From");
	const struct header *subject = transaction_find_header(tx, "Subject");
	bool is_one = has_status_part(mime) || is_by_fields(tx);
	struct arena scratch;

	arena_init(&scratch);
	is_one = is_one || (from && is_deliverer(from, &scratch));
	is_one = is_one ||
		 (subject && has_any(headervalue_decode(subject, &scratch),
				     subjects, G_N_ELEMENTS(subjects)));
	is_one = is_one || is_by_text(mime, &scratch);
	arena_release(&scratch);
	return is_one;
}

bool bounce_is_answer(const struct transaction *tx)
{
	static const char *const answers[] = {
		"auto-replied", "auto_reply", "autoreply", "auto-reply",
	};
	static const char *const fields[] = {
		"Auto-Submitted", "Precedence", "X-Autoreply",
		"X-Autorespond",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		const struct header *field =
			transaction_find_header(tx, fields[i]);
		g_autofree char *value = field ? g_strndup(
			field->value.ptr, field->value.len) : NULL;

		if (value && (i >= 2 || has_any(value, answers,
						G_N_ELEMENTS(answers))))
			return true;
	}
	return false;
}
