#include <config.h>

#include "bulk/countentry.h"
#include "fuzz/target.h"

#define NOW_US INT64_C(1700000000000000)

/* What a page gives is asked everything, and comes back from its own bytes. */
static void use(struct countentry *entry)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	const uint8_t *at, *end;
	struct countentry *again;

	countentry_pack(entry, out);
	at = out->data;
	end = at + out->len;
	again = countentry_unpack(&at, end);
	BUG_IF(!again || at != end);
	for (int64_t now_us = NOW_US; now_us < 3 * NOW_US; now_us += NOW_US) {
		uint64_t count = countentry_count(entry, now_us);

		BUG_IF(count != countentry_count(again, now_us));
		BUG_IF(countentry_frees_us(entry, count, now_us) >
		       now_us + WINDOW_JITTER_US);
		BUG_IF(countentry_frees_us(entry, 0, now_us) >
		       now_us + (int64_t)entry->window_s * G_USEC_PER_SEC +
		       WINDOW_JITTER_US);
		BUG_IF(countentry_is_over(entry, now_us) && count);
	}
	countentry_clear(entry);
	BUG_IF(countentry_count(entry, NOW_US));
	countentry_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *at = data, *end = data + size;
	struct countentry *entry;

	if (!countentry_enter_page(&at, end))
		return 0;
	while ((entry = countentry_unpack(&at, end))) {
		use(entry);
		countentry_free(entry);
	}
	return 0;
}
