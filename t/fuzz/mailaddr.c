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
	(void)sum;
}

static void check_domain(const char *domain)
{
	for (const char *c = domain; *c; c++)
		BUG_IF(!g_ascii_islower(*c) && !g_ascii_isdigit(*c) &&
		       !strchr("-_.", *c));
}

/* The one form of a domain is its own one form. */
static void check_form(const char *domain, struct arena *arena)
{
	const char *again = mailaddr_domain_ascii(span_text(domain), arena);

	BUG_IF(*domain && (!again || strcmp(again, domain) != 0));
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
	check_domain(addr.domain_ascii);
	check_form(addr.domain_ascii, &arena);
	if (addr.hidden_domain) {
		check_domain(addr.hidden_domain);
		check_form(addr.hidden_domain, &arena);
	}
	BUG_IF(!g_utf8_validate(shown, -1, NULL));
	for (const char *c = shown; *c; c++)
		BUG_IF((unsigned char)*c < 0x20 || *c == 0x7f);
	BUG_IF(addr.is_null && addr.local.len);
	arena_release(&arena);
	return 0;
}
