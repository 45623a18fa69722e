#include <config.h>

#include "catalog.h"
#include "fuzz/target.h"
#include "message/rawmessage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct settings *settings;
	static const struct session_facts session = { .messages = 0 };
	struct transaction tx;

	if (!settings)
		settings = settings_load(NULL, catalog, NULL);
	transaction_init(&tx, settings, &session);
	rawmessage_take(&tx, span_of((const char *)data, size));
	for (guint i = 0; i < tx.headers->len; i++)
		BUG_IF(g_array_index(tx.headers, struct header, i).name.len ==
		       0);
	/* A line end of one byte becomes two; nothing else grows. */
	BUG_IF(tx.body->len > 2 * size);
	transaction_release(&tx);
	return 0;
}
