#include <config.h>

#include "bulk/limitkey.h"

#include "bulk/customers.h"

#include <string.h>

#define VALUE_MAX 400		/* bytes; counts tells longer ones apart */

static const char *lower(const char *text, struct arena *arena)
{
	char *copy = arena_span_text(arena, span_first(span_text(text),
						       VALUE_MAX));

	for (char *c = copy; *c; c++)
		*c = g_ascii_tolower(*c);
	return copy;
}

static uint8_t network_bits(const struct limit *limit,
			    const struct netaddr *addr)
{
	return (uint8_t)(addr->family == NETADDR_IP4 ? 96 + limit->prefix4 :
						       limit->prefix6);
}

static const char *address_value(const struct mailaddr *addr,
				 struct arena *arena)
{
	return addr->is_null ? NULL : lower(mailaddr_format(addr, arena),
					    arena);
}

static const char *domain_value(const struct mailaddr *addr)
{
	return addr->domain_ascii && *addr->domain_ascii ?
	       addr->domain_ascii : NULL;
}

static const char *client_value(const struct netaddr *addr,
				struct arena *arena)
{
	char text[NETADDR_TEXT_MAX];

	return addr->family == NETADDR_NONE ? NULL :
		arena_text(arena, netaddr_format(addr, text));
}

static const char *network_value(const struct netaddr *addr, uint8_t bits,
				 struct arena *arena)
{
	struct network net;
	char text[NETADDR_TEXT_MAX];

	if (addr->family == NETADDR_NONE)
		return NULL;
	net = network_around(addr, bits);
	return arena_text(arena, network_format(&net, text));
}

static const char *customer_value(const struct transaction *tx,
				  struct arena *arena)
{
	const struct customer *customer = customers_find(
		tx->settings, tx->client.login, &tx->client.addr);

	if (customer)
		return lower(customer->name, arena);
	return tx->customer ? lower(tx->customer, arena) : NULL;
}

static const char *make_part(const struct transaction *tx,
			     const struct limitkey_parts *parts,
			     enum limit_part part, struct arena *arena)
{
	const struct recipient *rcpt = parts->recipient ?
		&g_array_index(tx->recipients, struct recipient,
			       parts->recipient - 1) : NULL;

	switch (part) {
	case LIMIT_CLIENT:
		return client_value(&tx->client.addr, arena);
	case LIMIT_NETWORK:
		return network_value(&tx->client.addr, parts->bits, arena);
	case LIMIT_ACCOUNT:
		return tx->client.login ? lower(tx->client.login, arena) :
					  NULL;
	case LIMIT_CUSTOMER:
		return customer_value(tx, arena);
	case LIMIT_SENDER:
		return address_value(&tx->sender, arena);
	case LIMIT_SENDER_DOMAIN:
		return domain_value(&tx->sender);
	case LIMIT_RECIPIENT:
		return rcpt ? address_value(&rcpt->addr, arena) : NULL;
	case LIMIT_RECIPIENT_DOMAIN:
		return rcpt ? domain_value(&rcpt->addr) : NULL;
	case LIMIT_PARTS:
		break;
	}
	return NULL;
}

/* What was made for another recipient or prefix is forgotten. */
static void turn_to(struct limitkey_parts *parts, size_t recipient,
		    uint8_t bits)
{
	if (recipient != parts->recipient)
		parts->known &= ~(1u << LIMIT_RECIPIENT |
				  1u << LIMIT_RECIPIENT_DOMAIN);
	if (bits != parts->bits)
		parts->known &= ~(1u << LIMIT_NETWORK);
	parts->recipient = recipient;
	parts->bits = bits;
}

static const char *part_value(struct transaction *tx,
			      struct limitkey_parts *parts,
			      enum limit_part part)
{
	if (!(parts->known >> part & 1)) {
		parts->values[part] = make_part(tx, parts, part, &tx->arena);
		parts->known |= 1u << part;
	}
	return parts->values[part];
}

static const char *join(const char *one, const char *other,
			struct arena *arena)
{
	size_t len = strlen(one), other_len = strlen(other);
	char *text = arena_alloc(arena, len + 1 + other_len + 1);

	memcpy(text, one, len);
	text[len] = ',';
	memcpy(text + len + 1, other, other_len);
	return text;
}

const char *limitkey_of(struct transaction *tx,
			struct limitkey_parts *parts,
			const struct limit *limit, size_t recipient)
{
	const char *values[LIMIT_PARTS_MAX];

	if (!limit->is_any_direction && limit->direction != tx->direction)
		return NULL;
	turn_to(parts, recipient, network_bits(limit, &tx->client.addr));
	for (size_t i = 0; i < limit->part_count; i++) {
		enum limit_part part = limit->parts[i];

		values[i] = part_value(tx, parts, part);
		if (!values[i] || limit_is_exempt(limit, part, values[i],
						  &tx->client.addr))
			return NULL;
	}
	return limit->part_count == 1 ? values[0] :
		join(values[0], values[1], &tx->arena);
}

struct counts_key limitkey_counts(const struct limit *limit,
				  const char *value, struct arena *arena)
{
	size_t name_len = strlen(limit->name), value_len = strlen(value);
	char *bytes = arena_alloc(arena, name_len + 1 + value_len);
	bool is_things = limit->count == LIMIT_DISTINCT_RECIPIENTS ||
			 limit->count == LIMIT_SESSIONS;

	memcpy(bytes, limit->name, name_len);
	memcpy(bytes + name_len + 1, value, value_len);
	return (struct counts_key){
		is_things ? COUNTS_DISTINCT : COUNTS_AMOUNT, limit->window_s,
		span_of(bytes, name_len + 1 + value_len),
	};
}

bool limitkey_split(struct span bytes, struct arena *arena,
		    const char **limit_out, const char **value_out)
{
	ptrdiff_t nul = span_find(bytes, '\0');

	if (nul < 0)
		return false;
	*limit_out = arena_span_text(arena, span_first(bytes, (size_t)nul));
	*value_out = arena_span_text(arena, span_from(bytes,
						      (size_t)nul + 1));
	return true;
}
