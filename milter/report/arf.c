#include <config.h>

#include "report/arf.h"

#include "message/gmimelib.h"

#include <gmime/gmime.h>
#include <inttypes.h>
#include <string.h>

static void add_line(GString *out, const char *label, const char *text)
{
	if (text && *text)
		g_string_append_printf(out, "%-12s %s\n", label, text);
}

static char *joined(const GPtrArray *texts, const char *between)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < texts->len; i++)
		g_string_append_printf(out, "%s%s", i ? between : "",
				       (const char *)g_ptr_array_index(texts,
								       i));
	return g_string_free(out, FALSE);
}

char *arf_words(const struct abusefacts *facts, struct arena *arena)
{
	GString *out = g_string_new("This is a report about a message that "
		"came from your network,\nor through an account or server of "
		"yours.\n\n");
	g_autofree char *findings = joined(facts->findings, ", ");
	g_autofree char *port = facts->client_port ? g_strdup_printf(
		"%s port %" PRIu32, facts->client, facts->client_port) : NULL;

	add_line(out, "time", abusefacts_time(facts, arena));
	add_line(out, "from address", port ?: facts->client);
	add_line(out, "its name", facts->client_name);
	add_line(out, "HELO", facts->helo);
	add_line(out, "account", facts->account);
	add_line(out, "sender", facts->sender);
	for (guint i = 0; i < facts->recipients->len; i++)
		add_line(out, i ? "" : "recipient",
			 g_ptr_array_index(facts->recipients, i));
	add_line(out, "From", facts->from);
	add_line(out, "Subject", facts->subject);
	add_line(out, "Message-ID", facts->message_id);
	add_line(out, "queue id", facts->queue_id);
	add_line(out, "received by", facts->host);
	add_line(out, "verdict", facts->verdict);
	add_line(out, "findings", findings);
	add_line(out, "our record", facts->record_id);
	g_string_append_printf(out, "\nAnswers reach %s at %s.\n",
			       facts->reporter->organisation,
			       facts->reporter->contact);
	return g_string_free(out, FALSE);
}

/* Field of the machine-readable part: ASCII, on one line. */
static void add_field(GString *out, const char *name, const char *value)
{
	if (value && *value && g_str_is_ascii(value))
		g_string_append_printf(out, "%s: %s\n", name, value);
}

static const char *rfc5322_time(const struct abusefacts *facts,
				struct arena *arena)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(
		facts->time_us / G_USEC_PER_SEC);
	g_autofree char *text = g_mime_utils_header_format_date(time);

	return arena_text(arena, text);
}

/* RFC 5965, 3.1 and 3.2; Source-Port is of RFC 6692. */
static char *feedback_of(const struct abusefacts *facts, struct arena *arena)
{
	GString *out = g_string_new(NULL);
	bool is_null = g_strcmp0(facts->sender, "<>") == 0;
	g_autofree char *sender = is_null || !facts->sender ? NULL :
		g_strdup_printf("<%s>", facts->sender);
	g_autofree char *host = g_strdup_printf("dns; %s", facts->host);
	g_autofree char *port = facts->client_port ? g_strdup_printf(
		"%" PRIu32, facts->client_port) : NULL;

	add_field(out, "Feedback-Type", facts->is_virus ? "virus" : "abuse");
	add_field(out, "User-Agent", "Mailreeve/" PACKAGE_VERSION);
	add_field(out, "Version", "1");
	add_field(out, "Original-Mail-From", is_null ? "<>" : sender);
	for (guint i = 0; i < facts->recipients->len; i++) {
		g_autofree char *rcpt = g_strdup_printf("<%s>",
			(const char *)g_ptr_array_index(facts->recipients, i));

		add_field(out, "Original-Rcpt-To", rcpt);
	}
	add_field(out, "Arrival-Date", rfc5322_time(facts, arena));
	add_field(out, "Source-IP", facts->client);
	add_field(out, "Source-Port", port);
	add_field(out, "Reporting-MTA", host);
	add_field(out, "Reported-Domain", facts->client_name);
	return g_string_free(out, FALSE);
}

/* What the record has of the header, when nothing else is left of the message. */
static char *header_of(const struct abusefacts *facts)
{
	GString *out = g_string_new(NULL);
	const struct { const char *name, *value; } fields[] = {
		{ "From", facts->from }, { "Subject", facts->subject },
	};

	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		g_autofree char *value = fields[i].value ?
			g_mime_utils_header_encode_text(NULL, fields[i].value,
							"utf-8") : NULL;

		if (value)
			g_string_append_printf(out, "%s: %s\n", fields[i].name,
					       value);
	}
	if (facts->message_id)
		g_string_append_printf(out, "Message-ID: <%s>\n",
				       facts->message_id);
	return g_string_free(out, FALSE);
}

static GMimeObject *part_of(const char *type, const char *subtype,
			    const char *bytes, size_t len,
			    GMimeContentEncoding encoding)
{
	GMimePart *part = g_mime_part_new_with_type(type, subtype);
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(bytes, len);
	GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(
		stream, GMIME_CONTENT_ENCODING_DEFAULT);

	g_mime_part_set_content(part, content);
	g_mime_part_set_content_encoding(part, encoding);
	g_object_unref(content);
	g_object_unref(stream);
	return GMIME_OBJECT(part);
}

/* RFC 2046, 5.2.1: a message is not encoded, whatever is in it. */
static GMimeContentEncoding encoding_of(const GByteArray *original)
{
	for (guint i = 0; i < original->len; i++)
		if (original->data[i] & 0x80)
			return GMIME_CONTENT_ENCODING_8BIT;
	return GMIME_CONTENT_ENCODING_7BIT;
}

static GMimeObject *original_of(const struct abusefacts *facts)
{
	g_autofree char *header = NULL;

	if (facts->original)
		return part_of("message", "rfc822",
			       (const char *)facts->original->data,
			       facts->original->len,
			       encoding_of(facts->original));
	header = header_of(facts);
	return part_of("text", "rfc822-headers", header, strlen(header),
		       GMIME_CONTENT_ENCODING_7BIT);
}

static void take(GMimeMultipart *all, GMimeObject *part)
{
	g_mime_multipart_add(all, part);
	g_object_unref(part);
}

static GMimeMultipart *body_of(const struct abusefacts *facts,
			       struct arena *arena)
{
	GMimeMultipart *all = g_mime_multipart_new_with_subtype("report");
	g_autofree char *words = arf_words(facts, arena);
	g_autofree char *feedback = feedback_of(facts, arena);
	GMimeObject *text = part_of("text", "plain", words, strlen(words),
		g_str_is_ascii(words) ? GMIME_CONTENT_ENCODING_7BIT :
					GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);

	g_mime_object_set_content_type_parameter(text, "charset", "utf-8");
	g_mime_object_set_content_type_parameter(GMIME_OBJECT(all),
						 "report-type",
						 "feedback-report");
	take(all, text);
	take(all, part_of("message", "feedback-report", feedback,
			  strlen(feedback), GMIME_CONTENT_ENCODING_7BIT));
	take(all, original_of(facts));
	return all;
}

GByteArray *arf_format(const struct abusefacts *facts, const char *to,
		       struct arena *arena)
{
	const struct report_settings *reporter = facts->reporter;
	g_autofree char *id = g_uuid_string_random();
	g_autofree char *message_id = g_strdup_printf("%s@%s", id,
						      reporter->domain);
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	GMimeFormatOptions *options = g_mime_format_options_new();
	GByteArray *out = g_byte_array_new();
	GMimeMessage *message;
	GMimeMultipart *body;
	GMimeStream *stream;

	gmimelib_init();
	message = g_mime_message_new(TRUE);
	body = body_of(facts, arena);
	g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_FROM,
				   reporter->organisation, reporter->contact);
	if (to)
		g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_TO,
					   NULL, to);
	g_mime_message_set_date(message, now);
	g_mime_message_set_message_id(message, message_id);
	g_mime_message_set_subject(message, arena_printf(arena,
		"Abuse report: %s, record %s", facts->client ?: "mail",
		facts->record_id), "utf-8");
	g_mime_message_set_mime_part(message, GMIME_OBJECT(body));
	g_mime_format_options_set_newline_format(options,
						 GMIME_NEWLINE_FORMAT_DOS);
	stream = g_mime_stream_mem_new_with_byte_array(out);
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	g_mime_object_write_to_stream(GMIME_OBJECT(message), options, stream);
	g_object_unref(stream);
	g_object_unref(body);
	g_object_unref(message);
	g_mime_format_options_free(options);
	return out;
}
