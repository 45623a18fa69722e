#include <config.h>

#include "fuzz/target.h"
#include "sender/dmarcrecord.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dmarc_record record;

	if (!dmarcrecord_parse(span_of((const char *)data, size), &record))
		return 0;
	BUG_IF(!record.policy);
	BUG_IF(record.percent > 100);
	BUG_IF(record.psd != 'y' && record.psd != 'n' && record.psd != 'u');
	return 0;
}
