#include <config.h>

#include "sender/dmarccheck.h"

#include "catalog.h"
#include "unit/tap.h"

#include <stdio.h>
#include <string.h>

/* A domain's TXT; others do not exist. */
struct zone {
	const char *name, *txt;
};

static const struct dnsanswer *ask(void *asker, const char *name,
				   enum dns_type type)
{
	static GPtrArray *kept;
	const struct zone *zone = asker;

	if (!kept)
		kept = g_ptr_array_new_with_free_func(g_free);
	for (; zone->name; zone++) {
		g_autofree char *wire = NULL;
		struct span record;

		if (strcmp(zone->name, name) != 0)
			continue;
		if (!zone->txt)
			return dnsanswer_of(DNS_SERVFAIL);
		if (type != DNS_TXT)
			return dnsanswer_of(DNS_NODATA);
		wire = g_strdup_printf("%c%s", (char)strlen(zone->txt),
				       zone->txt);
		record = span_of(wire, strlen(zone->txt) + 1);
		g_ptr_array_add(kept, dnsanswer_new(DNS_FOUND, 60, &record,
						    1));
		return g_ptr_array_index(kept, kept->len - 1);
	}
	return dnsanswer_of(DNS_NXDOMAIN);
}

/*
 * What is judged: From, who SPF and DKIM prove ("?": if the body had been
 * looked at), and the answer.
 */
struct judged {
	const char *settings, *from, *spf, *dkim;
	struct zone zone[5];
	const char *want;	/* result tag published disposition domain */
};

static const struct judged cases[] = {
	{ "", "a@example.org", NULL, NULL, { { NULL, NULL } }, "none" },
	{ "", "a@example.org", "example.org", NULL,
	  { { "_dmarc.example.org", "v=DMARC1; p=reject" } }, "pass" },
	{ "", "a@example.org", "sub.example.org", NULL,
	  { { "_dmarc.example.org", "v=DMARC1; p=reject" } }, "pass" },
	{ "", "a@example.org", "sub.example.org", NULL,
	  { { "_dmarc.example.org", "v=DMARC1; p=reject; aspf=s" } },
	  "fail p reject reject" },
	{ "", "a@example.org", NULL, "sub.example.org",
	  { { "_dmarc.example.org", "v=DMARC1; p=reject" } }, "pass" },
	{ "", "a@example.org", NULL, "sub.example.org",
	  { { "_dmarc.example.org", "v=DMARC1; p=reject; adkim=s" } },
	  "fail p reject reject" },
	/* A public suffix proves nothing but itself. */
	{ "", "a@example.co.uk", NULL, "co.uk",
	  { { "_dmarc.example.co.uk", "v=DMARC1; p=reject" } },
	  "fail p reject reject" },
	{ "", "x@x.com", NULL, "evil.com",
	  { { "_dmarc.x.com", "v=DMARC1; p=reject" } },
	  "fail p reject reject" },
	/* sp=, np=, pct=, t=. */
	{ "", "a@s.example.org", NULL, NULL,
	  { { "_dmarc.example.org", "v=DMARC1; p=reject; sp=quarantine" },
	    { "s.example.org", "here" } }, "fail sp quarantine quarantine" },
	{ "", "a@s.example.org", NULL, NULL,
	  { { "_dmarc.example.org",
	      "v=DMARC1; p=none; sp=quarantine; np=reject" } },
	  "fail np reject reject" },
	{ "", "a@s.example.org", NULL, NULL,
	  { { "_dmarc.example.org",
	      "v=DMARC1; p=none; sp=quarantine; np=reject" },
	    { "s.example.org", "here" } }, "fail sp quarantine quarantine" },
	{ "", "a@example.org", NULL, NULL,
	  { { "_dmarc.example.org", "v=DMARC1; p=reject; pct=0" } },
	  "fail p reject quarantine sampled_out" },
	{ "", "a@example.org", NULL, NULL,
	  { { "_dmarc.example.org", "v=DMARC1; p=quarantine; t=y" } },
	  "fail p quarantine none other" },
	{ "", "a@s.example.org", NULL, NULL,
	  { { "_dmarc.s.example.org", "v=DMARC1; p=none" },
	    { "_dmarc.example.org", "v=DMARC1; p=reject" } },
	  "fail p none none" },
	/* A body that was not looked at. */
	{ "", "a@example.org", NULL, "?example.org",
	  { { "_dmarc.example.org", "v=DMARC1; p=reject" } },
	  "fail p reject quarantine other" },
	{ "", "a@example.org", NULL, "?other.example",
	  { { "_dmarc.example.org", "v=DMARC1; p=reject" } },
	  "fail p reject reject" },
	/* What is wrong behind p= is passed over. */
	{ "", "a@example.org", NULL, NULL,
	  { { "_dmarc.example.org", "v=DMARC1; p=reject; sp" } },
	  "fail p reject reject" },
	{ "", "a@example.org", NULL, NULL,
	  { { "_dmarc.example.org", "v=DMARC1; p=reject;; p=none; =; x y" } },
	  "fail p reject reject" },
	/* The domain's own answer is missing: the
	 * organisation's may be wrong. */
	{ "", "a@s.example.org", NULL, NULL,
	  { { "_dmarc.example.org", "v=DMARC1; p=reject" },
	    { "_dmarc.s.example.org", NULL } }, "temperror" },
	/* No answer, no verdict. */
	{ "", "a@example.org", NULL, NULL,
	  { { "_dmarc.example.org", NULL } }, "temperror" },
	/* Our settings. */
	{ "dmarc { enforce = quarantine }", "a@example.org", NULL, NULL,
	  { { "_dmarc.example.org", "v=DMARC1; p=reject" } },
	  "fail p reject quarantine local_policy" },
	{ "dmarc { enforce = none }", "a@example.org", NULL, NULL,
	  { { "_dmarc.example.org", "v=DMARC1; p=reject" } },
	  "fail p reject none local_policy" },
	{ "dmarc { exceptions = [example.org] }", "a@example.org", NULL, NULL,
	  { { "_dmarc.example.org", "v=DMARC1; p=reject" } },
	  "fail p reject none local_policy" },
	/* From: none, several, groups. */
	{ "", NULL, NULL, NULL, { { NULL, NULL } }, "permerror" },
	{ "", "undisclosed:;", NULL, NULL, { { NULL, NULL } }, "permerror" },
	{ "", "a@b.example, c@example.org", "b.example", NULL,
	  { { "_dmarc.b.example", "v=DMARC1; p=none" },
	    { "_dmarc.example.org", "v=DMARC1; p=reject" } },
	  "fail p reject reject" },
	{ "", "a@example.org, b", "example.org", NULL,
	  { { "_dmarc.example.org", "v=DMARC1; p=none" } }, "permerror" },
	{ "", "G: a@example.org;", "example.org", NULL,
	  { { "_dmarc.example.org", "v=DMARC1; p=reject" } }, "pass" },
	/* The tree walk of DMARCbis. */
	{ "dmarc { tree_walk = yes }", "a@a.b.example.org", "c.example.org",
	  NULL, { { "_dmarc.example.org", "v=DMARC1; p=reject" } }, "pass" },
	{ "dmarc { tree_walk = yes }", "a@a.b.example.org", "c.example.org",
	  NULL, { { "_dmarc.b.example.org", "v=DMARC1; p=reject; psd=n" },
		  { "_dmarc.example.org", "v=DMARC1; p=none" } },
	  "fail p reject reject" },
	{ "dmarc { tree_walk = yes }", "a@x.bank.example", "y.bank.example",
	  NULL, { { "_dmarc.bank.example", "v=DMARC1; p=reject" },
		  { "_dmarc.example", "v=DMARC1; p=none; psd=y" } }, "pass" },
	{ "dmarc { tree_walk = yes }", "a@one.example", "two.example", NULL,
	  { { "_dmarc.example", "v=DMARC1; p=reject; psd=y" } },
	  "fail p reject reject" },
	{ "dmarc { tree_walk = yes }",
	  "a@a.b.c.d.e.f.g.h.i.example.org", "example.org", NULL,
	  { { "_dmarc.example.org", "v=DMARC1; p=reject" } }, "pass" },
};

static void prove(struct transaction *tx, const struct judged *judged)
{
	struct auth_dkim dkim = {
		.result = AUTH_RESULT_PASS, .domain = judged->dkim,
	};

	if (judged->spf)
		tx->auth.spf = (struct auth_spf){
			.result = AUTH_RESULT_PASS, .scope = "mfrom",
			.domain = judged->spf,
		};
	if (judged->dkim && *judged->dkim == '?') {
		dkim.result = AUTH_RESULT_POLICY;
		dkim.domain++;
		dkim.is_unread = true;
	}
	if (judged->dkim)
		g_array_append_val(tx->auth.dkim, dkim);
}

static char *answer_of(const struct judged *judged)
{
	static const struct session_facts session = { .messages = 0 };
	struct dns_asker asker = { ask, (void *)judged->zone };
	g_autoptr(GError) why = NULL;
	struct settings *settings = settings_parse(
		"test", span_text(judged->settings), catalog, &why);
	struct transaction tx;
	struct from_facts from;
	const struct auth_dmarc *dmarc;
	GString *out = g_string_new(NULL);

	if (!settings)
		fail_msg("%s", why->message);
	transaction_init(&tx, settings, &session);
	snprintf(tx.id, sizeof tx.id, "0123456789ABC");
	if (judged->from)
		transaction_add_header(&tx, span_text("From"),
				       span_text(judged->from));
	prove(&tx, judged);
	from = dmarccheck_read_from(&tx);
	assert_true(dmarccheck_ask(&tx, &from, &asker));
	dmarccheck_judge(&tx, &from, &asker);
	dmarc = &tx.auth.dmarc;
	g_string_append(out, auth_result_word(dmarc->result));
	if (dmarc->result == AUTH_RESULT_FAIL)
		g_string_append_printf(out, " %s %s %s%s%s", dmarc->tag,
			dmarc_policy_word(dmarc->published),
			dmarc_policy_word(dmarc->disposition),
			dmarc->override ? " " : "", dmarc->override ?: "");
	transaction_release(&tx);
	settings_unref(settings);
	return g_string_free(out, FALSE);
}

static void each_has_its_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		g_autofree char *got = answer_of(&cases[i]);

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%zu: From %s, SPF %s, DKIM %s, %s: %s, "
				 "not %s", i, cases[i].from, cases[i].spf,
				 cases[i].dkim, cases[i].zone[0].txt, got,
				 cases[i].want);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(each_has_its_answer),
};

TAP_MAIN(tests)
