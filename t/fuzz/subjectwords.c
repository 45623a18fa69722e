#include <config.h>

#include "fuzz/target.h"
#include "store/subjectwords.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GArray) words = subjectwords_of(span_of((const char *)data,
							  size));

	BUG_IF(!subjectwords_has_all(words, words));
	return 0;
}
