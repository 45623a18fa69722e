#include <config.h>

#include "cases/xarf3.h"

#include "cases/xarffield.h"

#include <string.h>

static const struct xarffield reporter_fields[] = {
	{ "ReporterType", XARFFIELD_WORD, " Org Person " },
	{ "ReporterOrg", XARFFIELD_LONG_TEXT, NULL },
	{ "ReporterOrgDomain", XARFFIELD_HOST, NULL },
	{ "ReporterOrgEmail", XARFFIELD_MAIL, NULL },
	{ "ReporterOrgAddress", XARFFIELD_TEXT, NULL },
	{ "ReporterContactEmail", XARFFIELD_MAIL, NULL },
	{ "ReporterContactName", XARFFIELD_LONG_TEXT, NULL },
	{ "ReporterContactPhone", XARFFIELD_LONG_TEXT, NULL },
};

static const struct xarffield complainant_fields[] = {
	{ "ComplainantType", XARFFIELD_WORD, " Org Person " },
	{ "ComplainantOrg", XARFFIELD_LONG_TEXT, NULL },
	{ "ComplainantOrgDomain", XARFFIELD_HOST, NULL },
	{ "ComplainantOrgEmail", XARFFIELD_MAIL, NULL },
	{ "ComplainantContactEmail", XARFFIELD_MAIL, NULL },
	{ "ComplainantContactName", XARFFIELD_LONG_TEXT, NULL },
	{ "ComplainantContactPhone", XARFFIELD_LONG_TEXT, NULL },
};

static const struct xarffield report_fields[] = {
	{ "ReportClass", XARFFIELD_TEXT, NULL },
	{ "ReportType", XARFFIELD_TEXT, NULL },
	{ "ReportSubType", XARFFIELD_TEXT, NULL },
	{ "ReporterCaseID", XARFFIELD_TEXT, NULL },
	{ "ReporterSeverity", XARFFIELD_WORD, " low medium high " },
	{ "ReporterNotes", XARFFIELD_TEXT, NULL },
	{ "Date", XARFFIELD_TIME, NULL }, { "FirstSeen", XARFFIELD_TIME, NULL },
	{ "SourceIp", XARFFIELD_ADDRESS, NULL },
	{ "SourcePort", XARFFIELD_PORT, NULL },
	{ "ASN", XARFFIELD_AS_NUMBER, NULL },
	{ "SourceUrl", XARFFIELD_URL, NULL },
	{ "Ongoing", XARFFIELD_YES_NO, NULL },
	{ "ThreatActor", XARFFIELD_TEXT, NULL },
	{ "DestinationIp", XARFFIELD_ADDRESS, NULL },
	{ "DestinationPort", XARFFIELD_PORTS, NULL },
	{ "AttackerIp", XARFFIELD_ADDRESS, NULL },
	{ "AttackerPort", XARFFIELD_PORTS, NULL },
	{ "ByteCount", XARFFIELD_NUMBER, NULL },
	{ "PacketCount", XARFFIELD_NUMBER, NULL },
	{ "SmtpMailFromAddress", XARFFIELD_MAIL, NULL },
	{ "SmtpRcptToAddress", XARFFIELD_MAIL, NULL },
	{ "ServiceName", XARFFIELD_TEXT, NULL },
	{ "ServiceVersion", XARFFIELD_TEXT, NULL },
	{ "TransportProtocol", XARFFIELD_WORD, " tcp udp " },
	{ "BotnetName", XARFFIELD_TEXT, NULL },
	{ "MalwareName", XARFFIELD_TEXT, NULL },
	{ "RpzDomain", XARFFIELD_HOST, NULL }, { "CVE", XARFFIELD_CVE, NULL },
	{ "InfringedMaterial", XARFFIELD_TEXT, NULL },
	{ "MaterialType", XARFFIELD_TEXT, NULL },
	{ "SharingProtocol", XARFFIELD_TEXT, NULL },
	{ "CourtOrder", XARFFIELD_URL, NULL },
	{ "TrademarkedMaterial", XARFFIELD_TEXT, NULL },
	{ "RegistrationOffice", XARFFIELD_TEXT, NULL },
	{ "RegistrationNumber", XARFFIELD_TEXT, NULL },
	{ "FileName", XARFFIELD_TEXT, NULL },
	{ "FileSize", XARFFIELD_SIZE, NULL },
	{ "Harasser", XARFFIELD_TEXT, NULL },
	{ "HarassmentDescription", XARFFIELD_TEXT, NULL },
	{ "HarassmentType", XARFFIELD_WORD, " doxing stalking sexual "
	  "believes defamation extortion hate " },
	{ "HarassmentLocation", XARFFIELD_WORD, " website chat game " },
};

static const struct xarffield hash_fields[] = {
	{ "HashValue", XARFFIELD_TEXT, NULL },
	{ "HashAlgorithm", XARFFIELD_WORD, " sha1 sha2 sha3 sha256 sha512 "
	  "md5 argon2id scrypt bcrypt pbkdf2 " },
	{ "HashComplete", XARFFIELD_YES_NO, NULL },
};

static const struct xarffield sample_fields[] = {
	{ "ContentType", XARFFIELD_TEXT, NULL },
	{ "Base64Encoded", XARFFIELD_YES_NO, NULL },
	{ "Description", XARFFIELD_TEXT, NULL },
	{ "Payload", XARFFIELD_TEXT, NULL },
	{ "FileName", XARFFIELD_TEXT, NULL },
	{ "FileSize", XARFFIELD_SIZE, NULL },
};

static const struct xarffield account_fields[] = {
	{ "AccountIdentifier", XARFFIELD_TEXT, NULL },
	{ "AccountEmail", XARFFIELD_TEXT, NULL },
};

static const struct xarffield cvss_fields[] = {
	{ "Version", XARFFIELD_WORD, " 3.1 3.0 2 " },
	{ "Vector", XARFFIELD_TEXT, NULL },
	{ "Severity", XARFFIELD_WORD, " None Low Medium High Critical " },
};

/* What it is about: an address; an address or a URL; an account alone. */
enum about { BY_ADDRESS, BY_ANY, BY_ACCOUNT };

static const struct type {
	const char *category, *type;	/* as version 3 has them */
	enum about about;
	const char *needed;
	const char *category4, *type4;
} types[] = {
	{ "Activity", "Spam", BY_ADDRESS, "", "messaging", "spam" },
	{ "Activity", "DOS", BY_ADDRESS, "", "connection", "ddos" },
	{ "Activity", "Exploit", BY_ADDRESS, "", "vulnerability", "cve" },
	{ "Activity", "Harassment", BY_ANY, "Harasser HarassmentDescription",
	  "activity", "harassment" },
	{ "Activity", "LoginAttack", BY_ADDRESS, "", "connection",
	  "login_attack" },
	{ "Activity", "Malware", BY_ADDRESS, "", "connection",
	  "infected_host" },
	{ "Activity", "PortScan", BY_ADDRESS, "", "connection", "port_scan" },
	{ "Activity", "PotentiallyCompromisedAccount", BY_ACCOUNT, "",
	  "activity", "compromised_account" },
	{ "Activity", "WebCrawler", BY_ANY, "", "connection", "scraping" },
	{ "Content", "Botnet", BY_ANY, "", "infrastructure", "botnet" },
	{ "Content", "ChildAbuse", BY_ANY, "", "content", "csam" },
	{ "Content", "Copyright", BY_ANY, "InfringedMaterial FileName",
	  "copyright", "copyright" },
	{ "Content", "Malware", BY_ANY, "", "content", "malware" },
	{ "Content", "Phishing", BY_ANY, "SourceUrl", "content", "phishing" },
	{ "Content", "Trademark", BY_ANY, "TrademarkedMaterial", "content",
	  "brand_infringement" },
	{ "Vulnerability", "OpenService", BY_ANY, "ServiceName",
	  "vulnerability", "open_service" },
};

/* The words of the specification of version 4, which tells of version 3.0. */
static const struct { const char *type, *category4, *type4; } types_30[] = {
	{ "spam", "messaging", "spam" },
	{ "login-attack", "connection", "login_attack" },
	{ "port-scan", "connection", "port_scan" },
	{ "ddos", "connection", "ddos" },
	{ "phishing", "content", "phishing" },
	{ "malware", "content", "malware" },
	{ "botnet", "infrastructure", "botnet" },
	{ "copyright", "copyright", "copyright" },
};

/* Who does not say what he is need not say more. */
static bool is_organisation(const json_t *object, const char *name)
{
	const char *word = json_string_value(json_object_get(object, name));

	return word && strcmp(word, "Person") != 0;
}

/* No field but these may be there. */
static void check_reporter(struct xarfcheck *on, const json_t *reporter)
{
	size_t known = 0;

	if (!json_is_object(reporter)) {
		xarfcheck_refuse(on, "ReporterInfo",
				 "is missing, or no object");
		return;
	}
	xarffield_check(on, reporter, reporter_fields,
		     G_N_ELEMENTS(reporter_fields));
	for (size_t i = 0; i < G_N_ELEMENTS(reporter_fields); i++)
		known += json_object_get(reporter, reporter_fields[i].name) !=
			 NULL;
	if (json_object_size(reporter) > known)
		xarfcheck_refuse(on, "ReporterInfo", "has a field that it "
				 "must not have");
	if (is_organisation(reporter, "ReporterType"))
		xarfcheck_need(on, reporter, "ReporterOrg ReporterOrgDomain "
				   "ReporterOrgEmail");
}

static void check_complainant(struct xarfcheck *on, const json_t *whom)
{
	if (!whom)
		return;
	if (!json_is_object(whom))
		xarfcheck_refuse(on, "OnBehalfOf", "is no object");
	xarffield_check(on, whom, complainant_fields,
		     G_N_ELEMENTS(complainant_fields));
	if (is_organisation(whom, "ComplainantType"))
		xarfcheck_need(on, whom, "ComplainantOrg ComplainantOrgDomain "
			       "ComplainantOrgEmail");
}

static bool are_all(const json_t *values, bool allows_numbers)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)values, name, value)
		if (!json_is_string(value) &&
		    !(allows_numbers && json_is_integer(value)))
			return false;
	return json_is_object(values);
}

static void check_internal_part(struct xarfcheck *on, const json_t *all,
				const char *part, const char *data)
{
	const json_t *object = json_object_get(all, part);
	const json_t *id = json_object_get(object, "ID");
	const json_t *values = json_object_get(object, data);

	if ((object && !json_is_object(object)) ||
	    (id && !json_is_string(id)) || (values && !are_all(values, false)))
		xarfcheck_refuse(on, part, "is not made of texts");
}

static void check_internal(struct xarfcheck *on, const json_t *all)
{
	const json_t *tags = json_object_get(all, "EventTags");

	if (all && !json_is_object(all))
		xarfcheck_refuse(on, "InternalProcessing", "is no object");
	check_internal_part(on, all, "SubscriberInformation",
			    "SubscriberData");
	check_internal_part(on, all, "ContractInformation", "ResolverData");
	if (tags && !json_is_array(tags))
		xarfcheck_refuse(on, "EventTags", "is no list");
	for (size_t i = 0; i < json_array_size(tags); i++)
		if (!json_is_string(json_array_get(tags, i)))
			xarfcheck_refuse(on, "EventTags",
					 "has one that is no text");
}

static void check_hash(struct xarfcheck *on, const json_t *object,
		       const char *name)
{
	const json_t *hash = json_object_get(object, name);

	if (!hash)
		return;
	if (!json_is_object(hash))
		xarfcheck_refuse(on, name, "is no object");
	xarfcheck_need(on, hash, "HashValue HashAlgorithm");
	xarffield_check(on, hash, hash_fields, G_N_ELEMENTS(hash_fields));
}

/* What is there of a file can be its name alone. */
static void check_samples(struct xarfcheck *on, const json_t *samples)
{
	if (samples && (!json_is_array(samples) || !json_array_size(samples)))
		xarfcheck_refuse(on, "Samples", "is no list with one in it");
	for (size_t i = 0; !on->why && i < json_array_size(samples); i++) {
		const json_t *one = json_array_get(samples, i);

		if (!json_is_object(one))
			xarfcheck_refuse(on, "Samples", "has one that is no "
					 "object");
		if (!json_object_get(one, "FileName"))
			xarfcheck_need(on, one, "ContentType Payload");
		xarffield_check(on, one, sample_fields,
			     G_N_ELEMENTS(sample_fields));
		check_hash(on, one, "FileHash");
	}
}

static void check_cvss(struct xarfcheck *on, const json_t *cvss)
{
	const char *version, *vector;

	if (!cvss)
		return;
	if (!json_is_object(cvss))
		xarfcheck_refuse(on, "CVSS", "is no object");
	xarfcheck_need(on, cvss, "Version Vector");
	xarffield_check(on, cvss, cvss_fields, G_N_ELEMENTS(cvss_fields));
	if (on->why)
		return;
	version = json_string_value(json_object_get(cvss, "Version"));
	vector = json_string_value(json_object_get(cvss, "Vector"));
	if (!xarfcheck_is_pattern(*version == '2' ?
		"^\\(?AV:[LAN]/AC:[HML]/Au:[MSN]/C:[NPC]/I:[NPC]/A:[NPC]"
		"(/[A-Z]{1,3}:[A-Z]{1,3})*\\)?$" :
		"^CVSS:3\\.[01]/AV:[NALP]/AC:[LH]/PR:[NLH]/UI:[NR]/S:[UC]/"
		"C:[NLH]/I:[NLH]/A:[NLH](/[A-Z]{1,3}:[A-Z])*$", vector))
		xarfcheck_refuse(on, "Vector", "is none of its version");
}

static void check_account(struct xarfcheck *on, const json_t *report)
{
	const json_t *account = json_object_get(report, "Account");
	const char *name = json_string_value(json_object_get(
		account, "AccountIdentifier"));

	if (!json_is_object(account) || !json_object_size(account))
		xarfcheck_refuse(on, "Account", "is missing, or has nothing");
	xarffield_check(on, account, account_fields,
		     G_N_ELEMENTS(account_fields));
	if (name && xarfcheck_is_mail(name))
		xarfcheck_refuse(on, "AccountIdentifier", "is a mail address: "
				 "that belongs in AccountEmail");
	if (json_object_get(report, "SourceIp") ||
	    json_object_get(report, "SourceUrl"))
		xarfcheck_refuse(on, "Account", "goes without SourceIp and "
				 "SourceUrl: AttackerIp is who came");
}

static void check_about(struct xarfcheck *on, const json_t *report,
			enum about about)
{
	if (about == BY_ACCOUNT)
		check_account(on, report);
	else if (about == BY_ADDRESS)
		xarfcheck_need(on, report, "SourceIp");
	else if (!json_object_get(report, "SourceIp") &&
		 !json_object_get(report, "SourceUrl"))
		xarfcheck_refuse(on, "SourceIp", "is missing, and SourceUrl, "
				 "too");
}

static const struct type *find_type(const json_t *report)
{
	const char *category = json_string_value(json_object_get(
		report, "ReportClass"));
	const char *type = json_string_value(json_object_get(report,
							     "ReportType"));

	for (size_t i = 0; category && type && i < G_N_ELEMENTS(types); i++)
		if (strcmp(types[i].category, category) == 0 &&
		    strcmp(types[i].type, type) == 0)
			return &types[i];
	return NULL;
}

static void check_report(struct xarfcheck *on, const json_t *report,
			 struct xarf *out)
{
	const json_t *custom = json_object_get(report, "Custom");
	const struct type *type = find_type(report);

	xarfcheck_need(on, report, "ReportClass ReportType Date");
	xarffield_check(on, report, report_fields, G_N_ELEMENTS(report_fields));
	if (!type) {
		xarfcheck_refuse(on, "ReportType", "is none of its "
				 "ReportClass");
		return;
	}
	check_about(on, report, type->about);
	xarfcheck_need(on, report, type->needed);
	check_samples(on, json_object_get(report, "Samples"));
	check_hash(on, report, "FileHash");
	check_hash(on, report, "PasswordHash");
	check_cvss(on, json_object_get(report, "CVSS"));
	if (custom && !are_all(custom, true))
		xarfcheck_refuse(on, "Custom", "is not made of texts and "
				 "numbers");
	out->category = type->category4;
	out->type = type->type4;
}

static void check_report_30(struct xarfcheck *on, const json_t *report,
			    struct xarf *out)
{
	const char *type = json_string_value(json_object_get(report,
							     "ReportType"));

	xarfcheck_need(on, report, "ReportClass ReportType Date");
	xarffield_check(on, report, report_fields, G_N_ELEMENTS(report_fields));
	for (size_t i = 0; type && i < G_N_ELEMENTS(types_30); i++)
		if (g_ascii_strcasecmp(types_30[i].type, type) == 0) {
			out->category = types_30[i].category4;
			out->type = types_30[i].type4;
			return;
		}
	xarfcheck_refuse(on, "ReportType", "is not one of version 3.0");
}

/* Names by which something goes, the first that is there. */
static const char *first_of(struct xarfcheck *on, const json_t *object,
			    const char *names)
{
	g_auto(GStrv) all = g_strsplit(names, " ", -1);

	for (char **name = all; *name; name++) {
		const char *text = xarfcheck_text(on, object, *name);

		if (*text)
			return text;
	}
	return "";
}

static const char *source_of(struct xarfcheck *on, const json_t *report)
{
	const char *own = first_of(on, report, "SourceIp SourceUrl Url");

	if (!*own)
		own = first_of(on, json_object_get(report, "Source"),
			       "IP URL");
	return *own ? own : first_of(on, json_object_get(report, "Account"),
				     "AccountEmail AccountIdentifier");
}

static struct span find_original(struct xarfcheck *on, const json_t *samples)
{
	for (size_t i = 0; i < json_array_size(samples); i++) {
		const json_t *one = json_array_get(samples, i);
		const char *plain = xarfcheck_text(on, one, "Payload");
		bool is_coded = json_is_true(json_object_get(one,
							     "Base64Encoded"));

		if (strcmp(xarfcheck_text(on, one, "ContentType"),
			   "message/rfc822") == 0)
			return xarfcheck_payload(on, *plain ? plain :
				xarfcheck_text(on, one, "Data"),
				is_coded || !*plain);
	}
	return span_of(NULL, 0);
}

static void fill(struct xarfcheck *on, const json_t *reporter,
		 const json_t *report, struct xarf *out)
{
	const json_t *samples = json_object_get(report, "Samples");
	const char *at;

	out->reporter = first_of(on, reporter, "ReporterOrgEmail "
				 "ReporterContactEmail");
	at = strrchr(out->reporter, '@');
	out->reporter_domain = first_of(on, reporter, "ReporterOrgDomain");
	if (!*out->reporter_domain && at)
		out->reporter_domain = at + 1;
	out->org = first_of(on, reporter, "ReporterOrg ReporterContactName");
	out->source = source_of(on, report);
	out->timestamp = xarfcheck_text(on, report, "Date");
	out->sender = xarfcheck_text(on, report, "SmtpMailFromAddress");
	out->recipient = xarfcheck_text(on, report, "SmtpRcptToAddress");
	out->subject = xarfcheck_text(on, report, "SmtpMessageSubject");
	out->message_id = "";
	out->original = find_original(on, samples ? samples :
				      json_object_get(report, "Attachment"));
}

const char *xarf3_read(const json_t *report, struct arena *arena,
		       struct xarf *out)
{
	struct xarfcheck on = { .arena = arena, .version = "XARF 3" };
	const json_t *reporter = json_object_get(report, "ReporterInfo");
	const json_t *inner = json_object_get(report, "Report");
	const char *version = xarfcheck_text(&on, report, "Version");

	if (!xarfcheck_is_pattern("^3(\\.0){0,2}$", version))
		return "XARF: neither version 4 nor 3, the only ones that are "
		       "read";
	check_reporter(&on, reporter);
	check_complainant(&on, json_object_get(report, "OnBehalfOf"));
	check_internal(&on, json_object_get(report, "InternalProcessing"));
	if (!json_is_object(inner))
		xarfcheck_refuse(&on, "Report", "is missing, or no object");
	else if (version[1] == '.')
		check_report_30(&on, inner, out);
	else
		check_report(&on, inner, out);
	if (version[1] != '.' &&
	    !json_is_boolean(json_object_get(report, "Disclosure")))
		xarfcheck_refuse(&on, "Disclosure", "is missing, or neither "
				 "true nor false");
	if (!on.why)
		fill(&on, reporter, inner, out);
	return on.why;
}
