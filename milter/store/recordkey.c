#include <config.h>

#include "store/recordkey.h"

#include "store/digest.h"
#include "store/recordview.h"
#include "store/subjectwords.h"

#include <string.h>

#define HASH_BYTES 8
#define LOCAL_BYTES 8

bool record_key_is_of(enum record_key_kind kind, unsigned version)
{
	if (kind <= RECORD_KEY_MINUTE)
		return true;
	return version >= (kind < RECORD_KEY_CUSTOMER ? 1 : 2);
}

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

	if (kind != RECORD_KEY_MESSAGE_ID && kind != RECORD_KEY_QUEUE_ID &&
	    kind != RECORD_KEY_SYMBOL) {
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
	switch (key->bytes[0]) {
	case RECORD_KEY_ACCOUNT:
	case RECORD_KEY_SENDER:
	case RECORD_KEY_SENDER_DOMAIN:
	case RECORD_KEY_RECIPIENT:
	case RECORD_KEY_RECIPIENT_DOMAIN:
	case RECORD_KEY_MESSAGE_ID:
	case RECORD_KEY_QUEUE_ID:
	case RECORD_KEY_SUBJECT_WORD:
	case RECORD_KEY_SYMBOL:
	case RECORD_KEY_CUSTOMER:
		return true;
	default:
		return false;
	}
}

struct record_key record_key_local(enum record_key_kind kind,
				   struct span local, uint8_t fill)
{
	struct record_key key = { .len = 1 + LOCAL_BYTES };

	key.bytes[0] = (uint8_t)kind;
	for (size_t i = 0; i < LOCAL_BYTES; i++)
		key.bytes[1 + i] = i < local.len ?
			(uint8_t)g_ascii_tolower(local.ptr[i]) : fill;
	return key;
}

struct span record_key_domain_of(struct span address)
{
	ptrdiff_t at = span_find_last(address, '@');

	return at < 0 ? span_of(NULL, 0) : span_from(address, (size_t)at + 1);
}

struct span record_key_local_of(struct span address)
{
	ptrdiff_t at = span_find_last(address, '@');

	return at < 0 ? address : span_first(address, (size_t)at);
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

/* The kinds of key that an address has. */
struct address_kinds {
	enum record_key_kind address, domain, local;
};

static const struct address_kinds sender_kinds = {
	RECORD_KEY_SENDER, RECORD_KEY_SENDER_DOMAIN, RECORD_KEY_SENDER_LOCAL,
};
static const struct address_kinds recipient_kinds = {
	RECORD_KEY_RECIPIENT, RECORD_KEY_RECIPIENT_DOMAIN,
	RECORD_KEY_RECIPIENT_LOCAL,
};

static void add_address(GArray *keys, const struct address_kinds *kinds,
			struct span address)
{
	struct span domain = record_key_domain_of(address);

	if (!address.len)
		return;
	add(keys, record_key_text(kinds->address, address));
	add(keys, record_key_local(kinds->local, record_key_local_of(address),
				   0));
	if (domain.len)
		add(keys, record_key_text(kinds->domain, domain));
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

static void add_words(GArray *keys, const Reeve__Message *message)
{
	g_autoptr(GArray) words = NULL;

	for (size_t i = 0; i < message->n_subject_words &&
			   i < SUBJECTWORDS_MAX; i++)
		add(keys, record_key_number(RECORD_KEY_SUBJECT_WORD,
					    message->subject_words[i]));
	if (!message->has_header_subject)
		return;
	words = subjectwords_of(RECORDVIEW_BYTES(message, header_subject));
	for (guint i = 0; i < words->len; i++)
		add(keys, record_key_number(RECORD_KEY_SUBJECT_WORD,
			g_array_index(words, uint64_t, i)));
}

static void add_symbols(GArray *keys, const Reeve__Message *message)
{
	for (size_t i = 0; i < message->n_findings; i++) {
		struct span symbol = span_text(message->findings[i]->symbol);

		if (symbol.len)
			add(keys, record_key_text(RECORD_KEY_SYMBOL, symbol));
	}
}

static void add_message(GArray *keys, const Reeve__Message *message)
{
	if (message->has_sender && !message->sender.len)
		add(keys, record_key_text(RECORD_KEY_SENDER,
					  span_text("<>")));
	add_address(keys, &sender_kinds, RECORDVIEW_BYTES(message, sender));
	for (size_t i = 0; i < message->n_recipients; i++)
		add_address(keys, &recipient_kinds, RECORDVIEW_BYTES(
				message->recipients[i], address));
	add_text(keys, RECORD_KEY_MESSAGE_ID, message->has_message_id,
		 &message->message_id);
	add_text(keys, RECORD_KEY_QUEUE_ID, message->has_queue_id,
		 &message->queue_id);
	if (message->customer)
		add(keys, record_key_text(RECORD_KEY_CUSTOMER,
					  span_text(message->customer)));
	add_words(keys, message);
	add_symbols(keys, message);
	if (message->evidence)
		add(keys, record_key_number(RECORD_KEY_EVIDENCE, 0));
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
	add(keys, record_key_number(RECORD_KEY_MINUTE,
				    end_us / RECORD_MINUTE_US));
	if (record->has_session_id)
		add(keys, record_key_number(RECORD_KEY_SESSION,
					    record->session_id));
	else if (record->session)
		add(keys, record_key_number(RECORD_KEY_SESSION, record->id));
	if (record->client)
		add_client(keys, record->client);
	if (record->message) {
		add_message(keys, record->message);
		add(keys, record_key_number(RECORD_KEY_ACTION,
					    recordview_action(record)));
	}
	if (record->session)
		add_text(keys, RECORD_KEY_ACCOUNT,
			 record->session->has_last_login,
			 &record->session->last_login);
	make_unique(keys);
	return keys;
}
