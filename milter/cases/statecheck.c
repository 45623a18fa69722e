#include <config.h>

#include "cases/statecheck.h"

#include "store/state.h"
#include "store/storesettings.h"

void statecheck_sender(struct transaction *tx)
{
	struct finding *finding;

	if (!tx->state || !state_is_in_doubt(tx->state))
		return;
	finding = transaction_find(tx, "STATE_UNREADABLE", NULL);
	if (store_settings_of(tx->settings)->on_failure != ON_FAILURE_DEFER)
		return;
	finding->demand = ACTION_DEFER;
	finding->code = 451;
	finding->enhanced = "4.3.0";
	finding->text = "local trouble, try again later";
}
