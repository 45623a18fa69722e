#include <config.h>

#include "fuzz/target.h"
#include "store/seal.h"
#include "store/storeerror.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span text = span_of((const char *)data, size);
	g_autoptr(GError) why = NULL;
	struct seal seal;

	if (seal_parse(text, &seal, &why))
		seal_is_signed(text, &seal);
	else
		BUG_IF(why->code != STORE_ERROR_DAMAGED);
	return 0;
}
