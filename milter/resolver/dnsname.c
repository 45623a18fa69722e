#include <config.h>

#include "resolver/dnsname.h"

#include <string.h>

bool dnsname_is_valid(const char *name)
{
	size_t label = 0, len = strlen(name);

	if (len == 0 || len > DNSNAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (name[i] == '.' && label == 0)
			return false;
		label = name[i] == '.' ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return label > 0;
}

const char *dnsname_reverse(const struct netaddr *addr, struct arena *arena)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *b = addr->bytes;
	char name[80], *at = name;

	if (addr->family == NETADDR_IP4)
		return arena_printf(arena, "%u.%u.%u.%u", b[15], b[14], b[13],
				    b[12]);
	for (int i = 15; i >= 0; i--) {
		*at++ = digits[b[i] & 15];
		*at++ = '.';
		*at++ = digits[b[i] >> 4];
		*at++ = '.';
	}
	at[-1] = '\0';
	return arena_text(arena, name);
}

const char *dnsname_of_address(const struct netaddr *addr,
			       struct arena *arena)
{
	return arena_printf(arena, "%s.%s", dnsname_reverse(addr, arena),
			    addr->family == NETADDR_IP4 ? "in-addr.arpa" :
			    "ip6.arpa");
}
