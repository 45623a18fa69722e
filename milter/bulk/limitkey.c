#include <config.h>

#include "bulk/limitkey.h"

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

static const char *network_value(const struct limit *limit,
				 const struct netaddr *addr,
				 struct arena *arena)
{
	unsigned bits = addr->family == NETADDR_IP4 ? 96 + limit->prefix4 :
						      limit->prefix6;
	struct network net = network_around(addr, (uint8_t)bits);
	char text[NETADDR_TEXT_MAX];

	return arena_text(arena, network_format(&net, text));
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

static const char *client_value(const struct limit *limit,
				enum limit_part part,
				const struct netaddr *addr,
				struct arena *arena)
{
	char text[NETADDR_TEXT_MAX];

	if (addr->family == NETADDR_NONE)
		return NULL;
	return part == LIMIT_NETWORK ? network_value(limit, addr, arena) :
		arena_text(arena, netaddr_format(addr, text));
}

static const char *customer_value(const struct transaction *tx,
				  struct arena *arena)
{
	const char *name = limit_settings_customer(
		tx->settings, tx->client.login, &tx->client.addr);

	return name ? lower(name, arena) : NULL;
}

static const char *part_value(const struct transaction *tx,
			      const struct limit *limit, enum limit_part part,
			      const struct recipient *rcpt,
			      struct arena *arena)
{
	switch (part) {
	case LIMIT_CLIENT:
	case LIMIT_NETWORK:
		return client_value(limit, part, &tx->client.addr, arena);
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

const char *limitkey_of(const struct transaction *tx,
			const struct limit *limit,
			const struct recipient *rcpt, struct arena *arena)
{
	const char *values[LIMIT_PARTS_MAX];

	if (!limit->is_any_direction && limit->direction != tx->direction)
		return NULL;
	for (size_t i = 0; i < limit->part_count; i++) {
		enum limit_part part = limit->parts[i];

		values[i] = part_value(tx, limit, part, rcpt, arena);
		if (!values[i] || limit_is_exempt(tx->settings, limit, part,
						  values[i], &tx->client.addr))
			return NULL;
	}
	return limit->part_count == 1 ? values[0] :
		arena_printf(arena, "%s,%s", values[0], values[1]);
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
