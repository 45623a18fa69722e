#include <config.h>

#include "cases/customerkey.h"

#include <string.h>

#define NETWORK_BYTES 19		/* 'n', family, base, length */

struct span customerkey_span(const struct customer_key *key)
{
	return span_of((const char *)key->bytes, key->len);
}

static void add_text(struct customer_key *key, const char *text)
{
	for (size_t i = 0; text[i] && i < CUSTOMER_ACCOUNT_MAX; i++)
		key->bytes[key->len++] = (uint8_t)g_ascii_tolower(text[i]);
}

struct customer_key customerkey_id(const char *id)
{
	struct customer_key key = { .len = 0 };

	add_text(&key, id);
	return key;
}

struct customer_key customerkey_network(const struct network *net)
{
	struct customer_key key = {
		.len = NETWORK_BYTES,
		.bytes = { 'n', (uint8_t)net->base.family },
	};

	for (size_t i = 0; i < sizeof net->base.bytes; i++)
		key.bytes[2 + i] = (uint8_t)~net->base.bytes[i];
	key.bytes[NETWORK_BYTES - 1] = (uint8_t)(128 - net->bits);
	return key;
}

bool customerkey_is_network(struct span key, enum netaddr_family family,
			    struct network *net_out)
{
	if (key.len != NETWORK_BYTES || key.ptr[0] != 'n' ||
	    key.ptr[1] != (char)family ||
	    (uint8_t)key.ptr[NETWORK_BYTES - 1] > 128)
		return false;
	net_out->base.family = family;
	for (size_t i = 0; i < sizeof net_out->base.bytes; i++)
		net_out->base.bytes[i] = (uint8_t)~key.ptr[2 + i];
	net_out->bits = (uint8_t)(128 - (uint8_t)key.ptr[NETWORK_BYTES - 1]);
	return true;
}

uint8_t customerkey_common_bits(const struct netaddr *a,
				const struct netaddr *b)
{
	uint8_t bits = 0;

	while (bits < 128 && !((a->bytes[bits / 8] ^ b->bytes[bits / 8]) &
			       0x80 >> bits % 8))
		bits++;
	return bits;
}

struct customer_key customerkey_of(enum customer_field field,
				   const char *value)
{
	struct customer_key key = { .len = 1 };
	struct network net;

	if (field == CUSTOMER_FIELD_NETWORKS &&
	    network_parse(span_text(value), &net, NULL))
		return customerkey_network(&net);
	key.bytes[0] = field == CUSTOMER_FIELD_ACCOUNTS ? 'a' :
		       field == CUSTOMER_FIELD_DOMAINS ? 'd' : '?';
	add_text(&key, value);
	return key;
}

bool customerkey_step(struct customer_key *key, struct span seen)
{
	if (seen.len >= sizeof key->bytes)
		return false;
	memmove(key->bytes, seen.ptr, seen.len);
	key->bytes[seen.len] = 0;
	key->len = seen.len + 1;
	return true;
}
