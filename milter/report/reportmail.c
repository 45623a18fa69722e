#include <config.h>

#include "report/reportmail.h"

#include "message/gmimelib.h"
#include "message/mailaddr.h"
#include "message/sendmail.h"
#include "report/mailparts.h"

#include <gmime/gmime.h>
#include <string.h>

#define SEND_LIMIT_MS (5 * 60 * 1000)
#define ADDRESS_MAX 320		/* bytes */

bool reportmail_is_address(const char *text)
{
	struct mailaddr addr;
	struct arena arena;
	bool is_good;

	if (!g_str_is_ascii(text) || strlen(text) > ADDRESS_MAX ||
	    strpbrk(text, " \t\r\n<>,;:\"()[]\\"))
		return false;
	arena_init(&arena);
	addr = mailaddr_parse(span_text(text), &arena);
	is_good = !addr.flaws && !addr.is_null && addr.local.len &&
		  *addr.domain_ascii;
	arena_release(&arena);
	return is_good;
}

static GMimeObject *file_part(const struct reportmail_file *file)
{
	GMimeObject *part = mailparts_new(file->type, file->subtype,
		(const char *)file->bytes->data, file->bytes->len,
		MAILPARTS_BASE64);

	g_mime_object_set_disposition(part, "attachment");
	g_mime_part_set_filename(GMIME_PART(part), file->name);
	return part;
}

GByteArray *reportmail_format(const struct reportmail *mail)
{
	GMimeMultipart *all;

	gmimelib_init();
	all = g_mime_multipart_new_with_subtype("mixed");
	mailparts_add(all, mailparts_text(mail->words));
	for (size_t i = 0; i < mail->file_count; i++)
		mailparts_add(all, file_part(&mail->files[i]));
	return mailparts_message(mail->reporter, mail->to, mail->subject,
				 GMIME_OBJECT(all));
}

/* sendmail(1) takes lines as programs have them, and makes CRLF
 * of them again. */
static GString *with_lf(const GByteArray *message)
{
	const char *bytes = (const char *)message->data;
	GString *out = g_string_sized_new(message->len);

	for (guint i = 0; i < message->len; i++)
		if (bytes[i] != '\r' || i + 1 == message->len ||
		    bytes[i + 1] != '\n')
			g_string_append_c(out, bytes[i]);
	return out;
}

bool reportmail_send(const GByteArray *message, const char *program,
		     const struct report_settings *reporter,
		     const char *const *to, GError **error)
{
	g_autoptr(GString) text = with_lf(message);
	const struct sendmail_mail mail = {
		.program = program, .sender = span_text(reporter->contact),
		.to = to, .bytes = span_string(text),
	};

	return sendmail_run(&mail, SEND_LIMIT_MS, error);
}
