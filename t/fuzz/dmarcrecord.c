#include <config.h>

#include "fuzz/target.h"
#include "sender/dmarcrecord.h"
#include "sender/reporturi.h"

#include <string.h>

/* Addresses go into headers, and to a program as an argument. */
static void look_at_addresses(const struct dmarc_record *record)
{
	struct span list = record->reports;
	struct report_uri uri;
	struct arena arena;
	bool is_any = false;

	arena_init(&arena);
	while (list.len) {
		size_t before = list.len;

		if (reporturi_next(&list, &uri, &arena)) {
			is_any = true;
			BUG_IF(*uri.address == '-');
			BUG_IF(!g_str_has_suffix(uri.address, uri.domain));
			for (const char *c = uri.address; *c; c++)
				BUG_IF(!g_ascii_isgraph(*c) ||
				       strchr("<>()\",;:\\|`$", *c));
		}
		BUG_IF(list.len >= before);
	}
	BUG_IF(is_any != record->has_reports);
	arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dmarc_record record;

	if (!dmarcrecord_parse(span_of((const char *)data, size), &record))
		return 0;
	BUG_IF(!record.policy);
	BUG_IF(record.percent > 100);
	BUG_IF(record.psd != 'y' && record.psd != 'n' && record.psd != 'u');
	look_at_addresses(&record);
	return 0;
}
