#include <config.h>

#include "bulk/customerrelay.h"

#include "base/clock.h"
#include "bulk/customers.h"
#include "message/domaintable.h"
#include "message/received.h"
#include "store/incidents.h"

#include <string.h>

#define QUIET_US (INT64_C(86400) * G_USEC_PER_SEC)

/* The domain in "for <user@example.org>" of a Received field; "" when it does not
 * say. A mail that is sent on for a user of the customer's was for a domain of theirs. */
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
static bool is_strangers(const struct customer *customer,
			 const struct relay *relay, struct netaddr *addr_out)
{
	return relay->kind == RECEIVED_RELAY && !*relay->auth &&
	       netaddr_parse(span_text(relay->ip), addr_out) &&
	       !netaddr_is_private(addr_out) &&
	       !netset_has(customer->networks, addr_out);
}

static void tell(struct transaction *tx, const struct customer *customer,
		 const char *from)
{
	char text[NETADDR_TEXT_MAX];
	const char *server = netaddr_format(&tx->client.addr, text);
	const char *what = arena_printf(&tx->arena,
		"%s relays for %s, sender %s", server, from,
		mailaddr_format(&tx->sender, &tx->arena));

	transaction_find(tx, "CUSTOMER_RELAYS", "%s: %s", customer->name,
			 what)->score = 2.0;
	incidents_note_about((struct incident_subject){ LIST_ADDRESS, server },
			     "relay", customer->name, what, QUIET_US,
			     clock_now_us());
}

void customerrelay_message(struct transaction *tx)
{
	const struct header *received = transaction_find_header(tx,
								"Received");
	const struct customer *customer;
	struct netaddr before;
	struct relay relay;

	if (tx->direction != DIRECTION_OUTBOUND || tx->client.login ||
	    !received || tx->sender.is_null)
		return;
	customer = customers_find(tx->settings, NULL, &tx->client.addr);
	if (!customer || !domaintable_size(customer->domains) ||
	    domaintable_has(customer->domains, tx->sender.domain_ascii))
		return;
	relay = received_parse(received->value, &tx->arena);
	if (is_strangers(customer, &relay, &before) &&
	    !domaintable_has(customer->domains,
			     domain_it_was_for(tx, received->value)))
		tell(tx, customer, relay.ip);
}
