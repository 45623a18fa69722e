#include <config.h>

#include "cases/suspensioncheck.h"

#include "cases/casesettings.h"
#include "cases/listask.h"

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
	bool is_ours = tx->direction == DIRECTION_OUTBOUND ||
		       tx->direction == DIRECTION_LOCAL;

	if (!tx->state)
		return;
	if (listask_find(tx, LIST_WATCHED, is_ours, &entry)) {
		tell(tx, "CASE_WATCHED", &entry)->keeps_original =
			settings->watch_evidence;
		tx->limits_percent = (uint32_t)settings->watch_limits;
	}
	if (!listask_find(tx, LIST_SUSPENDED, is_ours, &entry))
		return;
	finding = tell(tx, "CASE_SUSPENDED", &entry);
	finding->demand = ACTION_REJECT;
	finding->code = 550;
	finding->enhanced = "5.7.1";
	finding->refuses_mail = true;
	finding->text = arena_printf(&tx->arena, "suspended, case %s%s%s",
				     entry.reason,
				     *settings->contact ? "; write to " : "",
				     settings->contact);
}
