/* netaddr.h - IP addresses, networks, and sets of networks */
#ifndef BASE_NETADDR_H
#define BASE_NETADDR_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>
#include <stdint.h>
#include <sys/socket.h>

#define NETADDR_TEXT_MAX 64

enum netaddr_family { NETADDR_NONE, NETADDR_IP4, NETADDR_IP6 };

/*
 * An address in 16 bytes. IPv4 is kept as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2),
 * so that one order and one comparison serve both, and a mapped IPv6 address
 * is its IPv4 address.
 */
struct netaddr {
	enum netaddr_family family;
	uint8_t bytes[16];
};

/* A network: bits counts from the front of all 128, so an IPv4 /24 is 120. */
struct network {
	struct netaddr base;	/* bits behind the prefix are zero */
	uint8_t bits;		/* 0..128 */
};

/* Text without brackets or zone, e.g. 192.0.2.1 or 2001:db8::1. */
bool netaddr_parse(struct span text, struct netaddr *addr_out) MUST_USE;
/* AF_INET and AF_INET6 only; port_out (may be NULL) in host order. */
bool netaddr_of_sockaddr(const struct sockaddr *from,
			 struct netaddr *addr_out, uint16_t *port_out) MUST_USE;
/* 4 or 16 bytes in network order, as records and packets have them. */
bool netaddr_of_bytes(struct span bytes, struct netaddr *addr_out) MUST_USE;
/* Into a buffer of NETADDR_TEXT_MAX; returns it. NETADDR_NONE gives "". */
const char *netaddr_format(const struct netaddr *addr, char *buffer);
int netaddr_compare(const struct netaddr *a, const struct netaddr *b);
bool netaddr_is_loopback(const struct netaddr *addr);
/* Of a network that is nobody else's: RFC 1918, 4193, 6598,
 * loopback, link-local. */
bool netaddr_is_private(const struct netaddr *addr);

/* An address, or an address/prefix. Bits set behind the prefix are an error,
 * since such a line mostly means another network than it says. */
bool network_parse(struct span text, struct network *net_out, GError **error)
	MUST_USE;
bool network_has(const struct network *net, const struct netaddr *addr);
const char *network_format(const struct network *net, char *buffer);
/* The network of that many of the 128 bits around addr. */
struct network network_around(const struct netaddr *addr, uint8_t bits);

/* A set of networks, looked up by bisection. Read-only once sealed; then
 * any number of threads. */
struct netset;
struct netset *netset_new(void) MUST_USE;
void netset_free(struct netset *set);
void netset_add(struct netset *set, const struct network *net);
/* Networks and addresses as text; false at the first that is none. */
bool netset_add_list(struct netset *set, const GPtrArray *texts,
		     GError **error) MUST_USE;
void netset_seal(struct netset *set);
/* The set must be sealed. */
bool netset_has(const struct netset *set, const struct netaddr *addr);
size_t netset_size(const struct netset *set);

#endif
