#include <config.h>

#include "store/erasure.h"

#include "store/recordview.h"

#include <string.h>

#define CLEAR(message, field)						\
	do {								\
		(message)->has_##field = 0;				\
		(message)->field.len = 0;				\
	} while (0)

static bool is_about_people(const struct search_query *query)
{
	return query->sender || query->account || query->recipient ||
	       query->customer || query->session ||
	       query->client.base.family != NETADDR_NONE;
}

bool erasure_is_of_sender(const struct search_query *query)
{
	return query->sender || query->account || query->customer ||
	       query->session || query->client.base.family != NETADDR_NONE ||
	       !is_about_people(query);
}

bool erasure_is_of_recipient(const struct search_query *query)
{
	return query->recipient || !is_about_people(query);
}

static void clear_client(Reeve__Client *client)
{
	if (!client)
		return;
	CLEAR(client, address);
	client->has_port = 0;
	CLEAR(client, name);
	client->has_name_verified = 0;
	CLEAR(client, helo);
	CLEAR(client, login);
	CLEAR(client, cert_subject);
	CLEAR(client, cert_issuer);
	CLEAR(client, cert_fingerprint);
}

static void clear_spf(Reeve__Spf *spf)
{
	if (!spf)
		return;
	CLEAR(spf, domain);
	CLEAR(spf, mechanism);
	spf->reason = NULL;
}

/* The results stay, but not whose they are. */
static void clear_auth(Reeve__Message *message)
{
	clear_spf(message->spf);
	clear_spf(message->spf_helo);
	for (size_t i = 0; i < message->n_dkim; i++) {
		CLEAR(message->dkim[i], domain);
		CLEAR(message->dkim[i], selector);
		message->dkim[i]->reason = NULL;
	}
	if (message->dmarc) {
		CLEAR(message->dmarc, domain);
		CLEAR(message->dmarc, record_domain);
		message->dmarc->reason = NULL;
	}
	if (message->arc) {
		CLEAR(message->arc, sealer);
		message->arc->reason = NULL;
	}
	if (message->iprev)
		CLEAR(message->iprev, name);
}

/* Details quote whatever was odd. */
static void clear_findings(Reeve__Message *message)
{
	for (size_t i = 0; i < message->n_findings; i++)
		message->findings[i]->detail = NULL;
}

static void clear_sender(Reeve__Message *message)
{
	CLEAR(message, sender);
	CLEAR(message, sender_raw);
	message->customer = NULL;
	CLEAR(message, message_id);
	CLEAR(message, header_from);
	CLEAR(message, header_subject);
	CLEAR(message, header_date);
	message->n_subject_words = 0;
	CLEAR(message, envid);
	CLEAR(message, other_parameters);
	clear_auth(message);
}

static void clear_recipient(Reeve__Recipient *rcpt)
{
	CLEAR(rcpt, address);
	CLEAR(rcpt, address_raw);
	CLEAR(rcpt, reason);
	CLEAR(rcpt, orcpt);
	CLEAR(rcpt, other_parameters);
	CLEAR(rcpt, mailer);
	CLEAR(rcpt, host);
}

static void clear_recipients(const struct erasure *erasure,
			     Reeve__Message *message)
{
	for (size_t i = 0; i < message->n_recipients; i++)
		if (!erasure->match->query->recipient ||
		    querymatch_is_recipient(erasure->match,
					    message->recipients[i]))
			clear_recipient(message->recipients[i]);
}

static void clear_record(const struct erasure *erasure, Reeve__Record *record,
			 Reeve__Erased *mark)
{
	const struct search_query *query = erasure->match->query;

	if (!record->erased)
		record->erased = mark;
	record->erased->has_when_us = 1;
	record->erased->when_us = erasure->when_us;
	record->has_previous_sha256 = 0;
	if (erasure_is_of_sender(query)) {
		record->erased->has_sender = record->erased->sender = 1;
		clear_client(record->client);
		if (record->session)
			CLEAR(record->session, last_login);
		if (record->message)
			clear_sender(record->message);
	}
	if (erasure_is_of_recipient(query) && record->message) {
		record->erased->has_recipients = record->erased->recipients = 1;
		clear_recipients(erasure, record->message);
	}
	if (record->message) {
		clear_findings(record->message);
		if (record->message->outcome)
			CLEAR(record->message->outcome, text);
	}
}

/* A newer program's fields are not known, and so not known to be about nobody.
 * message is any of record.proto, or NULL. */
static void forget_unknown(void *message)
{
	if (message)
		((ProtobufCMessage *)message)->n_unknown_fields = 0;
}

static void forget_in_message(Reeve__Message *message)
{
	void *parts[] = {
		message, message->spf, message->spf_helo, message->dmarc,
		message->arc, message->iprev, message->evidence,
		message->outcome,
	};

	for (size_t i = 0; i < COUNT_OF(parts); i++)
		forget_unknown(parts[i]);
	for (size_t i = 0; i < message->n_dkim; i++)
		forget_unknown(message->dkim[i]);
	for (size_t i = 0; i < message->n_findings; i++)
		forget_unknown(message->findings[i]);
	for (size_t i = 0; i < message->n_recipients; i++)
		forget_unknown(message->recipients[i]);
}

static bool apply(const struct erasure *erasure, struct span bytes,
		  bool is_session, GByteArray *out)
{
	Reeve__Erased mark = REEVE__ERASED__INIT;
	Reeve__Record *record;
	guint before = out->len;
	struct arena arena;
	bool is_wanted;

	arena_init(&arena);
	record = (Reeve__Record *)recordview_unpack(bytes, &arena);
	is_wanted = record && (is_session ? record->session != NULL :
			       querymatch_is(erasure->match, record));
	if (is_wanted) {
		forget_unknown(record);
		forget_unknown(record->client);
		forget_unknown(record->session);
		if (record->message)
			forget_in_message(record->message);
		clear_record(erasure, record, &mark);
		g_byte_array_set_size(out, before + (guint)
			reeve__record__get_packed_size(record));
		reeve__record__pack(record, out->data + before);
	}
	arena_release(&arena);
	return is_wanted;
}

bool erasure_apply(const struct erasure *erasure, struct span bytes,
		   GByteArray *out)
{
	return apply(erasure, bytes, false, out);
}

bool erasure_apply_to_session(const struct erasure *erasure, struct span bytes,
			      GByteArray *out)
{
	return apply(erasure, bytes, true, out);
}
