#include <config.h>

#include "fuzz/target.h"
#include "resolver/dnsanswer.h"

#include <glib.h>

/* The first byte says what was asked for, the rest is the packet. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = {
		DNS_A, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA,
	};
	enum dns_type type = types[size ? data[0] % COUNT_OF(types) : 0];
	struct dnsanswer *answer;
	struct arena arena;

	arena_init(&arena);
	answer = dnsanswer_parse(span_from(span_of((const char *)data, size),
					   1), type);
	BUG_IF((answer->status == DNS_FOUND) != (answer->count > 0));
	for (size_t i = 0; i < answer->count; i++) {
		struct netaddr addr;
		const char *name;

		if (type == DNS_A || type == DNS_AAAA)
			(void)!dnsanswer_address(answer, i, &addr);
		if (type == DNS_TXT)
			BUG_IF(dnsanswer_text(answer, i, &arena).len >
			       answer->records[i].len);
		name = type == DNS_PTR || type == DNS_MX ?
		       dnsanswer_name(answer, i, type, &arena) : NULL;
		for (const char *c = name; c && *c; c++)
			BUG_IF(!g_ascii_isgraph(*c));
		(void)dnsanswer_preference(answer, i);
	}
	g_free(answer);
	arena_release(&arena);
	return 0;
}
