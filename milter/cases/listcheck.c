#include <config.h>

#include "cases/listcheck.h"

#include "cases/listask.h"

/*
 * The domain of a stranger's sender is only what he says. A welcome for it, or
 * for a sender's address, is as good as the authentication that stands behind
 * it; operators are told so in reevectl(8).
 */
static bool find(struct transaction *tx, enum list_which which,
		 struct list_entry *entry)
{
	return listask_find(tx, which, true, entry);
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
