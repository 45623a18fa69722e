#include <config.h>

#include "report/xarfspam.h"

#include "store/digest.h"
#include "store/hex.h"

#include <string.h>

#define EVIDENCE_MAX 5242880		/* bytes of an item */
#define SUBJECT_MAX 500			/* characters */
#define MESSAGE_ID_MAX 200

static void set_text(json_t *object, const char *name, const char *text,
		     glong most)
{
	g_autofree char *cut = NULL;

	if (!text || !*text)
		return;
	cut = g_utf8_strlen(text, -1) > most ?
	      g_utf8_substring(text, 0, most) : g_strdup(text);
	json_object_set_new(object, name, json_string(cut));
}

static json_t *contact_of(const struct report_settings *reporter)
{
	return json_pack("{s:s, s:s, s:s}", "org", reporter->organisation,
			 "contact", reporter->contact, "domain",
			 reporter->domain);
}

static void add_evidence(json_t *report, const struct abusefacts *facts)
{
	const GByteArray *original = facts->original ?: facts->header;
	const char *what = facts->original ? facts->is_whole ?
		"The message as it was received" :
		"The message as it was received; limits cut its end" :
		"Its header, recipients hidden";
	uint8_t sha256[DIGEST_SHA256_BYTES];
	g_autofree char *payload = NULL, *hex = NULL, *hash = NULL;

	if (!original || original->len > EVIDENCE_MAX)
		return;
	digest_sha256(span_of((const char *)original->data, original->len),
		      sha256);
	payload = g_base64_encode(original->data, original->len);
	hex = hex_format(sha256, sizeof sha256);
	hash = g_strconcat("sha256:", hex, NULL);
	json_object_set_new(report, "evidence", json_pack(
		"[{s:s, s:s, s:s, s:s, s:I}]", "content_type",
		facts->original ? "message/rfc822" : "text/rfc822-headers",
		"description", what, "payload", payload, "hash", hash, "size",
		(json_int_t)original->len));
}

static const char *domain_of(const char *address)
{
	const char *at = address ? strrchr(address, '@') : NULL;

	return at && at[1] ? at + 1 : NULL;
}

/* An envelope sender and a port are what the type wants of SMTP; without them
 * it is another protocol to it. */
static void add_smtp(json_t *report, const struct abusefacts *facts)
{
	bool is_smtp = domain_of(facts->sender) && facts->client_port;

	json_object_set_new(report, "protocol",
			    json_string(is_smtp ? "smtp" : "other"));
	if (domain_of(facts->sender))
		json_object_set_new(report, "smtp_from",
				    json_string(facts->sender));
	if (facts->client_port)
		json_object_set_new(report, "source_port",
				    json_integer(facts->client_port));
	if (facts->recipients->len)
		set_text(report, "smtp_to", g_ptr_array_index(
				facts->recipients, 0), 320);
	if (facts->recipients->len)
		json_object_set_new(report, "recipient_count",
				    json_integer(facts->recipients->len));
}

json_t *xarfspam_format(const struct abusefacts *facts, struct arena *arena)
{
	const char *source = facts->client ?: domain_of(facts->sender);
	g_autofree char *id = g_uuid_string_random();
	json_t *report;

	if (!source)
		return NULL;
	report = json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:s}",
		"xarf_version", "4.2.0", "report_id", id, "timestamp",
		abusefacts_time(facts, arena), "reporter",
		contact_of(facts->reporter), "sender",
		contact_of(facts->reporter), "source_identifier", source,
		"category", "messaging", "type", "spam", "evidence_source",
		facts->is_trap ? "spamtrap" : "automated_filter");
	if (!report)
		return NULL;
	add_smtp(report, facts);
	set_text(report, "subject", facts->subject, SUBJECT_MAX);
	set_text(report, "message_id", facts->message_id, MESSAGE_ID_MAX);
	add_evidence(report, facts);
	return report;
}
