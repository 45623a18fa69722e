#include <config.h>

#include "base/guard.h"
#include "content/clamdreply.h"
#include "fuzz/target.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct clamdreply reply = clamdreply_parse(
		span_of((const char *)data, size));

	BUG_IF(reply.kind > CLAMDREPLY_NONSENSE);
	BUG_IF(!memchr(reply.text, '\0', sizeof reply.text));
	BUG_IF(reply.kind == CLAMDREPLY_FOUND && !reply.text[0]);
	for (const char *c = reply.text; *c; c++)
		BUG_IF(*c < 0x20 || *c > 0x7e);
	return 0;
}
