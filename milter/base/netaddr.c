#include <config.h>

#include "base/netaddr.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static void set_ip4(struct netaddr *addr, const void *four)
{
	addr->family = NETADDR_IP4;
	memcpy(addr->bytes, mapped, sizeof mapped);
	memcpy(addr->bytes + 12, four, 4);
}

static void set_ip6(struct netaddr *addr, const void *sixteen)
{
	memcpy(addr->bytes, sixteen, 16);
	addr->family = memcmp(sixteen, mapped, sizeof mapped) == 0 ?
		       NETADDR_IP4 : NETADDR_IP6;
}

bool netaddr_parse(struct span text, struct netaddr *addr_out)
{
	char copy[NETADDR_TEXT_MAX];
	uint8_t raw[16];

	if (text.len == 0 || text.len >= sizeof copy)
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	if (strlen(copy) != text.len)
		return false;
	if (inet_pton(AF_INET, copy, raw) == 1)
		set_ip4(addr_out, raw);
	else if (inet_pton(AF_INET6, copy, raw) == 1)
		set_ip6(addr_out, raw);
	else
		return false;
	return true;
}

bool netaddr_of_sockaddr(const struct sockaddr *from,
			 struct netaddr *addr_out, uint16_t *port_out)
{
	struct sockaddr_in in4;		/* copied: alignment is not promised */
	struct sockaddr_in6 in6;

	if (from->sa_family == AF_INET) {
		memcpy(&in4, from, sizeof in4);
		set_ip4(addr_out, &in4.sin_addr);
		if (port_out)
			*port_out = ntohs(in4.sin_port);
		return true;
	}
	if (from->sa_family == AF_INET6) {
		memcpy(&in6, from, sizeof in6);
		set_ip6(addr_out, &in6.sin6_addr);
		if (port_out)
			*port_out = ntohs(in6.sin6_port);
		return true;
	}
	return false;
}

bool netaddr_of_bytes(struct span bytes, struct netaddr *addr_out)
{
	if (bytes.len == 4)
		set_ip4(addr_out, bytes.ptr);
	else if (bytes.len == 16)
		set_ip6(addr_out, bytes.ptr);
	else
		return false;
	return true;
}

const char *netaddr_format(const struct netaddr *addr, char *buffer)
{
	buffer[0] = '\0';
	if (addr->family == NETADDR_IP4)
		inet_ntop(AF_INET, addr->bytes + 12, buffer, NETADDR_TEXT_MAX);
	else if (addr->family == NETADDR_IP6)
		inet_ntop(AF_INET6, addr->bytes, buffer, NETADDR_TEXT_MAX);
	return buffer;
}

int netaddr_compare(const struct netaddr *a, const struct netaddr *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

bool netaddr_is_loopback(const struct netaddr *addr)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (addr->family == NETADDR_IP4)
		return addr->bytes[12] == 127;
	return addr->family == NETADDR_IP6 &&
	       memcmp(addr->bytes, one, sizeof one) == 0;
}

bool netaddr_is_private(const struct netaddr *addr)
{
	const uint8_t *b = addr->bytes;

	if (addr->family == NETADDR_IP6)
		return netaddr_is_loopback(addr) || (b[0] & 0xfe) == 0xfc ||
		       (b[0] == 0xfe && (b[1] & 0xc0) == 0x80);
	b += 12;
	return addr->family == NETADDR_IP4 &&
	       (b[0] == 10 || b[0] == 127 || (b[0] == 169 && b[1] == 254) ||
		(b[0] == 172 && (b[1] & 0xf0) == 16) ||
		(b[0] == 192 && b[1] == 168) ||
		(b[0] == 100 && (b[1] & 0xc0) == 64));
}

struct network network_around(const struct netaddr *addr, uint8_t bits)
{
	struct network net = { *addr, bits };

	for (unsigned i = 0; i < 16; i++) {
		unsigned first = i * 8;

		if (bits <= first)
			net.base.bytes[i] = 0;
		else if (bits < first + 8)
			net.base.bytes[i] &=
				(uint8_t)(0xff00u >> (bits - first));
	}
	return net;
}

static GQuark netaddr_error(void)
{
	return g_quark_from_static_string("netaddr");
}

static bool parse_prefix(struct span digits, unsigned most, unsigned *bits_out)
{
	unsigned bits = 0;

	if (digits.len == 0 || digits.len > 3)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return false;
		bits = bits * 10 + (unsigned)(digits.ptr[i] - '0');
	}
	*bits_out = bits;
	return bits <= most;
}

bool network_parse(struct span text, struct network *net_out, GError **error)
{
	ptrdiff_t slash = span_find(text, '/');
	struct span host = slash < 0 ? text : span_first(text, (size_t)slash);
	struct netaddr addr;
	char shown[NETADDR_TEXT_MAX + 8];

	if (!netaddr_parse(host, &addr)) {
		g_autofree char *quoted = log_text(text);

		g_set_error(error, netaddr_error(), 0,
			    "%s is not an IP address or network", quoted);
		return false;
	}
	unsigned most = addr.family == NETADDR_IP4 ? 32 : 128, bits = most;

	if (slash >= 0 &&
	    !parse_prefix(span_from(text, (size_t)slash + 1), most, &bits)) {
		g_set_error(error, netaddr_error(), 0,
			    "the prefix length must be 0 to %u", most);
		return false;
	}
	*net_out = network_around(&addr, (uint8_t)(bits + 128 - most));
	if (netaddr_compare(&addr, &net_out->base) != 0) {
		network_format(net_out, shown);
		g_set_error(error, netaddr_error(), 0,
			    "bits are set behind the prefix: write %s", shown);
		return false;
	}
	return true;
}

bool network_has(const struct network *net, const struct netaddr *addr)
{
	struct network around;

	if (addr->family != net->base.family)
		return false;
	around = network_around(addr, net->bits);
	return netaddr_compare(&around.base, &net->base) == 0;
}

const char *network_format(const struct network *net, char *buffer)
{
	unsigned bits = net->bits;

	netaddr_format(&net->base, buffer);
	if (net->base.family == NETADDR_IP4 && bits >= 96)
		bits -= 96;
	size_t len = strlen(buffer);

	if (len < NETADDR_TEXT_MAX - 5)
		snprintf(buffer + len, 6, "/%u", bits);
	return buffer;
}

/* IPv4 and IPv6 apart: a network of one must not hide those of the other. */
struct netset {
	GArray *nets[2];		/* of struct network */
	bool is_sealed;
};

static unsigned list_of(const struct netaddr *addr)
{
	return addr->family == NETADDR_IP6;
}

struct netset *netset_new(void)
{
	struct netset *set = g_new0(struct netset, 1);

	for (unsigned i = 0; i < COUNT_OF(set->nets); i++)
		set->nets[i] = g_array_new(FALSE, FALSE,
					   sizeof(struct network));
	return set;
}

void netset_free(struct netset *set)
{
	if (!set)
		return;
	for (unsigned i = 0; i < COUNT_OF(set->nets); i++)
		g_array_unref(set->nets[i]);
	g_free(set);
}

void netset_add(struct netset *set, const struct network *net)
{
	BUG_IF(set->is_sealed);
	g_array_append_vals(set->nets[list_of(&net->base)], net, 1);
}

bool netset_add_list(struct netset *set, const GPtrArray *texts,
		     GError **error)
{
	for (guint i = 0; i < texts->len; i++) {
		struct network net;

		if (!network_parse(span_text(g_ptr_array_index(texts, i)),
				   &net, error))
			return false;
		netset_add(set, &net);
	}
	return true;
}

static int by_base_then_width(const void *a, const void *b)
{
	const struct network *x = a, *y = b;
	int order = netaddr_compare(&x->base, &y->base);

	return order ? order : (int)x->bits - (int)y->bits;
}

/* Drops networks that lie within the one before, so that what stays is
 * disjoint and one bisection is enough. */
static void seal_list(GArray *nets)
{
	guint kept = 0;

	g_array_sort(nets, by_base_then_width);
	for (guint i = 0; i < nets->len; i++) {
		struct network *net = &g_array_index(nets, struct network, i);

		if (kept && network_has(&g_array_index(nets, struct network,
						       kept - 1), &net->base))
			continue;
		g_array_index(nets, struct network, kept++) = *net;
	}
	g_array_set_size(nets, kept);
}

void netset_seal(struct netset *set)
{
	for (unsigned i = 0; i < COUNT_OF(set->nets); i++)
		seal_list(set->nets[i]);
	set->is_sealed = true;
}

bool netset_has(const struct netset *set, const struct netaddr *addr)
{
	const GArray *nets = set->nets[list_of(addr)];
	guint low = 0, high = nets->len;

	BUG_IF(!set->is_sealed);
	while (low < high) {
		guint mid = low + (high - low) / 2;
		const struct network *net =
			&g_array_index(nets, struct network, mid);

		if (netaddr_compare(&net->base, addr) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 &&
	       network_has(&g_array_index(nets, struct network, low - 1), addr);
}

size_t netset_size(const struct netset *set)
{
	return set->nets[0]->len + set->nets[1]->len;
}
