#include <config.h>

#include "cases/suspensioncheck.h"

#include "cases/casesettings.h"
#include "store/lists.h"

static bool find(struct transaction *tx, enum list_which which,
		 struct list_entry *entry)
{
	const struct client *client = &tx->client;
	const char *sender = mailaddr_format(&tx->sender, &tx->arena);
	bool is_ours = tx->direction == DIRECTION_OUTBOUND ||
		       tx->direction == DIRECTION_LOCAL;
	const struct { enum list_kind kind; const char *value; } asked[] = {
		{ LIST_ACCOUNT, client->login },
		{ LIST_CUSTOMER, is_ours ? tx->customer : NULL },
		{ LIST_SENDER, is_ours && !tx->sender.is_null ? sender :
							       NULL },
		{ LIST_DOMAIN, is_ours ? tx->sender.domain_ascii : NULL },
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
	return transaction_find(tx, symbol, "%s %s, case %s",
				list_kind_word(entry->kind), entry->value,
				entry->reason);
}

void suspensioncheck_sender(struct transaction *tx)
{
	const struct case_settings *settings = case_settings_of(tx->settings);
	struct list_entry entry;
	struct finding *finding;

	if (!tx->state)
		return;
	if (find(tx, LIST_WATCHED, &entry))
		tell(tx, "CASE_WATCHED", &entry)->keeps_original =
			settings->watch_evidence;
	if (!find(tx, LIST_SUSPENDED, &entry))
		return;
	finding = tell(tx, "CASE_SUSPENDED", &entry);
	finding->demand = ACTION_REJECT;
	finding->code = 550;
	finding->enhanced = "5.7.1";
	finding->text = arena_printf(&tx->arena, "suspended, case %s%s%s",
				     entry.reason,
				     *settings->contact ? "; write to " : "",
				     settings->contact);
}
