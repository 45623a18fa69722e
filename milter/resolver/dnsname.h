/* dnsname.h - names that the DNS can be asked for */
#ifndef RESOLVER_DNSNAME_H
#define RESOLVER_DNSNAME_H

#include "base/arena.h"
#include "base/netaddr.h"

#define DNSNAME_MAX 253		/* bytes as text, without the last dot */

/* Whether it can be asked at all: 1 to 253 bytes, labels of 1 to 63. */
bool dnsname_is_valid(const char *name);
/* 4.3.2.1, or 32 digits of IPv6: what goes in front of a zone of addresses. */
const char *dnsname_reverse(const struct netaddr *addr, struct arena *arena);
/* 4.3.2.1.in-addr.arpa and its like of IPv6 (RFC 3596, 2.5). */
const char *dnsname_of_address(const struct netaddr *addr,
			       struct arena *arena);

#endif
