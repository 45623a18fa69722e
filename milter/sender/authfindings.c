#include <config.h>

#include "sender/authfindings.h"

#include "resolver/inquiry.h"
#include "sender/logins.h"
#include "sender/sendersettings.h"

#include <string.h>

static struct finding *add(struct transaction *tx, const char *symbol,
			   double score, const char *detail)
{
	struct finding *finding = transaction_find(tx, symbol, "%s",
						   detail ? detail : "");

	finding->score = score;
	return finding;
}

static void demand(struct finding *finding, enum action action, int code,
		   const char *enhanced, const char *text)
{
	finding->demand = action;
	finding->code = code;
	finding->enhanced = enhanced;
	finding->text = text;
}

static void add_spf(struct transaction *tx, const struct auth_spf *spf,
		    bool is_helo)
{
	static const struct {
		enum auth_result result;
		const char *symbol, *helo_symbol;
		double score, helo_score;
	} of[] = {
		{ AUTH_RESULT_FAIL, "SPF_FAIL", "SPF_HELO_FAIL", 3.0, 1.5 },
		{ AUTH_RESULT_SOFTFAIL, "SPF_SOFTFAIL", "SPF_HELO_SOFTFAIL",
		  1.5, 0.5 },
		{ AUTH_RESULT_PERMERROR, "SPF_PERMERROR",
		  "SPF_HELO_PERMERROR", 0.5, 0.2 },
		{ AUTH_RESULT_TEMPERROR, "SPF_TEMPERROR",
		  "SPF_HELO_TEMPERROR", 0, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(of); i++)
		if (spf->result == of[i].result)
			transaction_find(tx, is_helo ? of[i].helo_symbol :
					 of[i].symbol, "%s: %s", spf->domain,
					 spf->explanation ? spf->explanation :
					 spf->reason ? spf->reason :
					 spf->mechanism)->score =
				is_helo ? of[i].helo_score : of[i].score;
}

static void add_dkim(struct transaction *tx)
{
	static const struct {
		enum auth_result result;
		const char *symbol;
		double score;
	} of[] = {
		{ AUTH_RESULT_FAIL, "DKIM_FAIL", 0.5 },
		{ AUTH_RESULT_POLICY, "DKIM_WEAK", 0.5 },
		{ AUTH_RESULT_PERMERROR, "DKIM_PERMERROR", 0.2 },
		{ AUTH_RESULT_TEMPERROR, "DKIM_TEMPERROR", 0 },
	};

	for (guint i = 0; i < tx->auth.dkim->len; i++) {
		const struct auth_dkim dkim = g_array_index(
			tx->auth.dkim, struct auth_dkim, i);
		const char *domain = dkim.domain ? dkim.domain : "no domain";

		for (size_t j = 0; j < COUNT_OF(of); j++)
			if (dkim.result == of[j].result && !dkim.is_testing)
				transaction_find(tx, of[j].symbol, "%s: %s",
					domain, dkim.reason ?: "")->score =
					of[j].score;
		if (dkim.is_partial && dkim.result == AUTH_RESULT_PASS)
			transaction_find(tx, "DKIM_PARTIAL",
				"%s leaves some of the body unsigned",
				domain)->score = 1.0;
		if (dkim.added && dkim.result == AUTH_RESULT_PASS)
			transaction_find(tx, "DKIM_HEADER_ADDED",
				"%s has signed fewer fields %s than there are",
				domain, dkim.added)->score = 2.0;
	}
}

static void enforce(struct transaction *tx, const struct auth_dmarc *dmarc)
{
	struct finding *finding = transaction_find(
		tx, "DMARC_FAIL", "%s: %s=%s%s%s", dmarc->domain, dmarc->tag,
		dmarc_policy_word(dmarc->published),
		dmarc->override ? ", override: " : "",
		dmarc->override ? dmarc->reason : "");

	finding->score = dmarc->override &&
			 strcmp(dmarc->override, "trusted_forwarder") == 0 ?
			 0 : 1.5;
	if (dmarc->disposition == DMARC_POLICY_REJECT)
		demand(finding, ACTION_REJECT, 550, "5.7.1", "the DMARC "
		       "policy of the domain in From refuses this message");
	else if (dmarc->disposition == DMARC_POLICY_QUARANTINE)
		demand(finding, ACTION_QUARANTINE, 0, NULL, NULL);
	else if (dmarc->published > DMARC_POLICY_NONE &&
		 sender_settings_of(tx->settings)->dmarc.enforce ==
		 DMARC_ENFORCE_TAG && finding->score > 0)
		demand(finding, ACTION_TAG, 0, NULL, NULL);
}

static void add_dmarc(struct transaction *tx)
{
	const struct auth_dmarc *dmarc = &tx->auth.dmarc;
	struct finding *finding;

	switch (dmarc->result) {
	case AUTH_RESULT_FAIL:
		enforce(tx, dmarc);
		break;
	case AUTH_RESULT_PERMERROR:
		add(tx, "DMARC_PERMERROR", 0, dmarc->reason);
		break;
	case AUTH_RESULT_TEMPERROR:
		finding = add(tx, "DMARC_TEMPERROR", 0, dmarc->reason);
		if (sender_settings_of(tx->settings)->on_temperror ==
		    ON_TEMPERROR_DEFER)
			demand(finding, ACTION_DEFER, 451, "4.7.5",
			       "the DNS does not answer, so that the sender "
			       "cannot be proved; try again later");
		break;
	default:
		break;
	}
}

void authfindings_add(struct transaction *tx)
{
	const struct auth_arc *arc = &tx->auth.arc;

	add_spf(tx, &tx->auth.spf, !tx->auth.spf.scope ||
		strcmp(tx->auth.spf.scope, "helo") == 0);
	if (!tx->sender.is_null)
		add_spf(tx, &tx->auth.helo, true);
	add_dkim(tx);
	add_dmarc(tx);
	if (arc->result == AUTH_RESULT_FAIL)
		add(tx, "ARC_FAIL", 0.2, arc->reason);
	if (inquiry_is_exhausted(tx->inquiry))
		transaction_find(tx, "LIMIT_DNS", "resolver.budget or "
				 "resolver.questions were not enough");
}

static void add_mismatch(struct transaction *tx, const char *symbol,
			 const char *sender)
{
	struct finding *finding = transaction_find(
		tx, symbol, "account %s sends as %s", tx->client.login,
		sender);

	finding->score = 5.0;
	if (sender_settings_of(tx->settings)->login_mismatch ==
	    MISMATCH_REJECT)
		demand(finding, ACTION_REJECT, 553, "5.7.1",
		       "this account may not send as that address");
}

static bool is_login_checked(const struct transaction *tx)
{
	const struct sender_settings *settings =
		sender_settings_of(tx->settings);

	return tx->client.login && settings->login_mismatch != MISMATCH_OFF &&
	       !logins_is_empty(settings->logins);
}

static bool may_send(const struct transaction *tx,
		     const struct mailaddr *sender)
{
	return logins_may_send(sender_settings_of(tx->settings)->logins,
			       tx->client.login, sender);
}

/* A bounce of a user's program has no sender: its From still counts. */
void authfindings_check_login(struct transaction *tx)
{
	if (is_login_checked(tx) && !tx->sender.is_null &&
	    !may_send(tx, &tx->sender))
		add_mismatch(tx, "LOGIN_ENVELOPE",
			     mailaddr_format(&tx->sender, &tx->arena));
}

void authfindings_check_author(struct transaction *tx,
			       const struct from_facts *from)
{
	if (!is_login_checked(tx))
		return;
	for (size_t i = 0; i < from->list.count; i++)
		if (!may_send(tx, &from->list.boxes[i].addr)) {
			add_mismatch(tx, "LOGIN_FROM", mailaddr_format(
				&from->list.boxes[i].addr, &tx->arena));
			return;
		}
	if (from->fields > 1 || from->has_more)
		add_mismatch(tx, "LOGIN_FROM", "several From fields, or more "
			     "addresses than are looked at");
}
