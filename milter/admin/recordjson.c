#include <config.h>

#include "admin/recordjson.h"

#include "admin/authjson.h"
#include "store/evidence.h"
#include "store/hex.h"
#include "verdict/annotate.h"

#include <inttypes.h>
#include <stdio.h>

static void put_text(json_t *object, const char *key, const char *text)
{
	if (text && *text)
		json_object_set_new(object, key, json_string(text));
}

static void put_bytes(json_t *object, const char *key, struct span bytes)
{
	if (!bytes.len)
		return;
	g_autofree char *valid = g_utf8_make_valid(bytes.ptr,
						   (gssize)bytes.len);

	put_text(object, key, valid);
}

static void put_number(json_t *object, const char *key, int64_t number)
{
	json_object_set_new(object, key, json_integer(number));
}

#define PUT_BYTES(object, key, message, field) \
	put_bytes((object), (key), RECORDVIEW_BYTES((message), field))
#define PUT_NUMBER(object, key, message, field) \
	do { \
		if ((message)->has_##field) \
			put_number((object), (key), \
				   (int64_t)(message)->field); \
	} while (0)

/* RFC 3339 with microseconds, UTC. */
static void put_time(json_t *object, const char *key, int64_t time_us)
{
	g_autoptr(GDateTime) time =
		g_date_time_new_from_unix_utc(time_us / G_USEC_PER_SEC);

	if (!time)
		return;
	g_autofree char *day = g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");
	g_autofree char *whole = g_strdup_printf(
		"%s.%06dZ", day, (int)(time_us % G_USEC_PER_SEC));

	put_text(object, key, whole);
}

static json_t *client_object(const Reeve__Record *record)
{
	json_t *object = json_object();
	const Reeve__Client *client = record->client;
	struct netaddr addr;
	char text[NETADDR_TEXT_MAX];

	if (recordview_client(record, &addr))
		put_text(object, "address", netaddr_format(&addr, text));
	if (!client)
		return object;
	PUT_NUMBER(object, "port", client, port);
	PUT_BYTES(object, "name", client, name);
	if (client->has_name)
		json_object_set_new(object, "name_verified",
				    json_boolean(client->name_verified));
	PUT_BYTES(object, "helo", client, helo);
	PUT_BYTES(object, "login", client, login);
	PUT_BYTES(object, "login_mechanism", client, login_mechanism);
	PUT_BYTES(object, "tls_version", client, tls_version);
	PUT_BYTES(object, "tls_cipher", client, tls_cipher);
	PUT_NUMBER(object, "tls_bits", client, tls_bits);
	PUT_BYTES(object, "cert_subject", client, cert_subject);
	PUT_BYTES(object, "cert_issuer", client, cert_issuer);
	PUT_BYTES(object, "cert_fingerprint", client, cert_fingerprint);
	PUT_BYTES(object, "daemon_name", client, daemon_name);
	PUT_BYTES(object, "daemon_address", client, daemon_address);
	PUT_BYTES(object, "daemon_port", client, daemon_port);
	PUT_BYTES(object, "mta_host", client, mta_host);
	PUT_BYTES(object, "mta_version", client, mta_version);
	PUT_BYTES(object, "socket_path", client, socket_path);
	return object;
}

static json_t *recipients_array(const Reeve__Message *message)
{
	json_t *array = json_array();

	for (size_t i = 0; i < message->n_recipients; i++) {
		const Reeve__Recipient *rcpt = message->recipients[i];
		json_t *object = json_object();

		PUT_BYTES(object, "address", rcpt, address);
		PUT_BYTES(object, "address_raw", rcpt, address_raw);
		put_text(object, "state", recordview_rcpt_state_word(
				recordview_rcpt_state(rcpt)));
		PUT_NUMBER(object, "code", rcpt, code);
		put_text(object, "enhanced", rcpt->enhanced);
		PUT_BYTES(object, "reason", rcpt, reason);
		PUT_BYTES(object, "notify", rcpt, notify);
		PUT_BYTES(object, "orcpt", rcpt, orcpt);
		PUT_BYTES(object, "parameters", rcpt, other_parameters);
		PUT_BYTES(object, "mailer", rcpt, mailer);
		PUT_BYTES(object, "host", rcpt, host);
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *findings_array(const Reeve__Message *message)
{
	json_t *array = json_array();

	for (size_t i = 0; i < message->n_findings; i++) {
		const Reeve__Finding *finding = message->findings[i];
		json_t *object = json_object();

		put_text(object, "symbol", finding->symbol);
		json_object_set_new(object, "score",
				    json_real(finding->score));
		put_text(object, "detail", finding->detail);
		PUT_NUMBER(object, "recipient", finding, recipient);
		if (finding->demand)
			put_text(object, "demand", action_word(
					recordview_demand(finding)));
		json_array_append_new(array, object);
	}
	return array;
}

static void put_words(json_t *object, const Reeve__Message *message)
{
	json_t *array;

	if (!message->n_subject_words)
		return;
	array = json_array();
	for (size_t i = 0; i < message->n_subject_words; i++)
		json_array_append_new(array, json_sprintf(
			"%016" PRIx64, message->subject_words[i]));
	json_object_set_new(object, "subject_words", array);
}

static void put_sizes(json_t *object, const Reeve__Message *message)
{
	PUT_NUMBER(object, "header_count", message, header_count);
	PUT_NUMBER(object, "header_bytes", message, header_bytes);
	PUT_NUMBER(object, "headers_dropped", message, headers_dropped);
	PUT_NUMBER(object, "headers_cut", message, headers_cut);
	PUT_NUMBER(object, "body_bytes", message, body_bytes);
	if (message->body_bytes_at_least)
		json_object_set_new(object, "body_bytes_at_least",
				    json_true());
	PUT_NUMBER(object, "recipients_dropped", message, recipients_dropped);
	if (message->campaign) {
		char campaign[17];

		snprintf(campaign, sizeof campaign, "%016" PRIx64,
			 message->campaign);
		json_object_set_new(object, "campaign", json_string(campaign));
	}
}

static void put_evidence(json_t *object, const Reeve__Record *record)
{
	const Reeve__Evidence *evidence = record->message->evidence;
	struct evidence_place place;

	if (!evidence_of_record(record, &place))
		return;
	g_autofree char *sha256 = hex_format(place.sha256,
					     sizeof place.sha256);
	g_autofree char *path = evidence_path(".", &place);
	json_t *facts = json_pack("{s:s, s:I, s:b, s:b, s:s}", "sha256",
		sha256, "bytes",
		(json_int_t)evidence->bytes, "is_complete", !evidence->cut,
		"held", evidence->held, "file", path + 2);

	put_text(facts, "why", evidence->why);
	json_object_set_new(object, "evidence", facts);
}

static void put_message(json_t *object, const Reeve__Record *record)
{
	const Reeve__Message *message = record->message;
	const Reeve__Outcome *outcome = message->outcome;
	char session[RECORD_ID_SIZE];

	put_text(object, "session", recordview_session_id(record, session));
	put_text(object, "direction",
		 direction_word(recordview_direction(record)));
	put_text(object, "ending", ending_word(recordview_ending(record)));
	put_text(object, "stage", recordview_stage_word(record));
	put_text(object, "verdict", action_word(recordview_action(record)));
	if (message->monitored)
		json_object_set_new(object, "monitored", json_true());
	if (outcome) {
		PUT_NUMBER(object, "code", outcome, code);
		put_text(object, "enhanced", outcome->enhanced);
		PUT_BYTES(object, "text", outcome, text);
		json_object_set_new(object, "score",
				    json_real(outcome->score));
	}
	PUT_BYTES(object, "queue_id", message, queue_id);
	if (message->customer)
		json_object_set_new(object, "customer",
				    json_string(message->customer));
	put_bytes(object, "sender", recordview_sender(record));
	PUT_BYTES(object, "sender_raw", message, sender_raw);
	json_object_set_new(object, "recipients", recipients_array(message));
	json_object_set_new(object, "findings", findings_array(message));
	PUT_BYTES(object, "message_id", message, message_id);
	PUT_BYTES(object, "header_from", message, header_from);
	PUT_BYTES(object, "header_subject", message, header_subject);
	put_words(object, message);
	PUT_BYTES(object, "header_date", message, header_date);
	put_sizes(object, message);
	PUT_NUMBER(object, "size_declared_bytes", message,
		   size_declared_bytes);
	PUT_BYTES(object, "body_type", message, body_type);
	put_evidence(object, record);
	if (message->smtputf8)
		json_object_set_new(object, "smtputf8", json_true());
	PUT_BYTES(object, "ret", message, ret);
	PUT_BYTES(object, "envid", message, envid);
	PUT_BYTES(object, "parameters", message, other_parameters);
}

static void put_auth(json_t *object, const Reeve__Record *record)
{
	struct arena arena;
	struct auth auth;

	/* Of outbound mail, and of what never came to its end,
	 * none is known. */
	if (recordview_direction(record) != DIRECTION_INBOUND ||
	    recordview_ending(record) != ENDING_COMPLETE)
		return;
	arena_init(&arena);
	auth = recordview_auth(record, &arena);
	json_object_set_new(object, "auth", authjson_object(&auth));
	g_array_unref(auth.dkim);
	arena_release(&arena);
}

static void put_session(json_t *object, const Reeve__Session *session)
{
	PUT_NUMBER(object, "messages", session, messages);
	PUT_NUMBER(object, "recipients_accepted", session,
		   recipients_accepted);
	PUT_NUMBER(object, "recipients_refused", session, recipients_refused);
	PUT_NUMBER(object, "unknown_commands", session, unknown_commands);
	PUT_BYTES(object, "last_login", session, last_login);
}

json_t *recordjson_record(const Reeve__Record *record, uint64_t sequence)
{
	json_t *object = json_object();
	char id[RECORD_ID_SIZE];

	put_text(object, "id", recordview_id(record, id));
	put_number(object, "sequence", (int64_t)sequence);
	put_text(object, "kind",
		 recordview_kind_word(recordview_kind(record)));
	put_time(object, "began", recordview_began_us(record));
	put_time(object, "ended", recordview_ended_us(record));
	if (record->erased)
		put_time(object, "erased", record->erased->when_us);
	json_object_set_new(object, "client", client_object(record));
	if (record->message) {
		put_message(object, record);
		put_auth(object, record);
	}
	if (record->session)
		put_session(object, record->session);
	return object;
}

static json_t *tx_findings_array(const struct transaction *tx)
{
	json_t *array = json_array();

	for (guint i = 0; i < tx->findings->len; i++) {
		const struct finding *finding =
			&g_array_index(tx->findings, struct finding, i);
		json_t *object = json_object();

		put_text(object, "symbol", finding->symbol);
		json_object_set_new(object, "score",
				    json_real(finding->score));
		json_object_set_new(object, "detail", json_string(
				finding->detail ? finding->detail : ""));
		if (finding->recipient)
			put_number(object, "recipient",
				   (int64_t)finding->recipient);
		put_text(object, "meaning", finding->meaning);
		put_text(object, "evidence", finding->evidence);
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *headers_array(struct transaction *tx)
{
	json_t *array = json_array();
	g_autoptr(GArray) lines = annotate(tx);

	for (guint i = 0; i < lines->len; i++) {
		const struct annotation *line =
			&g_array_index(lines, struct annotation, i);

		json_array_append_new(array, json_pack("{s:s, s:s}",
			"name", line->name, "value", line->value));
	}
	return array;
}

json_t *recordjson_verdict(struct transaction *tx)
{
	const struct outcome *outcome = &tx->outcome;

	return json_pack("{s:s, s:i, s:s, s:s, s:f, s:s, s:s, s:o, s:o, s:o}",
			 "verdict", action_word(outcome->action),
			 "code", outcome->code,
			 "enhanced", outcome->enhanced ?: "",
			 "text", outcome->text ?: "",
			 "score", outcome->score,
			 "direction", direction_word(tx->direction),
			 "customer", tx->customer ?: "",
			 "findings", tx_findings_array(tx), "auth",
			 authjson_object(&tx->auth), "headers", headers_array(tx));
}
