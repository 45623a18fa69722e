#include <config.h>

#include "fuzz/target.h"

#include "base/guard.h"
#include "message/imagesize.h"

/* Any bytes as each kind of image. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (unsigned kind = 0; kind < IMAGE_KINDS; kind++) {
		struct imagesize found = { 0, 0 };
		bool is_found = imagesize_read((enum image_kind)kind,
			span_of((const char *)data, size), &found);

		BUG_IF(is_found != (found.width && found.height));
		BUG_IF(is_found && kind != IMAGE_PNG &&
		       (found.width > 65535 || found.height > 65535));
	}
	return 0;
}
