#include <config.h>

#include "admin/recordwords.h"

#include "admin/admin.h"
#include "admin/authwords.h"
#include "message/encodedword.h"

#include <inttypes.h>
#include <stdio.h>

#define LABEL_WIDTH 12

/* Control and format characters (those that turn the direction of writing, too)
 * and lines' ends must not reach a terminal. */
static char *printable(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_autoptr(GString) out = g_string_new(NULL);

	for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);

		g_string_append_unichar(out, g_unichar_isprint(c) ? c :
					     0xFFFD);
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

void recordwords_line(const char *label, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	g_autofree char *raw = g_strdup_vprintf(fmt, args);

	va_end(args);
	g_autofree char *text = printable(raw);

	printf("%-*s%s\n", LABEL_WIDTH, label, text);
}

static char *text_of(struct span bytes)
{
	return g_strndup(bytes.len ? bytes.ptr : "", bytes.len);
}

static void put_bytes(const char *label, struct span bytes)
{
	g_autofree char *text = text_of(bytes);

	if (*text)
		recordwords_line(label, "%s", text);
}

#define PUT_BYTES(label, message, field) \
	put_bytes((label), RECORDVIEW_BYTES((message), field))

static void add_bytes(GString *out, const char *before, struct span bytes,
		      const char *behind)
{
	if (!bytes.len)
		return;
	g_string_append(out, before);
	g_string_append_len(out, bytes.ptr, (gssize)bytes.len);
	g_string_append(out, behind);
}

#define ADD_BYTES(out, before, message, field, behind) \
	add_bytes((out), (before), RECORDVIEW_BYTES((message), field), (behind))

static void put_times(const Reeve__Record *record)
{
	int64_t began_us = recordview_began_us(record);
	int64_t ended_us = recordview_ended_us(record);
	g_autofree char *began = admin_format_time(began_us);
	g_autofree char *ended = admin_format_time(ended_us);

	recordwords_line("began", "%s", began);
	recordwords_line("ended", "%s, %.3f s later", ended,
			 ((double)ended_us - (double)began_us) / 1e6);
}

/* That something is not there says nothing about the message then. */
static void put_erased(const Reeve__Erased *erased)
{
	g_autofree char *when = admin_format_time(erased->when_us);

	recordwords_line("erased", "%s, %s%s%s", when,
			 erased->sender ? "who sent it" : "",
			 erased->sender && erased->recipients ? ", " : "",
			 erased->recipients ? "recipients" : "");
}

static void put_connection(const Reeve__Record *record)
{
	const Reeve__Client *client = record->client;
	g_autoptr(GString) out = g_string_new(NULL);
	char text[NETADDR_TEXT_MAX];
	struct netaddr addr;
	bool is_erased = record->erased && record->erased->sender;

	g_string_append(out, recordview_client(record, &addr) ?
			     netaddr_format(&addr, text) :
			     is_erased ? "erased" : "on this machine");
	if (client->has_port)
		g_string_append_printf(out, " port %" PRIu32, client->port);
	ADD_BYTES(out, " through ", client, socket_path, "");
	if (client->has_name) {
		ADD_BYTES(out, ", by its name ", client, name, "");
		g_string_append(out, client->name_verified ?
				     " (which leads back to it)" :
				     " (which does not lead back to it)");
	}
	recordwords_line("client", "%s", out->str);
	PUT_BYTES("HELO", client, helo);
}

static void put_proofs(const Reeve__Client *client)
{
	g_autoptr(GString) login = g_string_new(NULL);
	g_autoptr(GString) tls = g_string_new(NULL);

	ADD_BYTES(login, "", client, login, "");
	ADD_BYTES(login, " by ", client, login_mechanism, "");
	if (login->len)
		recordwords_line("account", "%s", login->str);
	ADD_BYTES(tls, "", client, tls_version, "");
	ADD_BYTES(tls, " ", client, tls_cipher, "");
	if (client->has_tls_bits)
		g_string_append_printf(tls, ", %" PRIu32 " bits",
				       client->tls_bits);
	recordwords_line("TLS", "%s", tls->len ? tls->str : "none");
	PUT_BYTES("certificate", client, cert_subject);
	PUT_BYTES("  issuer", client, cert_issuer);
	PUT_BYTES("  hash", client, cert_fingerprint);
}

static void put_mta(const Reeve__Client *client)
{
	g_autoptr(GString) out = g_string_new(NULL);

	ADD_BYTES(out, "", client, mta_host, "");
	ADD_BYTES(out, " (", client, mta_version, ")");
	ADD_BYTES(out, ", listener ", client, daemon_name, "");
	ADD_BYTES(out, " at ", client, daemon_address, "");
	ADD_BYTES(out, " port ", client, daemon_port, "");
	if (out->len)
		recordwords_line("MTA", "%s", out->str);
}

static void put_client(const Reeve__Record *record)
{
	if (!record->client)
		return;
	put_connection(record);
	put_proofs(record->client);
	put_mta(record->client);
}

static void put_sender(const Reeve__Record *record)
{
	const Reeve__Message *message = record->message;
	g_autoptr(GString) out = g_string_new(NULL);

	add_bytes(out, "", recordview_sender(record), "");
	ADD_BYTES(out, ", given as ", message, sender_raw, "");
	if (message->has_size_declared_bytes)
		g_string_append_printf(out, ", SIZE=%" PRIu64,
				       message->size_declared_bytes);
	ADD_BYTES(out, ", BODY=", message, body_type, "");
	if (message->smtputf8)
		g_string_append(out, ", SMTPUTF8");
	ADD_BYTES(out, ", RET=", message, ret, "");
	ADD_BYTES(out, ", ENVID=", message, envid, "");
	ADD_BYTES(out, ", ", message, other_parameters, "");
	recordwords_line("sender", "%s", out->str);
}

static void put_recipient(const char *label, const Reeve__Recipient *rcpt)
{
	static const char *const states[] = {
		": accepted", ": refused by us", ": refused by the MTA",
	};
	g_autoptr(GString) out = g_string_new(NULL);

	ADD_BYTES(out, "", rcpt, address, "");
	ADD_BYTES(out, ", given as ", rcpt, address_raw, "");
	g_string_append(out, states[recordview_rcpt_state(rcpt)]);
	if (rcpt->has_code)
		g_string_append_printf(out, " with %" PRIu32 " %s",
				       rcpt->code, rcpt->enhanced ?: "");
	ADD_BYTES(out, " \"", rcpt, reason, "\"");
	ADD_BYTES(out, "; to go by ", rcpt, mailer, "");
	ADD_BYTES(out, " to ", rcpt, host, "");
	ADD_BYTES(out, "; NOTIFY=", rcpt, notify, "");
	ADD_BYTES(out, "; ORCPT=", rcpt, orcpt, "");
	ADD_BYTES(out, "; ", rcpt, other_parameters, "");
	recordwords_line(label, "%s", out->str);
}

static void put_recipients(const Reeve__Message *message)
{
	for (size_t i = 0; i < message->n_recipients; i++)
		put_recipient(i ? "" : "recipients", message->recipients[i]);
	if (message->recipients_dropped)
		recordwords_line("", "%" PRIu32 " more, past "
				 "limits.recipients: deferred",
				 message->recipients_dropped);
}

static void put_header(const char *label, struct span value)
{
	struct arena arena;

	if (!value.len)
		return;
	arena_init(&arena);
	recordwords_line(label, "%s", encodedword_decode(value, &arena));
	arena_release(&arena);
}

static void put_sizes(const Reeve__Message *message)
{
	recordwords_line("size", "%" PRIu32 " header fields of %" PRIu64
		" bytes, body of %s%" PRIu64 " bytes", message->header_count,
		message->header_bytes,
		message->body_bytes_at_least ? "at least " : "",
		message->body_bytes);
	if (message->headers_dropped || message->headers_cut)
		recordwords_line("", "%" PRIu32 " fields were not looked at, %"
				 PRIu32 " only in part: past the limits",
				 message->headers_dropped,
				 message->headers_cut);
	if (message->campaign)
		recordwords_line("campaign", "%016" PRIx64, message->campaign);
}

static void put_headers(const Reeve__Message *message)
{
	PUT_BYTES("Message-ID", message, message_id);
	put_header("From", RECORDVIEW_BYTES(message, header_from));
	put_header("Subject", RECORDVIEW_BYTES(message, header_subject));
	if (message->n_subject_words)
		recordwords_line("Subject", "not kept; to be found by its %zu "
				 "words", message->n_subject_words);
	PUT_BYTES("Date", message, header_date);
	put_sizes(message);
}

static void put_auth(const Reeve__Record *record)
{
	struct arena arena;
	struct auth auth;

	arena_init(&arena);
	auth = recordview_auth(record, &arena);
	authwords_print(&auth);
	g_array_unref(auth.dkim);
	arena_release(&arena);
}

static void put_finding(const char *label, const Reeve__Message *message,
			const Reeve__Finding *finding)
{
	g_autoptr(GString) out = g_string_new(NULL);

	g_string_append_printf(out, "%+6.2f  %s", finding->score,
			       finding->symbol ?: "?");
	if (finding->detail && *finding->detail)
		g_string_append_printf(out, ": %s", finding->detail);
	if (finding->recipient > 0 &&
	    finding->recipient <= message->n_recipients)
		ADD_BYTES(out, " (of ",
			  message->recipients[finding->recipient - 1],
			  address, ")");
	if (finding->demand)
		g_string_append_printf(out, " (demands: %s)", action_word(
				recordview_demand(finding)));
	recordwords_line(label, "%s", out->str);
}

static void put_findings(const Reeve__Message *message)
{
	for (size_t i = 0; i < message->n_findings; i++)
		put_finding(i ? "" : "findings", message,
			    message->findings[i]);
	if (!message->n_findings)
		recordwords_line("findings", "none");
}

/* What was decided, and what the MTA was told. */
static void put_outcome(const Reeve__Record *record)
{
	const Reeve__Message *message = record->message;
	const Reeve__Outcome *outcome = message->outcome;
	enum ending ending = recordview_ending(record);
	g_autoptr(GString) reply = g_string_new(NULL);

	recordwords_line("ending", "%s, at %s", ending_word(ending),
			 recordview_stage_word(record));
	if (!outcome)
		return;
	recordwords_line("score", "%.2f", outcome->score);
	recordwords_line("verdict", "%s%s",
			 action_word(recordview_action(record)),
			 message->monitored ? ", but only noted: mode was "
					      "\"monitor\", the MTA was told to "
					      "accept it" : "");
	if (!outcome->has_code)
		return;
	g_string_append_printf(reply, "%" PRIu32 " %s", outcome->code,
			       outcome->enhanced ?: "");
	ADD_BYTES(reply, " ", outcome, text, "");
	recordwords_line("reply", "%s", reply->str);
}

static void put_message(const Reeve__Record *record)
{
	char session[RECORD_ID_SIZE];

	recordwords_line("session", "%s",
			 recordview_session_id(record, session));
	put_client(record);
	recordwords_line("direction", "%s",
			 direction_word(recordview_direction(record)));
	PUT_BYTES("queue id", record->message, queue_id);
	if (record->message->customer)
		recordwords_line("customer", "%s", record->message->customer);
	put_sender(record);
	put_recipients(record->message);
	put_headers(record->message);
	put_auth(record);
	put_findings(record->message);
	put_outcome(record);
}

static void put_counts(const Reeve__Session *session)
{
	recordwords_line("did", "%" PRIu32 " messages; %" PRIu32
			 " recipients accepted, %" PRIu32 " refused; %" PRIu32
			 " unknown commands", session->messages,
			 session->recipients_accepted,
			 session->recipients_refused,
			 session->unknown_commands);
	PUT_BYTES("last login", session, last_login);
}

void recordwords_print(const struct search_hit *hit)
{
	const Reeve__Record *record = hit->record;
	char id[RECORD_ID_SIZE];

	recordwords_line("record", "%s, of a %s, number %" PRIu64,
			 recordview_id(record, id),
			 recordview_kind_word(recordview_kind(record)),
			 hit->sequence);
	put_times(record);
	if (record->erased)
		put_erased(record->erased);
	if (record->message)
		put_message(record);
	else
		put_client(record);
	if (record->session)
		put_counts(record->session);
}

void recordwords_print_session(const Reeve__Record *record)
{
	char id[RECORD_ID_SIZE];

	printf("\n");
	recordwords_line("its session", "%s", recordview_id(record, id));
	put_times(record);
	if (record->session)
		put_counts(record->session);
}

void recordwords_print_message(const Reeve__Record *record)
{
	g_autofree char *ended = admin_format_time(
		recordview_ended_us(record));
	g_autofree char *sender = text_of(recordview_sender(record));
	char id[RECORD_ID_SIZE];

	recordwords_line("message", "%s %s %s from %s to %zu recipients",
			 recordview_id(record, id), ended,
			 recordview_action(record) ?
			 action_word(recordview_action(record)) :
			 ending_word(recordview_ending(record)), sender,
			 record->message ? record->message->n_recipients : 0);
}
