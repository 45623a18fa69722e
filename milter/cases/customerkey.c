#include <config.h>

#include "cases/customerkey.h"

#include <string.h>

#define NETWORK_BYTES 19		/* 'n', family, length, address */

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

struct customer_key customerkey_bits(enum netaddr_family family, uint8_t bits)
{
	return (struct customer_key){
		.len = 3, .bytes = { 'n', (uint8_t)family,
				     (uint8_t)(128 - bits) },
	};
}

struct customer_key customerkey_network(const struct network *net)
{
	struct customer_key key = customerkey_bits(net->base.family,
						   net->bits);

	memcpy(key.bytes + key.len, net->base.bytes, sizeof net->base.bytes);
	key.len += sizeof net->base.bytes;
	return key;
}

bool customerkey_is_network(struct span key, enum netaddr_family family,
			    uint8_t *bits_out)
{
	if (key.len != NETWORK_BYTES || key.ptr[0] != 'n' ||
	    key.ptr[1] != (char)family || (uint8_t)key.ptr[2] > 128)
		return false;
	*bits_out = (uint8_t)(128 - (uint8_t)key.ptr[2]);
	return true;
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
