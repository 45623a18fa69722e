#include <config.h>

#include "store/recordkey.h"

#include "store/digest.h"

#include <string.h>

#define HASH_BYTES 8

struct record_key record_key_client(const struct netaddr *addr)
{
	struct record_key key = { .len = 1 + sizeof addr->bytes };

	key.bytes[0] = RECORD_KEY_CLIENT;
	memcpy(key.bytes + 1, addr->bytes, sizeof addr->bytes);
	return key;
}

struct record_key record_key_number(enum record_key_kind kind, uint64_t number)
{
	struct record_key key = { .len = 1 + sizeof number };

	key.bytes[0] = (uint8_t)kind;
	for (size_t i = sizeof number; i > 0; i--, number >>= 8)
		key.bytes[i] = (uint8_t)number;
	return key;
}

struct record_key record_key_text(enum record_key_kind kind, struct span text)
{
	struct record_key key = { .len = 1 + HASH_BYTES };
	uint8_t hash[DIGEST_SHA256_BYTES];
	g_autofree char *lower = NULL;

	if (kind != RECORD_KEY_MESSAGE_ID && kind != RECORD_KEY_QUEUE_ID) {
		lower = g_ascii_strdown(text.len ? text.ptr : "",
					(gssize)text.len);
		text.ptr = lower;
	}
	digest_sha256(text, hash);
	key.bytes[0] = (uint8_t)kind;
	memcpy(key.bytes + 1, hash, HASH_BYTES);
	return key;
}

bool record_key_is_hash(const struct record_key *key)
{
	return key->bytes[0] >= RECORD_KEY_ACCOUNT &&
	       key->bytes[0] <= RECORD_KEY_QUEUE_ID;
}

struct span record_key_domain_of(struct span address)
{
	ptrdiff_t at = span_find_last(address, '@');

	return at < 0 ? span_of(NULL, 0) : span_from(address, (size_t)at + 1);
}

static void add(GArray *keys, struct record_key key)
{
	g_array_append_val(keys, key);
}

static void add_text(GArray *keys, enum record_key_kind kind,
		     protobuf_c_boolean has, const ProtobufCBinaryData *data)
{
	if (has && data->len)
		add(keys, record_key_text(kind, span_of((char *)data->data,
							data->len)));
}

static void add_domain(GArray *keys, enum record_key_kind kind,
		       const ProtobufCBinaryData *address)
{
	struct span domain = record_key_domain_of(
		span_of((char *)address->data, address->len));

	if (domain.len)
		add(keys, record_key_text(kind, domain));
}

static void add_client(GArray *keys, const Reeve__Client *client)
{
	struct netaddr addr;

	if (client->has_address &&
	    netaddr_of_bytes(span_of((char *)client->address.data,
				     client->address.len), &addr))
		add(keys, record_key_client(&addr));
	add_text(keys, RECORD_KEY_ACCOUNT, client->has_login, &client->login);
}

static void add_message(GArray *keys, const Reeve__Message *message)
{
	if (message->has_sender && message->sender.len) {
		add_text(keys, RECORD_KEY_SENDER, TRUE, &message->sender);
		add_domain(keys, RECORD_KEY_SENDER_DOMAIN, &message->sender);
	} else if (message->has_sender) {
		add(keys, record_key_text(RECORD_KEY_SENDER,
					  span_text("<>")));
	}
	for (size_t i = 0; i < message->n_recipients; i++) {
		const Reeve__Recipient *rcpt = message->recipients[i];

		add_text(keys, RECORD_KEY_RECIPIENT, rcpt->has_address,
			 &rcpt->address);
		if (rcpt->has_address)
			add_domain(keys, RECORD_KEY_RECIPIENT_DOMAIN,
				   &rcpt->address);
	}
	add_text(keys, RECORD_KEY_MESSAGE_ID, message->has_message_id,
		 &message->message_id);
	add_text(keys, RECORD_KEY_QUEUE_ID, message->has_queue_id,
		 &message->queue_id);
}

static gint by_bytes(gconstpointer a, gconstpointer b)
{
	const struct record_key *x = a, *y = b;
	int order = memcmp(x->bytes, y->bytes, MIN(x->len, y->len));

	return order ? order : (int)x->len - (int)y->len;
}

static void make_unique(GArray *keys)
{
	guint kept = 0;

	g_array_sort(keys, by_bytes);
	for (guint i = 0; i < keys->len; i++) {
		struct record_key *key =
			&g_array_index(keys, struct record_key, i);

		if (kept && by_bytes(key, &g_array_index(
				keys, struct record_key, kept - 1)) == 0)
			continue;
		g_array_index(keys, struct record_key, kept++) = *key;
	}
	g_array_set_size(keys, kept);
}

GArray *record_keys_of(const Reeve__Record *record)
{
	GArray *keys = g_array_sized_new(FALSE, FALSE,
					 sizeof(struct record_key), 12);
	uint64_t end_us = (uint64_t)record->began_us +
			  (uint64_t)record->lasted_us;

	add(keys, record_key_number(RECORD_KEY_ID, record->id));
	add(keys, record_key_number(RECORD_KEY_MINUTE, end_us / RECORD_MINUTE_US));
	if (record->has_session_id)
		add(keys, record_key_number(RECORD_KEY_SESSION,
					    record->session_id));
	else if (record->session)
		add(keys, record_key_number(RECORD_KEY_SESSION, record->id));
	if (record->client)
		add_client(keys, record->client);
	if (record->message)
		add_message(keys, record->message);
	if (record->session)
		add_text(keys, RECORD_KEY_ACCOUNT,
			 record->session->has_last_login,
			 &record->session->last_login);
	make_unique(keys);
	return keys;
}
