#include <config.h>

#include "bulk/greycheck.h"

#include "base/clock.h"
#include "bulk/bulk.h"
#include "bulk/greysettings.h"

#include <string.h>

#define NETWORK_BITS4 120	/* /24 */
#define NETWORK_BITS6 64

static bool is_like(const char *pattern, const char *symbol)
{
	size_t len = strlen(pattern);

	return len && pattern[len - 1] == '*' ?
	       strncmp(pattern, symbol, len - 1) == 0 :
	       strcmp(pattern, symbol) == 0;
}

/* What speaks for it, as a list of the good does, makes nobody suspicious. */
static bool has_finding(const struct transaction *tx, const char *pattern)
{
	for (guint i = 0; i < tx->findings->len; i++) {
		const struct finding *one = &g_array_index(
			tx->findings, struct finding, i);

		if (one->score >= 0 && is_like(pattern, one->symbol))
			return true;
	}
	return false;
}

static bool is_suspicious(const struct transaction *tx,
			  const struct grey_settings *settings)
{
	double sum = 0;

	for (guint k = 0; k < settings->findings->len; k++) {
		const char *pattern = g_ptr_array_index(settings->findings, k);

		if (strcmp(pattern, "*") == 0 || has_finding(tx, pattern))
			return true;
	}
	for (guint i = 0; i < tx->findings->len; i++)
		sum += g_array_index(tx->findings, struct finding, i).score;
	return settings->score > 0 && sum > settings->score;
}

/* Somebody decided already, one way or the other. */
static bool is_settled(const struct transaction *tx)
{
	for (guint i = 0; i < tx->findings->len; i++) {
		enum action demand = g_array_index(tx->findings,
			struct finding, i).demand;

		if (demand == ACTION_ACCEPT || demand == ACTION_REJECT ||
		    demand == ACTION_DISCARD)
			return true;
	}
	return false;
}

/* NULL: nobody proves who it is. */
static const char *proven_domain(const struct transaction *tx)
{
	if (tx->auth.dmarc.result == AUTH_RESULT_PASS &&
	    tx->auth.dmarc.domain)
		return tx->auth.dmarc.domain;
	for (guint i = 0; tx->auth.dkim && i < tx->auth.dkim->len; i++) {
		const struct auth_dkim *one = &g_array_index(
			tx->auth.dkim, struct auth_dkim, i);

		if (one->result == AUTH_RESULT_PASS && one->domain)
			return one->domain;
	}
	return tx->auth.spf.result == AUTH_RESULT_PASS ? tx->auth.spf.domain :
	       NULL;
}

static const char *network_of(struct transaction *tx)
{
	const struct netaddr *addr = &tx->client.addr;
	struct network network = network_around(addr,
		addr->family == NETADDR_IP4 ? NETWORK_BITS4 : NETWORK_BITS6);
	char text[NETADDR_TEXT_MAX];

	return arena_text(&tx->arena, network_format(&network, text));
}

static void tell(struct transaction *tx, const char *key, int64_t frees_us,
		 int64_t now_us)
{
	struct finding *finding = transaction_find(tx, "GREYLISTED", "%s", key);
	int64_t seconds = MAX(1, (frees_us - now_us + 999999) / 1000000);

	finding->demand = ACTION_DEFER;
	finding->code = 451;
	finding->enhanced = "4.7.1";
	finding->text = arena_printf(&tx->arena,
		"greylisted: come again in %d seconds", (int)seconds);
}

static void ask_domain(struct transaction *tx, struct greylist *greylist,
		       const struct greylist_times *times, const char *domain)
{
	const char *key = arena_printf(&tx->arena, "domain %s", domain);
	int64_t now_us = clock_now_us(), frees_us;

	if (!greylist_pass(greylist, key, times, now_us, &frees_us))
		tell(tx, key, frees_us, now_us);
}

/* All recipients must have come again: what is deferred is the message. */
static void ask_network(struct transaction *tx, struct greylist *greylist,
			const struct greylist_times *times)
{
	const char *network = network_of(tx);
	const char *welcome = arena_printf(&tx->arena, "network %s", network);
	const char *sender = mailaddr_format(&tx->sender, &tx->arena);
	int64_t now_us = clock_now_us();
	bool is_let_in = true;

	if (greylist_is_welcome(greylist, welcome, times, now_us))
		return;
	for (guint i = 0; i < tx->recipients->len; i++) {
		const struct recipient *rcpt = &g_array_index(
			tx->recipients, struct recipient, i);
		const char *key = arena_printf(&tx->arena, "%s %s %s", network,
			sender, mailaddr_format(&rcpt->addr, &tx->arena));
		int64_t frees_us;

		if (rcpt->state != RCPT_ACCEPTED ||
		    greylist_pass(greylist, key, times, now_us, &frees_us))
			continue;
		if (is_let_in)
			tell(tx, key, frees_us, now_us);
		is_let_in = false;
	}
	if (is_let_in)
		greylist_make_welcome(greylist, welcome, now_us);
}

void greycheck_message(struct transaction *tx)
{
	const struct grey_settings *settings = grey_settings_of(tx->settings);
	const struct greylist_times times = grey_settings_times(settings);
	const char *domain;

	if (!tx->bulk || !settings->is_on || tx->client.login ||
	    tx->direction != DIRECTION_INBOUND ||
	    tx->client.addr.family == NETADDR_NONE || is_settled(tx) ||
	    !is_suspicious(tx, settings))
		return;
	domain = proven_domain(tx);
	if (domain && *domain)
		ask_domain(tx, bulk_greylist(tx->bulk), &times, domain);
	else
		ask_network(tx, bulk_greylist(tx->bulk), &times);
}
