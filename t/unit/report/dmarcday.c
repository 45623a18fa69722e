#include <config.h>

#include "report/dmarcday.h"

#include "report/dmarcxml.h"
#include "unit/store/sample.h"

#include <libxml/parser.h>

/* A message as its record has it; what is 0 is as usual. */
struct mail {
	const char *client, *sender, *from, *policy_at;
	struct auth_dmarc dmarc;
	enum auth_result spf, dkim;
	enum action action;
	bool is_monitored, is_aborted, has_no_wish;
};

static void put_auth(struct transaction *tx, const struct mail *mail)
{
	struct auth_dkim dkim = {
		.result = mail->dkim, .domain = "d.example",
		.selector = "s1",
	};

	tx->auth.dmarc = mail->dmarc;
	tx->auth.dmarc.domain = mail->from ?: "d.example";
	tx->auth.dmarc.record_domain = mail->policy_at ?: "d.example";
	tx->auth.dmarc.tag = mail->dmarc.tag ?: "p";
	tx->auth.dmarc.published = mail->dmarc.published ?: DMARC_POLICY_NONE;
	tx->auth.dmarc.has_reports = !mail->has_no_wish;
	if (!mail->dmarc.result)
		tx->auth.dmarc.result = AUTH_RESULT_FAIL;
	if (!mail->dmarc.percent)
		tx->auth.dmarc.percent = 100;
	tx->auth.spf = (struct auth_spf){
		.result = mail->spf ?: AUTH_RESULT_NONE, .scope = "mfrom",
		.domain = tx->sender.domain_ascii,
	};
	if (mail->dkim)
		g_array_append_val(tx->auth.dkim, dkim);
}

static struct packed_record *pack(const struct sample *sample,
				  const struct mail *mail)
{
	struct session_facts session = { .messages = 1 };
	struct packed_record *packed;
	struct transaction tx;

	assert_true(netaddr_parse(span_text(mail->client ?: "192.0.2.1"),
				  &session.client.addr));
	transaction_init(&tx, sample->settings, &session);
	record_id_new(tx.id);
	tx.began_us = tx.ended_us = 1;
	tx.direction = DIRECTION_INBOUND;
	tx.ending = mail->is_aborted ? ENDING_ABORTED : ENDING_COMPLETE;
	tx.is_enforced = !mail->is_monitored;
	tx.sender = mailaddr_parse(span_text(mail->sender ?:
					     "<a@d.example>"), &tx.arena);
	tx.outcome.action = mail->action ?: ACTION_ACCEPT;
	put_auth(&tx, mail);
	packed = recordform_pack_message(&tx);
	transaction_release(&tx);
	return packed;
}

static struct sample sample;
static struct dmarcday *day;

static void begin(size_t rows, size_t day_rows)
{
	sample_begin(&sample, "");
	day = dmarcday_new(rows, day_rows);
}

static void end(void)
{
	dmarcday_free(day);
	sample_end(&sample);
}

static void add(const struct mail *mail)
{
	struct packed_record *packed = pack(&sample, mail);
	const Reeve__Record *record;
	struct arena arena;

	arena_init(&arena);
	record = recordview_unpack(span_of((const char *)packed->bytes,
					   packed->len), &arena);
	assert_non_null(record);
	dmarcday_add(day, record);
	arena_release(&arena);
	recordform_free(packed);
}

/* Of one report its rows, in short. */
static char *rows_of(const struct dmarcday_report *report)
{
	GString *out = g_string_new(NULL);
	char source[NETADDR_TEXT_MAX];

	for (guint i = 0; i < report->rows->len; i++) {
		const struct dmarcday_row *row = report->rows->pdata[i];

		g_string_append_printf(out, "%s %u %s%s%s%s%s\n",
			netaddr_format(&row->source, source),
			(unsigned)row->count,
			dmarc_policy_word(row->disposition),
			row->is_dkim_aligned ? " dkim" : "",
			row->is_spf_aligned ? " spf" : "",
			row->override ? " " : "", row->override ?: "");
	}
	return g_string_free(out, FALSE);
}

/* The rows of the only report. */
static void expect(const char *want)
{
	g_autoptr(GPtrArray) reports = dmarcday_reports(day);
	g_autofree char *got = reports->len == 1 ?
			       rows_of(reports->pdata[0]) : g_strdup("");

	if (strcmp(got, want) != 0)
		fail_msg("%s, not %s", got, want);
}

static void counts_what_is_alike(void **unused)
{
	(void)unused;
	begin(100, 100);
	for (int i = 0; i < 3; i++)
		add(&(struct mail){ .spf = AUTH_RESULT_PASS, .dmarc = {
			.is_spf_aligned = true } });
	add(&(struct mail){ .client = "2001:db8::7", .dkim = AUTH_RESULT_PASS,
			    .dmarc = { .is_dkim_aligned = true } });
	add(&(struct mail){ .client = "192.0.2.2" });
	add(&(struct mail){ .client = "192.0.2.2", .sender = "<>" });
	add(&(struct mail){ .client = "192.0.2.2", .sender = "<>" });
	expect("192.0.2.1 3 none spf\n192.0.2.2 2 none\n192.0.2.2 1 none\n"
	       "2001:db8::7 1 none dkim\n");
	end();
}

#define DEMANDS(what) .dmarc = { .published = DMARC_POLICY_REJECT, \
	.disposition = DMARC_POLICY_##what }

static void tells_what_was_done(void **unused)
{
	static const struct { struct mail mail; const char *want; } cases[] = {
		{ { DEMANDS(REJECT), .action = ACTION_REJECT }, "reject" },
		{ { DEMANDS(REJECT), .action = ACTION_QUARANTINE },
		  "quarantine local_policy" },
		{ { DEMANDS(REJECT), .action = ACTION_TAG },
		  "none local_policy" },
		{ { DEMANDS(REJECT), .action = ACTION_REJECT,
		    .is_monitored = true }, "none local_policy" },
		{ { DEMANDS(QUARANTINE), .action = ACTION_REJECT },
		  "quarantine" },
		{ { .action = ACTION_REJECT }, "none" },
		{ { .dmarc = { .disposition = DMARC_POLICY_NONE, .override =
			"trusted_forwarder", .reason = "ARC" } },
		  "none trusted_forwarder" },
		{ { .dmarc = { .override = "made up" } }, "none other" },
		{ { .dmarc = { .result = AUTH_RESULT_TEMPERROR } },
		  "none other" },
	};

	(void)unused;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		g_autofree char *want = g_strdup_printf("192.0.2.1 1 %s\n",
							cases[i].want);

		begin(10, 10);
		add(&cases[i].mail);
		expect(want);
		end();
	}
}

static void leaves_out_what_is_none(void **unused)
{
	(void)unused;
	begin(10, 10);
	add(&(struct mail){ .action = ACTION_DEFER });
	add(&(struct mail){ .is_aborted = true });
	add(&(struct mail){ .has_no_wish = true });
	add(&(struct mail){ .policy_at = "../../etc/x" });
	add(&(struct mail){ .policy_at = ".example" });
	expect("");
	end();
}

static void keeps_to_its_limits(void **unused)
{
	g_autoptr(GPtrArray) reports = NULL;
	const struct dmarcday_report *report;

	(void)unused;
	begin(3, 5);
	for (int i = 0; i < 12; i++) {
		g_autofree char *client = g_strdup_printf("192.0.2.%d", i / 2);

		add(&(struct mail){ .client = client });
		add(&(struct mail){ .client = client, .policy_at =
				    "z.example", .from = "z.example" });
	}
	reports = dmarcday_reports(day);
	assert_int_equal(reports->len, 2);
	report = reports->pdata[0];
	assert_string_equal(report->domain, "d.example");
	assert_int_equal(report->rows->len, 3);
	assert_int_equal(report->messages, 12);
	assert_int_equal(report->left_out, 6);
	report = reports->pdata[1];
	assert_int_equal(report->rows->len, 2);
	assert_int_equal(report->left_out, 8);
	end();
}

static char *text_at(xmlNodePtr node, const char *name)
{
	for (xmlNodePtr at = node->children; at; at = at->next)
		if (strcmp((const char *)at->name, name) == 0)
			return (char *)xmlNodeGetContent(at);
	return NULL;
}

/* Newest first: the first one seen tells the policy. */
static void is_good_xml(void **unused)
{
	const struct dmarcsettings *settings;
	g_autoptr(GPtrArray) reports = NULL;
	g_autofree char *text = NULL;
	xmlNodePtr policy;
	xmlDocPtr doc;

	(void)unused;
	begin(1, 10);
	settings = dmarcsettings_of(sample.settings);
	add(&(struct mail){ .from = "\"<]]>&\x01\xff\xef\xbf\xbf", .dmarc = {
		.tag = "sp", .published = DMARC_POLICY_QUARANTINE,
		.policy = DMARC_POLICY_REJECT,
		.sub_policy = DMARC_POLICY_QUARANTINE, .percent = 20,
		.is_spf_strict = true, .failure_options = DMARC_OPTION_ANY |
		DMARC_OPTION_SPF, .reason = "<&", .override = "other" } });
	add(&(struct mail){ .client = "192.0.2.7" });
	reports = dmarcday_reports(day);
	text = dmarcxml_format(reports->pdata[0], 20000, settings);
	doc = xmlReadMemory(text, (int)strlen(text), "r", NULL, 0);
	assert_non_null(doc);
	policy = xmlDocGetRootElement(doc)->children;
	while (strcmp((const char *)policy->name, "policy_published") != 0)
		policy = policy->next;
	static const struct { const char *name, *want; } wants[] = {
		{ "domain", "d.example" }, { "adkim", "r" }, { "aspf", "s" },
		{ "p", "reject" }, { "sp", "quarantine" }, { "pct", "20" },
		{ "fo", "1:s" },
	};
	for (size_t i = 0; i < COUNT_OF(wants); i++) {
		char *got = text_at(policy, wants[i].name);

		assert_string_equal(got, wants[i].want);
		xmlFree(got);
	}
	assert_non_null(strstr(text, "1 of 2 messages are left out"));
	assert_non_null(strstr(text, "&lt;]]&gt;&amp;?"));
	xmlFreeDoc(doc);
	end();
}

static void has_an_id_that_stays(void **unused)
{
	char a[DMARC_REPORT_ID_MAX], b[DMARC_REPORT_ID_MAX];

	(void)unused;
	assert_string_equal(dmarcxml_id(20000, "d.example", a),
			    dmarcxml_id(20000, "d.example", b));
	assert_string_not_equal(a, dmarcxml_id(20001, "d.example", b));
	assert_string_not_equal(a, dmarcxml_id(20000, "e.example", b));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(counts_what_is_alike),
	cmocka_unit_test(tells_what_was_done),
	cmocka_unit_test(leaves_out_what_is_none),
	cmocka_unit_test(keeps_to_its_limits),
	cmocka_unit_test(is_good_xml),
	cmocka_unit_test(has_an_id_that_stays),
};

TAP_MAIN(tests)
