#include <config.h>

#include "alert/alertways.h"

#include "alert/webhook.h"
#include "base/program.h"
#include "message/sendmail.h"
#include "settings/global.h"
#include "store/evidencesettings.h"

#include <inttypes.h>
#include <string.h>

#define SUBJECT_MAX 120

static const char *text_in(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* Of texts that strangers may have had a hand in. */
static void add_header_text(GString *out, const char *text, size_t most)
{
	for (; *text && most; text++, most--)
		g_string_append_c(out, g_ascii_isprint(*text) ? *text : '?');
}

static char *subject_of(const char *host, const json_t *object)
{
	GString *out = g_string_new("[mailreeve ");

	add_header_text(out, host, SUBJECT_MAX);
	g_string_append(out, "] ");
	add_header_text(out, text_in(object, "alert"), SUBJECT_MAX);
	if (*text_in(object, "key"))
		g_string_append(out, ": ");
	add_header_text(out, text_in(object, "key"), SUBJECT_MAX);
	return g_string_free(out, FALSE);
}

static void add_base64(GString *out, const char *bytes, size_t len)
{
	g_autofree char *coded = g_malloc(len * 4 / 3 + len / 54 + 16);
	int state = 0, save = 0;
	gsize end = g_base64_encode_step((const guchar *)bytes, len, TRUE,
					 coded, &state, &save);

	end += g_base64_encode_close(TRUE, coded + end, &state, &save);
	g_string_append_len(out, coded, (gssize)end);
}

static char *body_of(const json_t *object)
{
	char *whole = json_dumps(object, JSON_INDENT(1) |
				 JSON_PRESERVE_ORDER);
	json_int_t held = json_integer_value(json_object_get(object,
							     "held_back"));
	GString *out = g_string_new(NULL);

	g_string_append_printf(out, "%s\n\n", text_in(object, "text"));
	if (held)
		g_string_append_printf(out, "%" JSON_INTEGER_FORMAT " more of "
				       "the kind were held back since the last "
				       "one.\n\n", held);
	g_string_append_printf(out, "%s\n", whole ? whole : "");
	free(whole);
	return g_string_free(out, FALSE);
}

static char *date_of(int64_t now_us)
{
	g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(
		now_us / G_USEC_PER_SEC);
	static const char *const days[] = {
		"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun",
	};
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
		"Oct", "Nov", "Dec",
	};

	return g_strdup_printf("%s, %d %s %d %02d:%02d:%02d +0000",
		days[g_date_time_get_day_of_week(now) - 1],
		g_date_time_get_day_of_month(now),
		months[g_date_time_get_month(now) - 1],
		g_date_time_get_year(now), g_date_time_get_hour(now),
		g_date_time_get_minute(now), g_date_time_get_second(now));
}

static char *from_of(const struct settings *settings)
{
	const struct alert_settings *mine = alert_settings_of(settings);

	return *mine->mail_from ? g_strdup(mine->mail_from) :
		g_strdup_printf("postmaster@%s", global_settings_of(
			settings)->authserv_id);
}

/* RFC 3834: no answer is wanted from programs. */
static char *mail_of(const struct settings *settings, const json_t *object,
		     const char *subject, int64_t now_us)
{
	const char *host = global_settings_of(settings)->authserv_id;
	const GPtrArray *to = alert_settings_of(settings)->mail;
	g_autofree char *from = from_of(settings), *date = date_of(now_us);
	g_autofree char *token = g_uuid_string_random();
	g_autofree char *body = body_of(object);
	GString *out = g_string_new(NULL);

	g_string_append_printf(out, "From: Mailreeve <%s>\nTo: ", from);
	for (guint i = 0; i < to->len; i++)
		g_string_append_printf(out, "%s%s", i ? ",\n " : "",
			(const char *)g_ptr_array_index(to, i));
	g_string_append_printf(out, "\nSubject: %s\nDate: %s\n"
		"Message-ID: <%s@%s>\nAuto-Submitted: auto-generated\n"
		"MIME-Version: 1.0\n"
		"Content-Type: text/plain; charset=utf-8\n"
		"Content-Transfer-Encoding: base64\n\n", subject, date, token,
		host);
	add_base64(out, body, strlen(body));
	return g_string_free(out, FALSE);
}

struct alert_text *alertways_text(const struct settings *settings,
				  const json_t *object, int64_t now_us)
{
	const char *host = global_settings_of(settings)->authserv_id;
	struct alert_text *text = g_new(struct alert_text, 1);
	char *json = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII |
				JSON_PRESERVE_ORDER);

	text->json = g_strdup(json ? json : "{}");
	text->subject = subject_of(host, object);
	text->mail = mail_of(settings, object, text->subject, now_us);
	free(json);
	return text;
}

void alertways_text_free(struct alert_text *text)
{
	g_free(text->json);
	g_free(text->subject);
	g_free(text->mail);
	g_free(text);
}

const char *alertways_word(enum alert_way way)
{
	static const char *const words[ALERT_WAYS] = {
		[ALERT_COMMAND] = "command", [ALERT_MAIL] = "mail",
		[ALERT_WEBHOOK] = "webhook",
	};

	return words[way];
}

bool alertways_is_set(const struct settings *settings, enum alert_way way)
{
	const struct alert_settings *mine = alert_settings_of(settings);

	switch (way) {
	case ALERT_COMMAND:
		return *mine->command;
	case ALERT_MAIL:
		return mine->mail->len > 0;
	case ALERT_WEBHOOK:
		return *mine->webhook;
	case ALERT_WAYS:
		break;
	}
	return false;
}

bool alertways_run(const char *command, const char *input, int64_t limit_ms,
		   GError **error)
{
	g_auto(GStrv) words = NULL;
	enum program_end end;
	int status = 0;

	if (!g_shell_parse_argv(command, NULL, &words, error))
		return false;
	const struct program program = { words, span_text(input), false };

	end = program_run(&program, limit_ms, &status, error);
	if (end == PROGRAM_EXITED && status == 0)
		return true;
	if (end == PROGRAM_EXITED)
		g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED,
			    "%s failed (status %d)", words[0], status);
	else if (end != PROGRAM_NOT_STARTED)
		g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED,
			    "%s was ended by a signal, or after %" PRId64
			    " ms", words[0], limit_ms);
	return false;
}

static bool send_mail(const struct settings *settings,
		      const struct alert_text *text, GError **error)
{
	const struct alert_settings *mine = alert_settings_of(settings);
	g_autoptr(GPtrArray) to = g_ptr_array_new();
	g_autofree char *from = from_of(settings);

	for (guint i = 0; i < mine->mail->len; i++)
		g_ptr_array_add(to, g_ptr_array_index(mine->mail, i));
	g_ptr_array_add(to, NULL);
	const struct sendmail_mail mail = {
		.program = evidence_settings_of(settings)->sendmail,
		.sender = span_text(from),
		.to = (const char *const *)to->pdata,
		.bytes = span_text(text->mail),
	};

	return sendmail_run(&mail, mine->timeout_ms, error);
}

static bool post(const struct alert_settings *mine,
		 const struct alert_text *text,
		 const atomic_bool *is_cancelled, GError **error)
{
	const struct webhook to = {
		mine->webhook, mine->webhook_ca, mine->timeout_ms,
		is_cancelled,
	};

	return webhook_post(&to, span_text(text->json), error);
}

bool alertways_send(const struct settings *settings, enum alert_way way,
		    const struct alert_text *text,
		    const atomic_bool *is_cancelled, GError **error)
{
	const struct alert_settings *mine = alert_settings_of(settings);
	g_autofree char *line = NULL;

	switch (way) {
	case ALERT_COMMAND:
		line = g_strconcat(text->json, "\n", NULL);
		return alertways_run(mine->command, line, mine->timeout_ms,
				     error);
	case ALERT_MAIL:
		return send_mail(settings, text, error);
	case ALERT_WEBHOOK:
		return post(mine, text, is_cancelled, error);
	case ALERT_WAYS:
		break;
	}
	return false;
}
