#include <config.h>

#include "fuzz/target.h"

#include "cases/complaint.h"
#include "catalog.h"

/* See packed.c. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

/* A mail to the abuse desk: a report, a forwarded message,
 * JSON, or none of them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct session_facts session = { .messages = 0 };
	static struct settings *settings;
	enum complaint_refusal refusal;
	struct transaction tx;
	struct complaint got;
	const char *why;

	if (size > 65536)
		return 0;
	if (!settings)
		settings = settings_parse("fuzz", span_text(""), catalog, NULL);
	BUG_IF(!settings);
	transaction_init(&tx, settings, &session);
	refusal = complaint_read(&tx, span_of((const char *)data, size), &got,
				 &why);
	BUG_IF((refusal == COMPLAINT_READ) != !why);
	BUG_IF(got.hop_count > COMPLAINT_HOPS_MAX);
	BUG_IF(got.queue_id_count > COMPLAINT_HOPS_MAX);
	BUG_IF(refusal == COMPLAINT_READ && !*got.kind);
	transaction_release(&tx);
	return 0;
}
