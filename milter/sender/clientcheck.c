#include <config.h>

#include "sender/clientcheck.h"

#include "message/domaintable.h"
#include "message/ours.h"
#include "resolver/dnsname.h"
#include "resolver/resolver.h"
#include "settings/global.h"

#include <string.h>

#define NAMES_MAX 5		/* of a client that are followed */

void clientcheck_prefetch(struct resolver *resolver,
			  const struct client *client)
{
	struct arena arena;

	if (!resolver || client->kind != CLIENT_INET ||
	    client->addr.family == NETADDR_NONE || client->is_name_verified ||
	    netaddr_is_loopback(&client->addr))
		return;
	arena_init(&arena);
	resolver_prefetch(resolver, dnsname_of_address(&client->addr,
							&arena), DNS_PTR);
	arena_release(&arena);
}

static bool leads_back(const struct dnsanswer *answer,
		       const struct netaddr *addr)
{
	for (size_t i = 0; i < answer->count; i++) {
		struct netaddr one;

		if (dnsanswer_address(answer, i, &one) &&
		    netaddr_compare(&one, addr) == 0)
			return true;
	}
	return false;
}

/* False while one is still open. */
static bool follow(struct transaction *tx, const struct dnsanswer *names,
		   const struct dns_asker *asker)
{
	const struct netaddr *addr = &tx->client.addr;
	struct auth_iprev *iprev = &tx->auth.iprev;
	enum dns_type type = addr->family == NETADDR_IP6 ? DNS_AAAA : DNS_A;
	bool is_pending = false, is_trouble = false;

	for (size_t i = 0; i < MIN(names->count, NAMES_MAX); i++) {
		const char *name = dnsanswer_name(names, i, DNS_PTR,
						  &tx->arena);
		const struct dnsanswer *back = name && *name ?
			asker->ask(asker->asker, name, type) : NULL;

		if (!name || !*name)
			continue;
		if (!iprev->name)
			iprev->name = name;
		is_pending |= !back;
		is_trouble |= back && dnsanswer_is_temporary(back);
		if (back && leads_back(back, addr)) {
			iprev->name = name;
			iprev->result = AUTH_RESULT_PASS;
			return true;
		}
	}
	if (is_pending)
		return false;
	iprev->result = is_trouble ? AUTH_RESULT_TEMPERROR :
				     AUTH_RESULT_FAIL;
	return true;
}

bool clientcheck_iprev(struct transaction *tx, const struct dns_asker *asker)
{
	struct auth_iprev *iprev = &tx->auth.iprev;
	const struct dnsanswer *names;

	if (tx->client.is_name_verified) {
		iprev->name = tx->client.name;
		iprev->result = AUTH_RESULT_PASS;
		return true;
	}
	iprev->name = NULL;
	names = asker->ask(asker->asker,
			   dnsname_of_address(&tx->client.addr, &tx->arena),
			   DNS_PTR);
	if (!names)
		return false;
	if (dnsanswer_is_temporary(names)) {
		iprev->result = AUTH_RESULT_TEMPERROR;
		return true;
	}
	if (!names->count) {
		iprev->result = AUTH_RESULT_PERMERROR;
		return true;
	}
	return follow(tx, names, asker);
}

static void add(struct transaction *tx, const char *symbol, double score,
		const char *detail)
{
	transaction_find(tx, symbol, "%s", detail)->score = score;
}

/* 192.0.2.1, [192.0.2.1] or [IPv6:2001:db8::1]; else NETADDR_NONE. */
static struct netaddr address_of(const char *helo)
{
	g_autofree char *text = g_strdup_printf("x@%s", helo);
	struct netaddr addr;
	struct arena arena;

	if (netaddr_parse(span_text(helo), &addr))
		return addr;
	arena_init(&arena);
	addr = mailaddr_parse(span_text(text), &arena).literal;
	arena_release(&arena);
	return addr;
}

static bool is_our_name(const struct transaction *tx, const char *helo,
			const struct netaddr *addr)
{
	g_autofree char *lower = g_ascii_strdown(helo, -1);
	const char *id = global_settings_of(tx->settings)->authserv_id;
	const char *host = tx->client.mta_host;

	return g_ascii_strcasecmp(helo, id) == 0 ||
	       (host && g_ascii_strcasecmp(helo, host) == 0) ||
	       domaintable_has(ours_of(tx->settings)->table, lower) ||
	       ours_has_address(ours_of(tx->settings), &tx->client, addr);
}

static void check_helo(struct transaction *tx)
{
	const char *helo = tx->client.helo;
	struct netaddr addr;
	bool is_literal;

	if (!helo || !*helo) {
		add(tx, "HELO_MISSING", 0.5, "no HELO or EHLO");
		return;
	}
	addr = address_of(helo);
	is_literal = helo[0] == '[';
	if (is_our_name(tx, helo, &addr))
		add(tx, "HELO_OURS", 3.0, helo);
	else if (is_literal && netaddr_compare(&addr, &tx->client.addr) != 0)
		add(tx, "HELO_LITERAL", 2.0, helo);
	else if (!is_literal && addr.family != NETADDR_NONE)
		add(tx, "HELO_ADDRESS", 2.0, helo);
	else if (!is_literal && !strchr(helo, '.'))
		add(tx, "HELO_BARE", 1.0, helo);
	else if (!is_literal && !mailaddr_domain_ascii(span_text(helo),
						       &tx->arena))
		add(tx, "HELO_SYNTAX", 1.0, helo);
}

void clientcheck_find(struct transaction *tx)
{
	const struct auth_iprev *iprev = &tx->auth.iprev;

	check_helo(tx);
	if (iprev->result == AUTH_RESULT_PERMERROR)
		add(tx, "CLIENT_NO_PTR", 1.0, "the address has no name");
	else if (iprev->result == AUTH_RESULT_FAIL)
		add(tx, "CLIENT_PTR_FORGED", 1.5,
		    iprev->name ? iprev->name : "no usable name");
}
