#include <config.h>

#include "report/arf.h"

#include "message/gmimelib.h"
#include "report/mailparts.h"

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

static void add_others(GString *out, const struct abusefacts *facts)
{
	if (!facts->others || !facts->others->len)
		return;
	g_string_append_printf(out, "\nIt is one of %u. The others:\n\n",
			       facts->others->len + 1);
	for (guint i = 0; i < facts->others->len; i++)
		g_string_append_printf(out, "%s\n", (const char *)
			g_ptr_array_index(facts->others, i));
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
	add_line(out, "our case", facts->case_id);
	if (facts->is_redacted)
		g_string_append(out, "\nThe local parts of recipients are "
				"hidden as RFC 6590 has it: the same person has "
				"the\nsame hash in all reports of ours.\n");
	add_others(out, facts);
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
	g_autofree char *incidents = facts->others && facts->others->len ?
		g_strdup_printf("%u", facts->others->len + 1) : NULL;

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
	add_field(out, "Incidents", incidents);
	return g_string_free(out, FALSE);
}

/* What the record has of the header, when nothing else is left
 * of the message. */
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

/* RFC 2046, 5.2.1: a message is not encoded, whatever is in it. */
static enum mailparts_encoding encoding_of(const GByteArray *original)
{
	for (guint i = 0; i < original->len; i++)
		if (original->data[i] & 0x80)
			return MAILPARTS_8BIT;
	return MAILPARTS_7BIT;
}

static GMimeObject *original_of(const struct abusefacts *facts)
{
	g_autofree char *header = NULL;

	if (facts->original)
		return mailparts_new("message", "rfc822",
				     (const char *)facts->original->data,
				     facts->original->len,
				     encoding_of(facts->original));
	if (facts->header)
		return mailparts_new("text", "rfc822-headers",
				     (const char *)facts->header->data,
				     facts->header->len,
				     encoding_of(facts->header));
	header = header_of(facts);
	return mailparts_new("text", "rfc822-headers", header, strlen(header),
			     MAILPARTS_7BIT);
}

static GMimeMultipart *body_of(const struct abusefacts *facts,
			       struct arena *arena)
{
	GMimeMultipart *all = g_mime_multipart_new_with_subtype("report");
	g_autofree char *words = arf_words(facts, arena);
	g_autofree char *feedback = feedback_of(facts, arena);

	g_mime_object_set_content_type_parameter(GMIME_OBJECT(all),
						 "report-type",
						 "feedback-report");
	mailparts_add(all, mailparts_text(words));
	mailparts_add(all, mailparts_new("message", "feedback-report",
					 feedback, strlen(feedback),
					 MAILPARTS_7BIT));
	mailparts_add(all, original_of(facts));
	return all;
}

GByteArray *arf_format(const struct abusefacts *facts, const char *const *to,
		       struct arena *arena)
{
	gmimelib_init();
	return mailparts_message(facts->reporter, to, arena_printf(
		arena, "Abuse report: %s, %s", facts->client ?: "mail",
		facts->case_id ? arena_printf(arena, "case %s",
					      facts->case_id) :
		arena_printf(arena, "record %s", facts->record_id)),
		GMIME_OBJECT(body_of(facts, arena)));
}
