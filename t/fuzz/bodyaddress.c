#include <config.h>

#include "fuzz/target.h"
#include "fuzz/textpage.h"

#include "catalog.h"
#include "content/evals.h"

static struct settings *settings;
static struct addrlists *lists;
static struct eval_call *call;

static void prepare(void)
{
	settings = settings_parse("fuzz", span_text(""), catalog, NULL);
	BUG_IF(!settings);
	lists = addrlists_new();
	BUG_IF(addrlists_take(lists, "freemail_domains",
			      "free.example.com gmail.com *.co.uk") !=
	       ADDRLISTS_TAKEN);
	BUG_IF(addrlists_take(lists, "freemail_whitelist", "abuse@gmail.com") !=
	       ADDRLISTS_TAKEN);
	call = evals_parse("check_freemail_body()", NULL);
	BUG_IF(!call);
}

/* Addresses in what is read: see textpage.h. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct session_facts session = { .messages = 0 };
	struct eval_memory memory = { .freemails = NULL };
	struct transaction tx;
	struct textpage page;
	struct header_source header;
	struct eval_source source = {
		.header = &header, .text = &page.text, .memory = &memory,
	};

	if (size > 65536)
		return 0;
	if (!settings)
		prepare();
	transaction_init(&tx, settings, &session);
	textpage_init(&page, &tx.arena, data, size);
	header = headertext_source(&tx, NULL, &tx.arena);
	source.lists = lists;
	BUG_IF(evals_run(call, &source) != evals_run(call, &source));
	textpage_release(&page);
	headertext_release(&header);
	transaction_release(&tx);
	return 0;
}
