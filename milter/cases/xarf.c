#include <config.h>

#include "cases/xarf.h"

#include "cases/xarf3.h"
#include "cases/xarfcheck.h"

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

/* What the schemas demand of some types besides: when a field has a value, or
 * is an address, others have to be there. */
static const struct condition {
	const char *types, *field, *value;	/* NULL: an IP address */
	const char *needed;
} conditions[] = {
	{ " spam bulk_messaging ", "protocol", "smtp",
	  "smtp_from source_port" },
	{ " ddos login_attack port_scan ", "source_identifier", NULL,
	  "source_port" },
};

struct reading {
	struct xarfcheck check;
	const json_t *report;
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
	const char *version;
	json_t *report;
	bool is_meant;

	text = span_trim(text);
	if (!text.len || text.ptr[0] != '{')
		return false;
	report = load(text);
	version = json_string_value(json_object_get(report, "Version"));
	is_meant = json_object_get(report, "xarf_version") ||
		   (version && (*version == '3' ||
				json_object_get(report, "ReporterInfo")));
	json_decref(report);
	return is_meant;
}

static const char *text_of(struct reading *on, const json_t *object,
			   const char *name)
{
	return xarfcheck_text(&on->check, object, name);
}

static void refuse(struct reading *on, const char *field, const char *what)
{
	xarfcheck_refuse(&on->check, field, what);
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

static void need_form(struct reading *on, const json_t *object,
		      const char *name, const char *pattern, const char *what)
{
	const json_t *field = json_object_get(object, name);
	const char *text = json_string_value(field);

	if (field && (!text || !xarfcheck_is_pattern(pattern, text)))
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
	if (!xarfcheck_is_mail(text_of(on, contact, "contact")))
		refuse(on, "contact", "is no mail address");
	need_text(on, contact, "domain", 253);
	if (!xarfcheck_is_host(text_of(on, contact, "domain")))
		refuse(on, "domain", "is no host's name");
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
	for (size_t i = 0; !on->check.why && i < json_array_size(all); i++) {
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
	for (size_t i = 0; !on->check.why && i < json_array_size(all); i++) {
		const char *tag = json_string_value(json_array_get(all, i));

		if (!tag || !xarfcheck_is_pattern("^[a-z0-9][a-z0-9_+-]*:"
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

static void check_swarm(struct reading *on)
{
	const json_t *swarm = json_object_get(on->report, "swarm_info");

	if (!json_object_get(swarm, "info_hash") &&
	    !json_object_get(swarm, "magnet_uri"))
		refuse(on, "swarm_info",
		       "has neither info_hash nor magnet_uri");
}

static void check_article(struct reading *on)
{
	const json_t *info = json_object_get(on->report, "message_info");

	if (!json_object_get(info, "message_id"))
		refuse(on, "message_info", "has no message_id");
}

static void check_conditions(struct reading *on, const char *type)
{
	g_autofree char *apart = g_strdup_printf(" %s ", type);

	for (size_t i = 0; i < G_N_ELEMENTS(conditions); i++) {
		const struct condition *one = &conditions[i];
		const char *value = json_string_value(json_object_get(
			on->report, one->field));

		if (strstr(one->types, apart) && value &&
		    (one->value ? strcmp(value, one->value) == 0 :
				  xarfcheck_is_address(value)))
			xarfcheck_need(&on->check, on->report, one->needed);
	}
	if (strcmp(type, "p2p") == 0)
		check_swarm(on);
	if (strcmp(type, "usenet") == 0)
		check_article(on);
}

static void check_type(struct reading *on)
{
	const char *category = text_of(on, on->report, "category");
	const char *type = text_of(on, on->report, "type");

	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		if (strcmp(types[i].category, category) != 0 ||
		    !is_same_type(types[i].type, type))
			continue;
		xarfcheck_need(&on->check, on->report, types[i].fields);
		check_conditions(on, types[i].type);
		return;
	}
	refuse(on, "type", "is none of its category");
}

static void check(struct reading *on)
{
	need_text(on, on->report, "xarf_version", 20);
	need_form(on, on->report, "xarf_version", "^4\\.[0-9]+\\.[0-9]+$",
		  "is neither 4.x.y nor a report of version 3");
	need_text(on, on->report, "report_id", 36);
	need_form(on, on->report, "report_id",
		  "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
		  "is no UUID");
	need_text(on, on->report, "timestamp", 40);
	if (!xarfcheck_is_time(text_of(on, on->report, "timestamp")))
		refuse(on, "timestamp", "is no time of RFC 3339");
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

		if (strcmp(text_of(on, item, "content_type"),
			   "message/rfc822") != 0)
			continue;
		return xarfcheck_payload(&on->check,
					 text_of(on, item, "payload"), true);
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

static void read_four(struct reading *on, struct xarf *out)
{
	check(on);
	if (!on->check.why)
		fill(on, out);
}

const char *xarf_read(struct span text, struct arena *arena,
		      struct xarf *out)
{
	json_t *report = load(text);
	struct reading on = { { arena, "XARF", NULL }, report };

	if (!json_is_object(report))
		on.check.why = "XARF: not JSON, or too large";
	else if (json_object_get(report, "Version"))
		on.check.why = xarf3_read(report, arena, out);
	else
		read_four(&on, out);
	json_decref(report);
	return on.check.why;
}
