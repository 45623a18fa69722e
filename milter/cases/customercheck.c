#include <config.h>

#include "cases/customercheck.h"

#include "cases/customerbook.h"

/* A stranger's sender says nothing of who he is; those of mail that we relay
 * for somebody are his word at least. */
void customercheck_sender(struct transaction *tx)
{
	if (!tx->state || tx->direction != DIRECTION_OUTBOUND)
		return;
	tx->customer = customerbook_find(tx->state, tx->client.login,
					 &tx->client.addr,
					 tx->sender.domain_ascii, &tx->arena);
}

void customercheck_message(struct transaction *tx)
{
	struct customer_entry entry;

	if (!tx->customer || tx->client.login ||
	    !transaction_find_header(tx, "Received") ||
	    !customerbook_get(tx->state, tx->customer, &tx->arena, &entry))
		return;
	tx->customer_networks = entry.networks;
	tx->customer_domains = entry.domains;
}
