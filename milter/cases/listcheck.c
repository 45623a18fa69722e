#include <config.h>

#include "cases/listcheck.h"

#include "store/lists.h"

/*
 * The domain of a stranger's sender is only what he says. A welcome for it, or
 * for a sender's address, is as good as the authentication that stands behind
 * it; operators are told so in reevectl(8).
 */
static bool find(struct transaction *tx, enum list_which which,
		 struct list_entry *entry)
{
	const struct client *client = &tx->client;
	const char *sender = mailaddr_format(&tx->sender, &tx->arena);
	const struct { enum list_kind kind; const char *value; } asked[] = {
		{ LIST_ACCOUNT, client->login },
		{ LIST_SENDER, tx->sender.is_null ? NULL : sender },
		{ LIST_DOMAIN, tx->sender.domain_ascii },
	};

	if (client->addr.family != NETADDR_NONE &&
	    lists_find_client(tx->state, which, &client->addr, tx->began_us,
			      &tx->arena, entry))
		return true;
	for (size_t i = 0; i < COUNT_OF(asked); i++)
		if (asked[i].value && *asked[i].value &&
		    lists_find(tx->state, which, asked[i].kind,
			       span_text(asked[i].value), tx->began_us,
			       &tx->arena, entry))
			return true;
	return false;
}

static struct finding *tell(struct transaction *tx, const char *symbol,
			    const struct list_entry *entry)
{
	return transaction_find(tx, symbol, "%s %s",
				list_kind_word(entry->kind), entry->value);
}

void listcheck_sender(struct transaction *tx)
{
	struct list_entry entry;
	struct finding *finding;

	if (!tx->state)
		return;
	if (find(tx, LIST_EVIDENCE, &entry))
		tell(tx, "LIST_EVIDENCE", &entry)->keeps_original = true;
	if (find(tx, LIST_WELCOME, &entry)) {
		finding = tell(tx, "LIST_WELCOME", &entry);
		finding->demand = ACTION_ACCEPT;
	} else if (find(tx, LIST_BLOCK, &entry)) {
		finding = tell(tx, "LIST_BLOCK", &entry);
		finding->demand = ACTION_REJECT;
		finding->code = 550;
		finding->enhanced = "5.7.1";
		finding->text = "refused by local policy";
	}
}
