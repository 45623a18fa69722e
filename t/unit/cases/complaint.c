#include <config.h>

#include "cases/complaint.h"

#include "cases/complaintkind.h"

#include "catalog.h"
#include "unit/shared.h"
#include "unit/tap.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* A complaint, as a test sees it. */
struct bench {
	struct settings *settings;
	struct transaction tx;
	struct complaint got;
	enum complaint_refusal refusal;
	const char *why;
};

static void take(struct bench *bench, struct span bytes)
{
	static const struct session_facts session = { .messages = 0 };

	bench->settings = settings_parse("test", span_text(""), catalog, NULL);
	assert_non_null(bench->settings);
	transaction_init(&bench->tx, bench->settings, &session);
	bench->refusal = complaint_read(&bench->tx, bytes, &bench->got,
					&bench->why);
}

static void leave(struct bench *bench)
{
	transaction_release(&bench->tx);
	settings_unref(bench->settings);
}

#define ORIGINAL \
	"Received: from pc (pc [192.0.2.7]) by mx.example.org with ESMTP id Q1234;\n" \
	"\tMon, 23 Nov 2026 10:00:00 +0000\n" \
	"From: <s@example.org>\nTo: <r@example.net>\nSubject: Buy\n" \
	"Message-ID: <1@example.org>\n\nBuy.\n"

#define XARF_3(type, rest) \
	"{\"Version\":\"3\",\"Disclosure\":true,\"ReporterInfo\":{\"ReporterOrg\":" \
	"\"Anybody\",\"ReporterOrgDomain\":\"example.net\",\"ReporterOrgEmail\":" \
	"\"r@example.net\"},\"Report\":{\"ReportClass\":\"Activity\"," \
	"\"ReportType\":\"" type "\",\"" rest "\"}}"
#define XARF_4(rest) \
	"{\"xarf_version\":\"4.0.0\",\"report_id\":" \
	"\"00000000-0000-0000-0000-000000000000\",\"timestamp\":" \
	"\"2026-11-23T10:00:00Z\",\"reporter\":{\"org\":\"A\",\"contact\":" \
	"\"r@example.net\",\"domain\":\"example.net\"},\"sender\":{\"org\":" \
	"\"A\",\"contact\":\"r@example.net\",\"domain\":\"example.net\"}," \
	"\"source_identifier\":\"192.0.2.7\",\"category\":\"messaging\"," \
	"\"type\":\"spam\"," rest "}"

static const struct {
	const char *mail;
	const char *want;	/* refusal, or form kind sender id reporter */
} mails[] = {
	{ "From: p@example.net\nSubject: spam\n\nSee:\n\n" ORIGINAL,
	  "forwarded abuse s@example.org 1@example.org example.net" },
	{ "From: p@example.net\nSubject: spam\n\n> Received: from a ([192.0.2.7])"
	  "\n>  by b with SMTP id Q1234; Mon, 23 Nov 2026 10:00:00 +0000\n"
	  "> From: s@example.org\n> Message-ID: <1@x>\n>\n> Buy\n",
	  "forwarded abuse s@example.org 1@x example.net" },
	{ "From: p@example.net\n\nReceived: from a (a [192.0.2.7]) by b\n"
	  " With SMTP\nFrom: s@x\nMessage-ID: <2@x>\n\nBuy\n",
	  "forwarded abuse s@x 2@x example.net" },
	{ "From: p@example.net\n\nYour user sends spam.\n",
	  "there is no report in it, and no original with its header" },
	{ "From: p@example.net\nAuto-Submitted: auto-replied\n\n" ORIGINAL,
	  "an automatic answer" },
	{ "From: MAILER-DAEMON@example.net\n\n" ORIGINAL,
	  "tells of a delivery, and complains of nothing" },
	{ "From: a@example.net\nReturn-Path: <>\n\n" ORIGINAL,
	  "tells of a delivery, and complains of nothing" },
	{ "From: fbl@example.net\nContent-Type: multipart/mixed; boundary=b\n\n"
	  "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: fraud\n"
	  "Original-Rcpt-To: redacted@example.net\n--b\n"
	  "Content-Type: message/rfc822\n\n" ORIGINAL "--b--\n",
	  "arf fraud s@example.org 1@example.org example.net" },
	{ "From: fbl@example.net\nContent-Type: multipart/report; boundary=b\n\n"
	  "--b\nContent-Type: message/feedback-report\n\nVersion: 1\n--b--\n",
	  "a feedback report without Feedback-Type, and no original" },
	{ "{\"xarf_version\":\"4.0\"}", "XARF: xarf_version is neither 4.x.y "
	  "nor a report of version 3" },
	{ "From: a@example.net\n\n{\"Version\":\"2\",\"ReporterInfo\":{}}\n",
	  "XARF: neither version 4 nor 3, the only ones that are read" },
	{ "From: a@example.net\n\n{\"Version\":\"3\",\"ReporterInfo\":{}}\n",
	  "XARF 3: Report is missing, or no object" },
	{ XARF_3("Spam", "Date\":\"yesterday"),
	  "XARF 3: Date is no time of RFC 3339" },
	{ XARF_3("Spam", "Date\":\"2026-11-23T10:00:00Z"),
	  "XARF 3: SourceIp is missing" },
	{ XARF_3("DoesNotExist", "Date\":\"2026-11-23T10:00:00Z"),
	  "XARF 3: ReportType is none of its ReportClass" },
	{ XARF_3("Spam", "Date\":\"2026-11-23T10:00:00Z\",\"SourceIp\":\"192.0.2.7\","
	  "\"SmtpMailFromAddress\":\"s@example.org\",\"Samples\":[{\"ContentType\":"
	  "\"message/rfc822\",\"Payload\":\"Message-ID: <5@example.org>\\n\"}],"
	  "\"ReportSubType\":\"Trap"),
	  "xarf messaging/spam s@example.org 5@example.org example.net" },
	{ "{\"Version\":\"3.0.0\",\"ReporterInfo\":{\"ReporterOrg\":\"Anybody\","
	  "\"ReporterOrgEmail\":\"r@example.net\"},\"Report\":{\"ReportClass\":"
	  "\"Content\",\"ReportType\":\"Phishing\",\"Date\":"
	  "\"2026-11-23T10:00:00Z\",\"Source\":{\"IP\":\"192.0.2.7\"}}}",
	  "xarf content/phishing   example.net" },
	{ XARF_4("\"protocol\":\"smtp\""), "XARF: smtp_from is missing" },
	{ XARF_4("\"protocol\":\"smtp\",\"smtp_from\":\"s@example.org\""),
	  "XARF: source_port is missing" },
	{ XARF_4("\"protocol\":\"sms\""), "xarf messaging/spam   example.net" },
};

static void mails_are_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(mails); i++) {
		struct bench bench;
		g_autofree char *got = NULL;

		take(&bench, span_text(mails[i].mail));
		got = bench.refusal ? g_strdup(bench.why) : g_strdup_printf(
			"%s %s %s %s %s", complaint_form_word(bench.got.form),
			bench.got.kind, bench.got.sender, bench.got.message_id,
			bench.got.reporter_domain);
		if (strcmp(got, mails[i].want) != 0)
			fail_msg("%zu: %s, not %s", i, got, mails[i].want);
		leave(&bench);
	}
}

static void an_original_tells_its_way(void **state)
{
	struct bench bench;
	char text[NETADDR_TEXT_MAX];

	(void)state;
	take(&bench, span_text(mails[0].mail));
	assert_int_equal(bench.got.hop_count, 1);
	assert_string_equal(netaddr_format(&bench.got.hops[0], text),
			    "192.0.2.7");
	assert_int_equal(bench.got.queue_id_count, 1);
	assert_string_equal(bench.got.queue_ids[0], "Q1234");
	assert_string_equal(bench.got.recipient, "r@example.net");
	assert_string_equal(bench.got.subject, "Buy");
	assert_false(bench.got.is_redacted);
	leave(&bench);
	take(&bench, span_text(mails[7].mail));
	assert_true(bench.got.is_redacted);
	assert_int_equal(bench.got.flaws, COMPLAINT_FLAW_TYPE |
					  COMPLAINT_FLAW_FIELDS);
	leave(&bench);
}

static void local_mail_has_a_queue_id_too(void **state)
{
	struct bench bench;

	(void)state;
	take(&bench, span_text(
		"From: p@example.net\n\nReceived: by mx.example.org (Postfix, "
		"from userid 33)\n\tid 4abcDEF; Mon, 23 Nov 2026 10:00:00 +0000\n"
		"Received: by nobody\nFrom: s@x\n\nBuy\n"));
	assert_int_equal(bench.refusal, COMPLAINT_READ);
	assert_int_equal(bench.got.queue_id_count, 1);
	assert_string_equal(bench.got.queue_ids[0], "4abcDEF");
	assert_int_equal(bench.got.hop_count, 0);
	leave(&bench);
}

static const char *first_of(const json_t *fields, const char *name)
{
	const char *text = json_string_value(json_array_get(
		json_object_get(fields, name), 0));

	return text ? text : "";
}

static void check_arf(const char *name, const json_t *facts)
{
	const json_t *fields = json_object_get(facts, "feedback_report");
	g_autofree char *path = g_build_filename("arf", name, NULL);
	g_autofree char *mail = shared_text(path);
	const char *source = first_of(fields, "Source-IP");
	char text[NETADDR_TEXT_MAX];
	struct bench bench;

	assert_non_null(mail);
	take(&bench, span_text(mail));
	if (bench.refusal)
		fail_msg("%s: %s", name, bench.why);
	if (json_is_true(json_object_get(facts, "is_rfc5965")) !=
	    (bench.got.form == COMPLAINT_ARF &&
	     !(bench.got.flaws & (COMPLAINT_FLAW_MARK | COMPLAINT_FLAW_TYPE))))
		fail_msg("%s: form %u, flaws %u", name, bench.got.form,
			 bench.got.flaws);
	if (fields && strcmp(bench.got.kind,
			     first_of(fields, "Feedback-Type")) != 0)
		fail_msg("%s: kind %s", name, bench.got.kind);
	if (fields && strcmp(bench.got.agent,
			     first_of(fields, "User-Agent")) != 0)
		fail_msg("%s: agent %s", name, bench.got.agent);
	if (*source && strcmp(netaddr_format(&bench.got.source, text),
			      source) != 0)
		fail_msg("%s: source %s", name, text);
	if (json_is_true(json_object_get(facts, "has_original")) &&
	    !bench.got.original.len)
		fail_msg("%s: no original", name);
	leave(&bench);
}

/* All of data/arf, against what Python's email package reads. */
static void reports_of_the_wild_are_read(void **state)
{
	g_autofree char *table = shared_text("arf/cases.json");
	json_t *all = table ? json_loads(table, 0, NULL) : NULL;

	(void)state;
	if (!table)
		print_message("# no shared data\n");
	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *one = json_array_get(all, i);

		check_arf(json_string_value(json_object_get(one, "file")),
			  json_object_get(one, "facts"));
	}
	json_decref(all);
}

static void check_xarf(const char *file, bool is_valid)
{
	g_autofree char *path = g_build_filename("xarf", file, NULL);
	g_autofree char *text = shared_text(path);
	struct bench bench;

	assert_non_null(text);
	take(&bench, span_text(text));
	if ((bench.refusal == COMPLAINT_READ) != is_valid)
		fail_msg("%s: %s", file, bench.why ? bench.why : "taken");
	/* And for a reason that names a field, or that it is no JSON. */
	if (!is_valid && (!bench.why || !g_str_has_prefix(bench.why, "XARF")))
		fail_msg("%s: %s", file, bench.why);
	leave(&bench);
}

/* All of the manifest: of version 4, and of version 3 in both of its forms. */
static void xarf_samples_are_told_apart(void **state)
{
	g_autofree char *table = shared_text("xarf/manifest.tsv");
	g_auto(GStrv) lines = g_strsplit(table ? table : "", "\n", -1);

	(void)state;
	for (guint i = 1; lines[0] && lines[i] && *lines[i]; i++) {
		g_auto(GStrv) cells = g_strsplit(lines[i], "\t", -1);

		check_xarf(cells[0], g_str_has_prefix(cells[2], "valid"));
	}
}

static void its_type_is_the_kind_of_the_case(void **state)
{
	static const struct { const char *type; enum case_kind kind; }
	types[] = {
		{ "abuse", CASE_KIND_SPAM },	/* RFC 5965, 7.3 */
		{ "fraud", CASE_KIND_FORGED_SENDER },
		{ "Virus", CASE_KIND_VIRUS },
		{ "other", CASE_KIND_SPAM },
		{ "not-spam", CASE_KIND_NONE },	/* RFC 6430 */
		{ "auth-failure", CASE_KIND_NONE },	/* RFC 6591 */
		{ "messaging/spam", CASE_KIND_SPAM },	/* XARF */
		{ "messaging/bulk_messaging", CASE_KIND_SPAM },
		{ "content/phishing", CASE_KIND_FORGED_SENDER },
		{ "content/malware", CASE_KIND_VIRUS },
		{ "content/csam", CASE_KIND_HARMFUL },
		{ "content/exposed_data", CASE_KIND_SPAM },
		{ "connection/port_scan", CASE_KIND_ATTACK },
		{ "connection/infected_host", CASE_KIND_VIRUS },
		{ "infrastructure/botnet", CASE_KIND_ATTACK },
		{ "infrastructures/x", CASE_KIND_SPAM },
		{ "open-relay", CASE_KIND_OPEN_RELAY },	/* ours */
		{ "harmful", CASE_KIND_HARMFUL },
		{ "", CASE_KIND_SPAM },
		{ "none", CASE_KIND_SPAM },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
		if (complaintkind_of(types[i].type) != types[i].kind)
			fail_msg("%s: %s", types[i].type,
				 case_kind_word(complaintkind_of(
					types[i].type)));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(its_type_is_the_kind_of_the_case),
	cmocka_unit_test(mails_are_told_apart),
	cmocka_unit_test(an_original_tells_its_way),
	cmocka_unit_test(local_mail_has_a_queue_id_too),
	cmocka_unit_test(reports_of_the_wild_are_read),
	cmocka_unit_test(xarf_samples_are_told_apart),
};

TAP_MAIN(tests)
