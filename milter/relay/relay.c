#include <config.h>

#include "relay/relay.h"

#include "base/clock.h"
#include "message/domaintable.h"
#include "message/ours.h"
#include "relay/relaysettings.h"

#include <stdatomic.h>
#include <string.h>

#define REPORT_EVERY_US (60 * G_USEC_PER_SEC)

/* What is judged: one recipient of a transaction, with the settings at hand. */
struct judging {
	struct transaction *tx;
	const struct relay_settings *relay;
	const struct ours *ours;
	struct recipient *rcpt;
	bool is_stranger;
};

bool relay_is_trusted(const struct transaction *tx, const char **why_out)
{
	const struct relay_settings *relay = relay_settings_of(tx->settings);
	const struct client *client = &tx->client;
	g_autofree char *fingerprint = NULL;

	if (netset_has(relay->networks, &client->addr)) {
		*why_out = "network";
		return true;
	}
	if (client->login && *client->login) {
		*why_out = "login";
		return true;
	}
	if (client->cert_fingerprint)
		fingerprint = relay_fingerprint(client->cert_fingerprint);
	if (fingerprint &&
	    g_hash_table_contains(relay->certificates, fingerprint)) {
		*why_out = "certificate";
		return true;
	}
	*why_out = NULL;
	return false;
}

/* Whoever is not known to be ours is a stranger. */
static bool is_from_stranger(const struct transaction *tx)
{
	return tx->direction != DIRECTION_OUTBOUND &&
	       tx->direction != DIRECTION_LOCAL;
}

/* The finding, where a stranger uses a domain of ours and that
 * is the setting. */
static struct finding *find_own_sender(struct transaction *tx,
				       enum own_sender setting,
				       enum action demand)
{
	struct finding *finding;

	if (!is_from_stranger(tx) ||
	    relay_settings_of(tx->settings)->own_sender != setting ||
	    !domaintable_has(ours_of(tx->settings)->table,
			     tx->sender.domain_ascii))
		return NULL;
	finding = transaction_find(tx, "RELAY_OWN_SENDER", "%s",
				   tx->sender.domain_ascii);
	finding->demand = demand;
	return finding;
}

void relay_check_message(struct transaction *tx)
{
	if (tx->auth.spf.result != AUTH_RESULT_PASS)
		(void)find_own_sender(tx, OWN_SENDER_TAG, ACTION_TAG);
}

void relay_check_sender(struct transaction *tx)
{
	struct finding *finding = find_own_sender(tx, OWN_SENDER_REJECT,
						  ACTION_REJECT);

	if (!finding)
		return;
	finding->code = 550;
	finding->enhanced = "5.7.1";
	finding->text = "this sender's domain sends by login only";
}

static bool is_our_literal(const struct judging *on,
			   const struct mailaddr *addr)
{
	return ours_has_address(on->ours, &on->tx->client, &addr->literal);
}

static bool is_our_domain(const struct judging *on, const char *domain)
{
	return domaintable_has(on->ours->table, domain);
}

static bool is_remote_mailer(const struct judging *on)
{
	return on->rcpt->mailer &&
	       g_hash_table_contains(on->relay->remote_mailers,
				     on->rcpt->mailer);
}

/* RFC 5321, 4.5.1: postmaster needs no domain. */
static bool is_postmaster(const struct mailaddr *addr)
{
	return addr->domain.len == 0 && span_is_word(addr->local, "postmaster");
}

/* Ours, or not known to be another's: without a list only the MTA knows. */
static bool is_ours(const struct judging *on, const struct mailaddr *addr)
{
	if (is_postmaster(addr))
		return true;
	if (addr->is_literal)
		return is_our_literal(on, addr);
	if (on->ours->is_given)
		return is_our_domain(on, addr->domain_ascii);
	return !is_remote_mailer(on);
}

static bool is_hop_ours(const struct judging *on, struct span hop)
{
	/* "x@host" is read like any address, literals included. */
	struct mailaddr addr = mailaddr_parse(span_text(arena_printf(
			&on->tx->arena, "x%.*s", (int)hop.len, hop.ptr)),
			&on->tx->arena);

	/* Not "@remote@ours", nor what only looks like a host. */
	if (addr.flaws & ~(unsigned)(MAILADDR_FLAW_TRAILING_DOT |
				     MAILADDR_FLAW_8BIT))
		return false;
	return addr.is_literal ? is_our_literal(on, &addr) :
				 is_our_domain(on, addr.domain_ascii);
}

/* Each hop of "@a,@b" must be ours: an MTA that follows it is a relay. */
static bool is_route_ours(const struct judging *on)
{
	struct span rest = on->rcpt->addr.route;

	while (rest.len) {
		ptrdiff_t comma = span_find(rest, ',');
		struct span hop = comma < 0 ? rest :
				  span_first(rest, (size_t)comma);

		rest = span_from(rest, hop.len + 1);
		if (!is_hop_ours(on, hop))
			return false;
	}
	return true;
}

typedef bool holds_fn(const struct judging *on);

static bool has_flaw(const struct judging *on, unsigned flaws)
{
	return on->rcpt->addr.flaws & flaws;
}

static bool is_too_many(const struct judging *on)
{
	return on->tx->sender.is_null &&
	       on->tx->recipients->len > on->relay->null_sender_recipients;
}

static bool is_no_address(const struct judging *on)
{
	return on->rcpt->addr.is_null ||
	       has_flaw(on, MAILADDR_FLAW_SYNTAX | MAILADDR_FLAW_CONTROL |
			    MAILADDR_FLAW_EMPTY_LOCAL);
}

/* In quotes < and > are allowed, but nobody has an honest use for them. */
static bool is_bracketed(const struct judging *on)
{
	return has_flaw(on, MAILADDR_FLAW_BRACKETS);
}

/* Among strangers' addresses `a@b@ours` is known by its own name. */
static bool is_inner_at(const struct judging *on)
{
	return has_flaw(on, MAILADDR_FLAW_INNER_AT);
}

static bool is_not_utf8(const struct judging *on)
{
	return has_flaw(on, MAILADDR_FLAW_UTF8) ||
	       (has_flaw(on, MAILADDR_FLAW_8BIT) &&
		!on->tx->mail_params.is_smtputf8);
}

static bool is_too_long(const struct judging *on)
{
	return has_flaw(on, MAILADDR_FLAW_LONG_DOMAIN) ||
	       (on->is_stranger && (int64_t)on->rcpt->addr.local.len >
				   on->relay->local_part_octets);
}

static bool is_bad_domain(const struct judging *on)
{
	return has_flaw(on, MAILADDR_FLAW_DOMAIN);
}

static bool is_routed(const struct judging *on)
{
	return has_flaw(on, MAILADDR_FLAW_ROUTE) && !is_route_ours(on);
}

static bool is_hidden_remote(const struct judging *on, unsigned flaw)
{
	const char *hidden = on->rcpt->addr.hidden_domain;

	return has_flaw(on, flaw) && hidden && !is_our_domain(on, hidden);
}

static bool is_percent(const struct judging *on)
{
	return is_hidden_remote(on, MAILADDR_FLAW_PERCENT);
}

static bool is_bang(const struct judging *on)
{
	return is_hidden_remote(on, MAILADDR_FLAW_BANG);
}

static bool is_foreign_literal(const struct judging *on)
{
	return on->rcpt->addr.is_literal &&
	       !is_our_literal(on, &on->rcpt->addr);
}

static bool is_unqualified(const struct judging *on)
{
	const struct mailaddr *addr = &on->rcpt->addr;

	return addr->domain.len == 0 && !is_postmaster(addr);
}

/*
 * What the MTA made of the address counts as well as what the client said: an
 * MTA that takes user%remote@ours apart shows it here. But the host must be in
 * what the client wrote: else the MTA forwards one of our addresses by a table
 * of its own (Sendmail's virtusertable), and that is its business.
 */
static bool is_led_astray(const struct judging *on)
{
	const char *rewritten = on->rcpt->mta_addr;
	g_autofree char *written = NULL;
	struct mailaddr addr;

	if (!rewritten || !on->ours->is_given || !is_remote_mailer(on))
		return false;
	addr = mailaddr_parse(span_text(rewritten), &on->tx->arena);
	if (!*addr.domain_ascii || is_ours(on, &addr))
		return false;
	written = g_ascii_strdown(on->rcpt->addr.raw.ptr,
				  (gssize)on->rcpt->addr.raw.len);
	return strstr(written, addr.domain_ascii) != NULL;
}

static bool is_denied(const struct judging *on)
{
	return !is_ours(on, &on->rcpt->addr) || is_led_astray(on);
}

#define TEMPORARY ACTION_DEFER
#define PERMANENT ACTION_REJECT

/* In this order; the first that holds is the reason. */
static const struct {
	const char *symbol;
	holds_fn *holds;
	bool is_for_all;	/* those whom we trust too */
	enum action demand;
	int code;
	const char *enhanced, *text;
} rules[] = {
	{ "RELAY_8BIT", is_not_utf8, true, PERMANENT, 553, "5.6.7",
	  "the address needs SMTPUTF8" },
	{ "RELAY_INNER_AT", is_inner_at, false, PERMANENT, 550, "5.7.1",
	  "relaying denied" },
	{ "RELAY_SYNTAX", is_no_address, true, PERMANENT, 553, "5.1.3",
	  "this is no address" },
	{ "RELAY_LONG", is_too_long, true, PERMANENT, 553, "5.1.3",
	  "the address is too long" },
	{ "RELAY_SYNTAX", is_bad_domain, true, PERMANENT, 553, "5.1.3",
	  "the domain of the address is none" },
	{ "RELAY_SYNTAX", is_bracketed, false, PERMANENT, 553, "5.1.3",
	  "this is no address" },
	{ "RELAY_ROUTED", is_routed, false, PERMANENT, 550, "5.7.1",
	  "relaying denied" },
	{ "RELAY_PERCENT", is_percent, false, PERMANENT, 550, "5.7.1",
	  "relaying denied" },
	{ "RELAY_BANG", is_bang, false, PERMANENT, 550, "5.7.1",
	  "relaying denied" },
	{ "RELAY_LITERAL", is_foreign_literal, false, PERMANENT, 550, "5.7.1",
	  "relaying denied" },
	{ "RELAY_NO_DOMAIN", is_unqualified, false, PERMANENT, 553, "5.1.3",
	  "the address needs a domain" },
	{ "RELAY_DENIED", is_denied, false, PERMANENT, 550, "5.7.1",
	  "relaying denied" },
	{ "RELAY_NULL_MANY", is_too_many, false, TEMPORARY, 452, "4.5.3",
	  "too many recipients for the null sender" },
};

/*
 * Whether the MTA itself would send this on to another host. A remote mailer
 * alone does not say so: Sendmail has one for a domain of ours, too, that it
 * hands to a machine behind it.
 */
static bool is_mta_open(const struct judging *on)
{
	const struct mailaddr *addr = &on->rcpt->addr;

	if (!on->is_stranger || !is_remote_mailer(on))
		return false;
	return !on->ours->is_given || is_led_astray(on) ||
	       (addr->domain.len && !is_ours(on, addr));
}

/* Its admin must hear of it, but not a thousand times: a stranger decides how
 * often it happens. */
static bool is_report_due(void)
{
	static _Atomic int64_t due_us;
	int64_t now_us = clock_monotonic_us();
	int64_t due = atomic_load(&due_us);

	return now_us >= due &&
	       atomic_compare_exchange_strong(&due_us, &due,
					      now_us + REPORT_EVERY_US);
}

static void report_open_mta(const struct judging *on)
{
	g_autofree char *shown = log_text(on->rcpt->addr.raw);
	g_autofree char *mailer = log_text(span_text(on->rcpt->mailer));
	struct finding *finding = transaction_find(
		on->tx, "RELAY_MTA_OPEN",
		"the MTA itself would send it on by mailer %s",
		on->rcpt->mailer);

	finding->recipient = on->tx->recipients->len;
	if (is_report_due())
		log_event(&on->tx->log, LOG_WARNING, "mta_open_relay",
			  "recipient=%s mailer=%s the MTA would send a "
			  "stranger's mail to another host", shown, mailer);
}

static void refuse(const struct judging *on, size_t rule)
{
	const struct span raw = span_first(on->rcpt->addr.raw, 100);
	struct finding *finding = transaction_find(
		on->tx, rules[rule].symbol, "%.*s", (int)raw.len, raw.ptr);

	finding->demand = rules[rule].demand;
	finding->code = rules[rule].code;
	finding->enhanced = rules[rule].enhanced;
	finding->text = rules[rule].text;
	finding->recipient = on->tx->recipients->len;
}

void relay_check_recipient(struct transaction *tx)
{
	const struct judging on = {
		.tx = tx,
		.relay = relay_settings_of(tx->settings),
		.ours = ours_of(tx->settings),
		.rcpt = &g_array_index(tx->recipients, struct recipient,
				       tx->recipients->len - 1),
		.is_stranger = is_from_stranger(tx),
	};

	for (size_t i = 0; i < COUNT_OF(rules); i++) {
		if ((!on.is_stranger && !rules[i].is_for_all) ||
		    !rules[i].holds(&on))
			continue;
		refuse(&on, i);
		if (is_mta_open(&on))
			report_open_mta(&on);
		return;
	}
}
