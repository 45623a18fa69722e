#include <config.h>

#include "message/plainmail.h"

#include <gmime/gmime.h>
#include <string.h>

#define LINE_MAX_BYTES 78
#define WORD_BYTES 39	/* in one encoded word; RFC 2047, 2: 76 in a line */

static bool is_ascii_line(const char *text)
{
	for (const char *at = text; *at; at++)
		if (!g_ascii_isprint(*at))
			return false;
	return !strstr(text, "=?");
}

/* So many bytes of it as one word may have, whole characters. */
static size_t word_of(const char *text)
{
	size_t len = 0;

	while (text[len]) {
		size_t step = (size_t)(g_utf8_next_char(text + len) -
				       (text + len));

		if (len + step > WORD_BYTES)
			break;
		len += step;
	}
	return len;
}

/* RFC 2047, 5: words of one text, each on a line of its own but
 * for the first. */
static void add_encoded(GString *out, const char *text)
{
	const char *before = "";

	while (*text) {
		size_t len = word_of(text);
		g_autofree char *word = g_base64_encode((const guchar *)text,
							len);

		g_string_append_printf(out, "%s=?UTF-8?B?%s?=", before, word);
		before = "\n ";
		text += len;
	}
}

/* Folded at blanks; used is what the line has already. */
static void add_folded(GString *out, const char *text, size_t used)
{
	while (*text) {
		size_t len = strspn(text, " ") + strcspn(text +
			strspn(text, " "), " ");

		if (used + len > LINE_MAX_BYTES && *text == ' ' && used > 1) {
			g_string_append_c(out, '\n');
			used = 0;
		}
		g_string_append_len(out, text, (gssize)len);
		used += len;
		text += len;
	}
}

static void add_text(GString *out, const char *name, const char *text)
{
	g_string_append_printf(out, "%s: ", name);
	if (is_ascii_line(text))
		add_folded(out, text, strlen(name) + 2);
	else
		add_encoded(out, text);
	g_string_append_c(out, '\n');
}

static void add_name(GString *out, const char *name)
{
	if (!is_ascii_line(name)) {
		add_encoded(out, name);
		return;
	}
	g_string_append_c(out, '"');
	for (; *name; name++) {
		if (*name == '"' || *name == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *name);
	}
	g_string_append_c(out, '"');
}

static void add_from(GString *out, const struct plainmail *mail)
{
	g_string_append(out, "From: ");
	if (*mail->from_name) {
		add_name(out, mail->from_name);
		g_string_append_printf(out, "\n <%s>\n", mail->from);
	} else {
		g_string_append_printf(out, "%s\n", mail->from);
	}
}

static void add_header(GString *out, const struct plainmail *mail)
{
	g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(
		mail->date_us / G_USEC_PER_SEC);
	g_autofree char *when = g_mime_utils_header_format_date(date);

	add_from(out, mail);
	g_string_append_printf(out, "To: %s\n", mail->to);
	add_text(out, "Subject", mail->subject);
	g_string_append_printf(out, "Date: %s\nMessage-ID:\n <%s>\n", when,
			       mail->message_id);
	g_string_append(out, "Auto-Submitted: auto-generated\n"
			"MIME-Version: 1.0\n"
			"Content-Type: text/plain; charset=utf-8\n");
	if (*mail->language)
		g_string_append_printf(out, "Content-Language: %s\n",
				       mail->language);
}

static bool is_short(const char *text)
{
	for (const char *end; *text; text = *end ? end + 1 : end) {
		end = strchrnul(text, '\n');
		if (end - text > LINE_MAX_BYTES)
			return false;
	}
	return true;
}

static GMimeContentEncoding encoding_of(const char *text)
{
	size_t foreign = 0, len = strlen(text);

	for (size_t i = 0; i < len; i++)
		foreign += (text[i] & 0x80) != 0;
	if (foreign > len / 6)
		return GMIME_CONTENT_ENCODING_BASE64;
	return foreign || !is_short(text) ?
	       GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE :
	       GMIME_CONTENT_ENCODING_7BIT;
}

static void add_body(GString *out, const char *text)
{
	GMimeContentEncoding encoding = encoding_of(text);
	g_autoptr(GString) body = g_string_new(text);
	g_autofree char *packed = NULL;
	GMimeEncoding state;
	size_t len;

	/* RFC 2045, 6.8: lines end with CRLF within base64. */
	if (encoding == GMIME_CONTENT_ENCODING_BASE64)
		g_string_replace(body, "\n", "\r\n", 0);
	g_mime_encoding_init_encode(&state, encoding);
	packed = g_malloc(g_mime_encoding_outlen(&state, body->len) + 1);
	len = g_mime_encoding_flush(&state, body->str, body->len, packed);
	g_string_append_printf(out, "Content-Transfer-Encoding: %s\n\n",
			       g_mime_content_encoding_to_string(encoding));
	g_string_append_len(out, packed, (gssize)len);
}

GString *plainmail_format(const struct plainmail *mail)
{
	GString *out = g_string_new(NULL);

	add_header(out, mail);
	add_body(out, mail->body);
	return out;
}
