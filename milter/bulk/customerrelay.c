#include <config.h>

#include "bulk/customerrelay.h"

#include "base/clock.h"
#include "bulk/customers.h"
#include "message/domaintable.h"
#include "message/received.h"
#include "store/incidents.h"

#include <string.h>

#define QUIET_US (INT64_C(86400) * G_USEC_PER_SEC)

/* Whose server it is: by the settings, or else by the book of customers. */
struct owner {
	const char *name;
	const struct customer *set;	/* NULL: by the book */
	const char *const *networks, *const *domains;
};

static bool has_address(const struct owner *owner, const struct netaddr *addr)
{
	if (owner->set)
		return netset_has(owner->set->networks, addr);
	for (const char *const *one = owner->networks; *one; one++) {
		struct network network;

		if (network_parse(span_text(*one), &network, NULL) &&
		    network_has(&network, addr))
			return true;
	}
	return false;
}

/* .example.org is all below it. */
static bool has_domain(const struct owner *owner, const char *domain)
{
	size_t len = strlen(domain);

	if (owner->set)
		return domaintable_has(owner->set->domains, domain);
	for (const char *const *one = owner->domains; *one; one++) {
		size_t end = strlen(*one);

		if (**one == '.' ? len > end && g_ascii_strcasecmp(
				domain + len - end, *one) == 0 :
		    g_ascii_strcasecmp(domain, *one) == 0)
			return true;
	}
	return false;
}

/* One that has domains: of another nobody knows what mail is his. */
static bool find_owner(const struct transaction *tx, struct owner *out)
{
	const struct customer *set = customers_find(tx->settings, NULL,
						    &tx->client.addr);

	if (set) {
		*out = (struct owner){ .name = set->name, .set = set };
		return domaintable_size(set->domains) > 0;
	}
	*out = (struct owner){ .name = tx->customer,
			       .networks = tx->customer_networks,
			       .domains = tx->customer_domains };
	return out->networks && *out->domains &&
	       has_address(out, &tx->client.addr);
}

/* The domain in "for <user@example.org>" of a Received field; "" when it
 * does not say. A mail that is sent on for a user of the customer's was for
 * a domain of theirs. */
static const char *domain_it_was_for(struct transaction *tx,
				     struct span received)
{
	char *text = arena_span_text(&tx->arena, received), *at;
	struct mailaddr addr;

	for (at = text; *at; at++)
		if (g_ascii_isspace(*at))
			*at = ' ';
	at = strstr(text, " for ");
	if (!at)
		return "";
	at += strlen(" for ");
	at += strspn(at, " ");
	addr = mailaddr_parse(span_of(at, strcspn(at, " ;")), &tx->arena);
	return addr.domain_ascii;
}

/* Whose server had it before the customer's; false: nobody's that matters. */
static bool is_strangers(const struct owner *owner,
			 const struct relay *relay, struct netaddr *addr_out)
{
	return relay->kind == RECEIVED_RELAY && !*relay->auth &&
	       netaddr_parse(span_text(relay->ip), addr_out) &&
	       !netaddr_is_private(addr_out) &&
	       !has_address(owner, addr_out);
}

static void tell(struct transaction *tx, const char *name, const char *from)
{
	char text[NETADDR_TEXT_MAX];
	const char *server = netaddr_format(&tx->client.addr, text);
	const char *what = arena_printf(&tx->arena,
		"%s relays for %s, sender %s", server, from,
		mailaddr_format(&tx->sender, &tx->arena));

	transaction_find(tx, "CUSTOMER_RELAYS", "%s: %s", name,
			 what)->score = 2.0;
	incidents_note_about((struct incident_subject){ LIST_ADDRESS, server },
			     "relay", name, what, QUIET_US,
			     clock_now_us());
}

void customerrelay_message(struct transaction *tx)
{
	const struct header *received = transaction_find_header(tx,
								"Received");
	struct netaddr before;
	struct owner owner;
	struct relay relay;

	if (tx->direction != DIRECTION_OUTBOUND || tx->client.login ||
	    !received || tx->sender.is_null || !find_owner(tx, &owner) ||
	    has_domain(&owner, tx->sender.domain_ascii))
		return;
	relay = received_parse(received->value, &tx->arena);
	if (is_strangers(&owner, &relay, &before) &&
	    !has_domain(&owner, domain_it_was_for(tx, received->value)))
		tell(tx, owner.name, relay.ip);
}
