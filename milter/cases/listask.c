#include <config.h>

#include "cases/listask.h"

static bool has_customers(enum list_which which)
{
	return which == LIST_WATCHED || which == LIST_SUSPENDED;
}

static bool find_name(struct transaction *tx, enum list_which which,
		      enum list_kind kind, const char *value,
		      struct list_entry *entry_out)
{
	return value && *value &&
	       lists_find(tx->state, which, kind, span_text(value),
			  tx->began_us, &tx->arena, entry_out);
}

static const char *sender_of(struct transaction *tx)
{
	return tx->sender.is_null ? NULL :
	       mailaddr_format(&tx->sender, &tx->arena);
}

bool listask_find(struct transaction *tx, enum list_which which,
		  bool asks_names, struct list_entry *entry_out)
{
	const struct client *client = &tx->client;

	if (client->addr.family != NETADDR_NONE &&
	    lists_find_client(tx->state, which, &client->addr, tx->began_us,
			      &tx->arena, entry_out))
		return true;
	if (find_name(tx, which, LIST_ACCOUNT, client->login, entry_out))
		return true;
	return asks_names &&
	       ((has_customers(which) &&
		 find_name(tx, which, LIST_CUSTOMER, tx->customer,
			   entry_out)) ||
		find_name(tx, which, LIST_SENDER, sender_of(tx), entry_out) ||
		find_name(tx, which, LIST_DOMAIN, tx->sender.domain_ascii,
			  entry_out));
}
