#include <config.h>

#include "cases/xarf.h"

#include <glib.h>
#include <jansson.h>
#include <string.h>

#define EVIDENCE_MAX 50
#define TAGS_MAX 20

/* Which types there are, and what each has to say beyond what all have to. */
static const struct { const char *category, *type, *fields; } types[] = {
	{ "messaging", "spam", "protocol" },
	{ "messaging", "bulk_messaging", "protocol recipient_count" },
	{ "content", "phishing", "url" },
	{ "content", "malware", "url" },
	{ "content", "fraud", "url fraud_type" },
	{ "content", "csam", "url classification detection_method" },
	{ "content", "csem", "url exploitation_type detection_method" },
	{ "content", "exposed_data", "url data_types exposure_method" },
	{ "content", "brand_infringement",
	  "url infringement_type legitimate_site" },
	{ "content", "remote_compromise", "url compromise_type" },
	{ "content", "suspicious_registration",
	  "url registration_date suspicious_indicators" },
	{ "copyright", "copyright", "infringing_url" },
	{ "copyright", "cyberlocker", "hosting_service infringing_url" },
	{ "copyright", "link_site", "infringing_url site_name" },
	{ "copyright", "p2p", "p2p_protocol" },
	{ "copyright", "ugc_platform", "infringing_url platform_name" },
	{ "copyright", "usenet", "newsgroup" },
	{ "connection", "ddos", "first_seen protocol" },
	{ "connection", "infected_host", "bot_type first_seen protocol" },
	{ "connection", "login_attack", "first_seen protocol" },
	{ "connection", "port_scan", "first_seen protocol" },
	{ "connection", "reconnaissance",
	  "first_seen probed_resources protocol" },
	{ "connection", "scraping", "first_seen protocol total_requests" },
	{ "connection", "sql_injection", "first_seen protocol" },
	{ "connection", "vulnerability_scan", "first_seen protocol scan_type" },
	{ "vulnerability", "cve", "cve_id service service_port" },
	{ "vulnerability", "misconfiguration", "service" },
	{ "vulnerability", "open_service", "service" },
	{ "infrastructure", "botnet", "compromise_evidence" },
	{ "infrastructure", "compromised_server", "compromise_method" },
	{ "reputation", "blocklist", "threat_type" },
	{ "reputation", "threat_intelligence", "threat_type" },
};

struct reading {
	struct arena *arena;
	const json_t *report;
	const char *why;		/* NULL: all is well so far */
};

static json_t *load(struct span text)
{
	json_error_t error;

	text = span_trim(text);
	if (text.len > XARF_BYTES_MAX)
		return NULL;
	return json_loadb(text.ptr ? text.ptr : "", text.len,
			  JSON_REJECT_DUPLICATES, &error);
}

bool xarf_is_meant(struct span text)
{
	json_t *report;
	bool is_meant;

	text = span_trim(text);
	if (!text.len || text.ptr[0] != '{')
		return false;
	report = load(text);
	is_meant = json_object_get(report, "xarf_version") ||
		   (json_object_get(report, "Version") &&
		    json_object_get(report, "ReporterInfo"));
	json_decref(report);
	return is_meant;
}

static const char *text_of(struct reading *on, const json_t *object,
			   const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return arena_text(on->arena, text ? text : "");
}

static void refuse(struct reading *on, const char *field, const char *what)
{
	if (!on->why)
		on->why = arena_printf(on->arena, "XARF: %s %s", field, what);
}

/* A text that is there, is not empty, and has not more characters than that. */
static void need_text(struct reading *on, const json_t *object,
		      const char *name, size_t most)
{
	const json_t *field = json_object_get(object, name);
	const char *text = json_string_value(field);

	if (!field)
		refuse(on, name, "is missing");
	else if (!text || !*text)
		refuse(on, name, "is no text");
	else if ((size_t)g_utf8_strlen(text, -1) > most)
		refuse(on, name, "is too long");
}

static bool is_pattern(const char *pattern, const char *text)
{
	return g_regex_match_simple(pattern, text, G_REGEX_DOLLAR_ENDONLY, 0);
}

static void need_form(struct reading *on, const json_t *object,
		      const char *name, const char *pattern, const char *what)
{
	const json_t *field = json_object_get(object, name);
	const char *text = json_string_value(field);

	if (field && (!text || !is_pattern(pattern, text)))
		refuse(on, name, what);
}

static void check_contact(struct reading *on, const char *name)
{
	const json_t *contact = json_object_get(on->report, name);

	if (!json_is_object(contact)) {
		refuse(on, name, "is missing, or no object");
		return;
	}
	need_text(on, contact, "org", 200);
	need_text(on, contact, "contact", 320);
	need_form(on, contact, "contact", "^[^@\\s]+@[^@\\s]+$",
		  "is no mail address");
	need_text(on, contact, "domain", 253);
	need_form(on, contact, "domain",
		  "^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
		  "(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$",
		  "is no host's name");
	if (json_object_size(contact) > 3)
		refuse(on, name, "has more fields than org, contact, domain");
}

static void check_number(struct reading *on, const char *name, double least,
			 double most, bool is_whole)
{
	const json_t *field = json_object_get(on->report, name);

	if (field && (!json_is_number(field) ||
		      (is_whole && !json_is_integer(field)) ||
		      !(json_number_value(field) >= least &&
			json_number_value(field) <= most)))
		refuse(on, name, "is out of its bounds");
}

static void check_evidence(struct reading *on)
{
	const json_t *all = json_object_get(on->report, "evidence");

	if (all && (!json_is_array(all) || json_array_size(all) > EVIDENCE_MAX))
		refuse(on, "evidence", "is no list of at most 50");
	for (size_t i = 0; !on->why && i < json_array_size(all); i++) {
		const json_t *item = json_array_get(all, i);

		need_text(on, item, "content_type", 255);
		need_text(on, item, "payload", XARF_BYTES_MAX);
		need_form(on, item, "payload", "^[A-Za-z0-9+/\\s]+=*\\s*$",
			  "of evidence is not base64");
		need_form(on, item, "hash",
			  "^(md5|sha1|sha256|sha512):[a-fA-F0-9]+$",
			  "of evidence is none");
	}
}

static void check_tags(struct reading *on)
{
	const json_t *all = json_object_get(on->report, "tags");

	if (all && (!json_is_array(all) || json_array_size(all) > TAGS_MAX))
		refuse(on, "tags", "is no list of at most 20");
	for (size_t i = 0; !on->why && i < json_array_size(all); i++) {
		const char *tag = json_string_value(json_array_get(all, i));

		if (!tag || !is_pattern("^[a-z0-9][a-z0-9_+-]*:"
					"[a-z0-9][a-z0-9_+-]*$", tag))
			refuse(on, "tags", "has one that is not name:value");
	}
}

/* Types are written with - or _. */
static bool is_same_type(const char *known, const char *given)
{
	g_autofree char *plain = g_strdelimit(g_strdup(given), "-", '_');

	return strcmp(known, plain) == 0;
}

static void check_type(struct reading *on)
{
	const char *category = text_of(on, on->report, "category");
	const char *type = text_of(on, on->report, "type");

	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		g_auto(GStrv) fields = NULL;

		if (strcmp(types[i].category, category) != 0 ||
		    !is_same_type(types[i].type, type))
			continue;
		fields = g_strsplit(types[i].fields, " ", -1);
		for (char **field = fields; *field; field++)
			if (!json_object_get(on->report, *field))
				refuse(on, *field, "is missing");
		return;
	}
	refuse(on, "type", "is none of its category");
}

static void check(struct reading *on)
{
	need_text(on, on->report, "xarf_version", 20);
	need_form(on, on->report, "xarf_version", "^4\\.[0-9]+\\.[0-9]+$",
		  "is not 4.x.y, the only one that is read");
	need_text(on, on->report, "report_id", 36);
	need_form(on, on->report, "report_id",
		  "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
		  "is no UUID");
	need_text(on, on->report, "timestamp", 40);
	need_form(on, on->report, "timestamp",
		  "^\\d{4}-\\d\\d-\\d\\d[Tt ]\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?"
		  "([Zz]|[+-]\\d\\d:\\d\\d)$", "is no time of RFC 3339");
	check_contact(on, "reporter");
	check_contact(on, "sender");
	need_text(on, on->report, "source_identifier", 2048);
	check_number(on, "source_port", 1, 65535, true);
	check_number(on, "confidence", 0, 1, false);
	need_text(on, on->report, "category", 40);
	need_text(on, on->report, "type", 80);
	if (json_object_get(on->report, "description"))
		need_text(on, on->report, "description", 1000);
	check_evidence(on);
	check_tags(on);
	check_type(on);
}

static struct span find_original(struct reading *on)
{
	const json_t *all = json_object_get(on->report, "evidence");

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *item = json_array_get(all, i);
		g_autofree guchar *bytes = NULL;
		gsize len = 0;

		if (strcmp(text_of(on, item, "content_type"),
			   "message/rfc822") != 0)
			continue;
		bytes = g_base64_decode(text_of(on, item, "payload"), &len);
		return arena_span(on->arena, span_of((char *)bytes, len));
	}
	return span_of(NULL, 0);
}

static void fill(struct reading *on, struct xarf *out)
{
	const json_t *reporter = json_object_get(on->report, "reporter");

	*out = (struct xarf){
		.category = text_of(on, on->report, "category"),
		.type = text_of(on, on->report, "type"),
		.reporter = text_of(on, reporter, "contact"),
		.reporter_domain = text_of(on, reporter, "domain"),
		.org = text_of(on, reporter, "org"),
		.source = text_of(on, on->report, "source_identifier"),
		.timestamp = text_of(on, on->report, "timestamp"),
		.sender = text_of(on, on->report, "smtp_from"),
		.recipient = text_of(on, on->report, "smtp_to"),
		.subject = text_of(on, on->report, "subject"),
		.message_id = text_of(on, on->report, "message_id"),
		.original = find_original(on),
	};
}

const char *xarf_read(struct span text, struct arena *arena,
		      struct xarf *out)
{
	json_t *report = load(text);
	struct reading on = { .arena = arena, .report = report };

	if (!json_is_object(report))
		on.why = "XARF: not JSON, or too large";
	else if (json_object_get(report, "Version"))
		on.why = "XARF: version 3 or older, which is not read: ask "
			 "for version 4";
	else
		check(&on);
	if (!on.why)
		fill(&on, out);
	json_decref(report);
	return on.why;
}
