#include <config.h>

#include "bulk/unasked.h"

#include "bulk/streamsettings.h"
#include "message/mailbox.h"

#include <string.h>

static const struct finding *find(const struct transaction *tx,
				  const char *pattern)
{
	size_t len = strlen(pattern);
	bool is_front = len && pattern[len - 1] == '*';

	for (guint i = 0; i < tx->findings->len; i++) {
		const struct finding *finding = &g_array_index(
			tx->findings, struct finding, i);

		if (is_front ? strncmp(finding->symbol, pattern, len - 1) == 0 :
		    strcmp(finding->symbol, pattern) == 0)
			return finding;
	}
	return NULL;
}

static const struct finding *find_any(const struct transaction *tx,
				      const GPtrArray *patterns)
{
	for (guint i = 0; i < patterns->len; i++) {
		const struct finding *finding = find(
			tx, g_ptr_array_index(patterns, i));

		if (finding)
			return finding;
	}
	return NULL;
}

/* The address says of itself that nobody reads what is sent to it. */
static bool is_deaf(struct transaction *tx)
{
	const struct header *where = transaction_find_header(tx, "Reply-To");
	struct mailbox_list boxes;
	static const char *const names[] = {
		"noreply", "no-reply", "no_reply", "donotreply",
		"do-not-reply",
	};

	if (!where)
		where = transaction_find_header(tx, "From");
	if (!where)
		return true;
	boxes = mailbox_parse(where->value, &tx->arena);
	for (size_t i = 0; boxes.count && i < COUNT_OF(names); i++)
		if (span_is_word(boxes.boxes[0].addr.local, names[i]))
			return true;
	return !boxes.count;
}

void unasked_message(struct transaction *tx)
{
	const struct finding *bulk = find(tx, "BULK_LIKE_*");
	const struct finding *content;
	const char *size;

	if (!bulk || tx->direction != DIRECTION_INBOUND ||
	    find(tx, "LIST_WELCOME"))
		return;
	/* Findings move when one is added. */
	size = bulk->symbol;
	content = find_any(tx, stream_settings_of(tx->settings)->unasked);
	if (content)
		transaction_find(tx, "UNASKED_BULK", "%s and %s", size,
				 content->symbol)->score = 3.0;
	if (transaction_find_header(tx, "List-Unsubscribe"))
		return;
	transaction_find(tx, "BULK_NO_WAY_OUT", "%s without List-Unsubscribe",
			 size)->score = 1.0;
	if (is_deaf(tx))
		transaction_find(tx, "BULK_NO_REPLY", "%s and nobody to answer",
				 size)->score = 1.0;
}
