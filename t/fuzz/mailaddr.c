#include <config.h>

#include "fuzz/target.h"
#include "message/mailaddr.h"

#include <string.h>

static void check_within(struct span part)
{
	/* Under ASan a read past the arena's block shows. */
	volatile unsigned sum = 0;

	for (size_t i = 0; i < part.len; i++)
		sum += (unsigned char)part.ptr[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;

	arena_init(&arena);
	struct mailaddr addr = mailaddr_parse(
		span_of((const char *)data, size), &arena);
	const char *shown = mailaddr_format(&addr, &arena);

	check_within(addr.raw);
	check_within(addr.local);
	check_within(addr.domain);
	check_within(addr.route);
	BUG_IF(!addr.domain_ascii);
	for (const char *c = addr.domain_ascii; *c; c++)
		BUG_IF(*c < '-' || *c > 'z' || (*c >= 'A' && *c <= 'Z'));
	for (const char *c = shown; *c; c++)
		BUG_IF((unsigned char)*c < 0x20 || *c == 0x7f);
	BUG_IF(addr.is_null && addr.local.len);
	arena_release(&arena);
	return 0;
}
