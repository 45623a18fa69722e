#include <config.h>

#include "store/recordform.h"

#include "store/recordid.h"
#include "store/storesettings.h"
#include "store/subjectwords.h"

#include <string.h>

#define TAIL_TAG ((15 << 3) | 2)	/* Record.previous_sha256, bytes */


#define SET_TEXT(message, field, text)					\
	do {								\
		const char *text_ = (text);				\
		if (text_ && *text_) {					\
			(message)->has_##field = 1;			\
			(message)->field.data = (uint8_t *)text_;	\
			(message)->field.len = strlen(text_);		\
		}							\
	} while (0)
#define SET_SPAN(message, field, given)					\
	do {								\
		struct span span_ = (given);				\
		(message)->has_##field = 1;				\
		(message)->field.data = (uint8_t *)span_.ptr;		\
		(message)->field.len = span_.len;			\
	} while (0)
#define SET_NUMBER(message, field, number)				\
	do {								\
		(message)->has_##field = 1;				\
		(message)->field = (number);				\
	} while (0)
/* What is zero says nothing. */
#define SET_COUNT(message, field, number)				\
	do {								\
		if ((number) != 0)					\
			SET_NUMBER(message, field, number);		\
	} while (0)

void recordform_put_tail(uint8_t *tail, const uint8_t *previous_sha256)
{
	tail[0] = TAIL_TAG;
	tail[1] = RECORD_HASH_BYTES;
	memcpy(tail + 2, previous_sha256, RECORD_HASH_BYTES);
}

bool recordform_get_tail(struct span bytes, const uint8_t **previous_out)
{
	const uint8_t *tail;

	if (bytes.len < PACKED_TAIL_BYTES)
		return false;
	tail = (const uint8_t *)bytes.ptr + bytes.len - PACKED_TAIL_BYTES;
	*previous_out = tail + 2;
	return tail[0] == TAIL_TAG && tail[1] == RECORD_HASH_BYTES;
}

void recordform_free(struct packed_record *record)
{
	if (!record)
		return;
	g_free(record->bytes);
	g_array_unref(record->keys);
	g_free(record);
}

struct span recordform_message_id(struct span value)
{
	struct span id = span_trim(value);
	ptrdiff_t from = span_find(id, '<'), to;

	if (from >= 0) {
		id = span_from(id, (size_t)from + 1);
		to = span_find(id, '>');
		id = to < 0 ? id : span_first(id, (size_t)to);
	}
	return span_first(id, RECORD_MESSAGE_ID_MAX);
}

static struct packed_record *pack(const Reeve__Record *record)
{
	struct packed_record *packed = g_new0(struct packed_record, 1);

	packed->len = reeve__record__get_packed_size(record);
	packed->bytes = g_malloc(packed->len + PACKED_TAIL_BYTES);
	reeve__record__pack(record, packed->bytes);
	packed->keys = record_keys_of(record);
	packed->ended_us = record->began_us + record->lasted_us;
	return packed;
}

static Reeve__Client *make_client(const struct client *client,
				  struct arena *arena, bool is_session)
{
	Reeve__Client *out = arena_new(arena, Reeve__Client);

	reeve__client__init(out);
	if (client->addr.family == NETADDR_IP4)
		SET_SPAN(out, address,
			 span_of((const char *)client->addr.bytes + 12, 4));
	else if (client->addr.family == NETADDR_IP6)
		SET_SPAN(out, address,
			 span_of((const char *)client->addr.bytes, 16));
	SET_COUNT(out, port, client->port);
	SET_TEXT(out, name, client->name);
	SET_COUNT(out, name_verified, client->is_name_verified);
	SET_TEXT(out, helo, client->helo);
	SET_TEXT(out, login, client->login);
	SET_TEXT(out, login_mechanism, client->login_mechanism);
	SET_TEXT(out, tls_version, client->tls_version);
	SET_TEXT(out, tls_cipher, client->tls_cipher);
	if (client->tls_bits)
		SET_COUNT(out, tls_bits, (uint32_t)g_ascii_strtoull(
				client->tls_bits, NULL, 10));
	SET_TEXT(out, cert_subject, client->cert_subject);
	SET_TEXT(out, cert_issuer, client->cert_issuer);
	SET_TEXT(out, cert_fingerprint, client->cert_fingerprint);
	SET_TEXT(out, daemon_name, client->daemon_name);
	SET_TEXT(out, daemon_port, client->daemon_port);
	SET_TEXT(out, mta_host, client->mta_host);
	SET_TEXT(out, socket_path, client->socket_path);
	if (is_session) {
		SET_TEXT(out, daemon_address, client->daemon_addr);
		SET_TEXT(out, mta_version, client->mta_version);
	}
	return out;
}

/* The address as it is looked for, and as given where that differs. */
static struct span address_of(const struct mailaddr *addr,
			      struct arena *arena)
{
	return addr->is_null ? span_of("", 0) :
			       span_text(mailaddr_format(addr, arena));
}

static bool is_same(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 ||
				  memcmp(a.ptr, b.ptr, a.len) == 0);
}

static Reeve__Recipient *make_recipient(const struct recipient *rcpt,
					struct arena *arena)
{
	Reeve__Recipient *out = arena_new(arena, Reeve__Recipient);
	struct span address = address_of(&rcpt->addr, arena);

	reeve__recipient__init(out);
	SET_SPAN(out, address, address);
	if (!is_same(address, rcpt->addr.raw))
		SET_SPAN(out, address_raw, rcpt->addr.raw);
	SET_COUNT(out, state, (Reeve__RecipientState)rcpt->state);
	SET_COUNT(out, flaws, rcpt->addr.flaws);
	if (rcpt->outcome.action > ACTION_ACCEPT) {
		SET_NUMBER(out, code, (uint32_t)rcpt->outcome.code);
		out->enhanced = (char *)rcpt->outcome.enhanced;
		SET_TEXT(out, reason, rcpt->outcome.text);
	}
	SET_TEXT(out, reason, rcpt->mta_reason);
	SET_TEXT(out, notify, rcpt->params.notify);
	SET_TEXT(out, orcpt, rcpt->params.orcpt);
	SET_TEXT(out, other_parameters, rcpt->params.others);
	SET_TEXT(out, mailer, rcpt->mailer);
	SET_TEXT(out, host, rcpt->host);
	return out;
}

static Reeve__Finding *make_finding(const struct finding *finding,
				    struct arena *arena)
{
	Reeve__Finding *out = arena_new(arena, Reeve__Finding);

	reeve__finding__init(out);
	out->symbol = (char *)finding->symbol;
	out->detail = (char *)finding->detail;
	SET_COUNT(out, score, finding->score);
	SET_COUNT(out, demand, (Reeve__Action)finding->demand);
	SET_COUNT(out, recipient, (uint32_t)finding->recipient);
	return out;
}

static Reeve__Outcome *make_outcome(const struct outcome *outcome,
				    struct arena *arena)
{
	Reeve__Outcome *out = arena_new(arena, Reeve__Outcome);

	reeve__outcome__init(out);
	SET_NUMBER(out, action, (Reeve__Action)outcome->action);
	SET_COUNT(out, score, outcome->score);
	if (outcome->action > ACTION_ACCEPT) {
		SET_COUNT(out, code, (uint32_t)outcome->code);
		out->enhanced = (char *)outcome->enhanced;
		SET_TEXT(out, text, outcome->text);
	}
	return out;
}

static void put_words(Reeve__Message *out, struct span subject,
		      struct arena *arena)
{
	g_autoptr(GArray) words = subjectwords_of(subject);

	out->n_subject_words = words->len;
	out->subject_words = arena_new_n(arena, uint64_t, words->len);
	if (words->len)
		memcpy(out->subject_words, words->data,
		       words->len * sizeof(uint64_t));
}

static void put_subject(Reeve__Message *out, const struct transaction *tx,
			struct arena *arena)
{
	const struct store_settings *settings =
		store_settings_of(tx->settings);
	const struct header *header = transaction_find_header(tx, "Subject");

	if (!header || settings->subject == SUBJECT_OFF)
		return;
	if (settings->subject == SUBJECT_HASH)
		put_words(out, header->value, arena);
	else
		SET_SPAN(out, header_subject,
			 span_first(span_trim(header->value),
				    (size_t)settings->header_text_bytes));
}

static void put_headers(Reeve__Message *out, const struct transaction *tx)
{
	size_t most = (size_t)store_settings_of(tx->settings)->
		header_text_bytes;
	const struct header *header;

	if ((header = transaction_find_header(tx, "Message-ID")))
		SET_SPAN(out, message_id,
			 recordform_message_id(header->value));
	if ((header = transaction_find_header(tx, "From")))
		SET_SPAN(out, header_from,
			 span_first(span_trim(header->value), most));
	if ((header = transaction_find_header(tx, "Date")))
		SET_SPAN(out, header_date,
			 span_first(span_trim(header->value), most));
	SET_COUNT(out, header_count, tx->headers->len + tx->headers_dropped);
	SET_COUNT(out, header_bytes, (uint64_t)tx->header_bytes);
	SET_COUNT(out, headers_dropped, tx->headers_dropped);
	SET_COUNT(out, headers_cut, tx->headers_cut);
	SET_NUMBER(out, body_bytes, (uint64_t)tx->body_bytes);
	SET_NUMBER(out, campaign, tx->campaign);
	SET_COUNT(out, body_bytes_at_least, !tx->is_body_bytes_exact);
}

static void put_parameters(Reeve__Message *out, const struct mail_params *mail)
{
	if (mail->size_bytes >= 0)
		SET_NUMBER(out, size_declared_bytes,
			   (uint64_t)mail->size_bytes);
	SET_TEXT(out, body_type, mail->body);
	SET_COUNT(out, smtputf8, mail->is_smtputf8);
	SET_TEXT(out, ret, mail->ret);
	SET_TEXT(out, envid, mail->envid);
	SET_TEXT(out, other_parameters, mail->others);
}

static void put_lists(Reeve__Message *out, const struct transaction *tx,
		      struct arena *arena)
{
	out->n_recipients = tx->recipients->len;
	out->recipients = arena_new_n(arena, Reeve__Recipient *,
				      out->n_recipients);
	for (size_t i = 0; i < out->n_recipients; i++)
		out->recipients[i] = make_recipient(
			&g_array_index(tx->recipients, struct recipient, i),
			arena);
	out->n_findings = tx->findings->len;
	out->findings = arena_new_n(arena, Reeve__Finding *, out->n_findings);
	for (size_t i = 0; i < out->n_findings; i++)
		out->findings[i] = make_finding(
			&g_array_index(tx->findings, struct finding, i),
			arena);
}

static Reeve__Spf *make_spf(const struct auth_spf *spf,
			    const struct transaction *tx, struct arena *arena)
{
	Reeve__Spf *out = arena_new(arena, Reeve__Spf);
	bool is_helo = spf->scope && strcmp(spf->scope, "helo") == 0;

	reeve__spf__init(out);
	SET_NUMBER(out, result, (Reeve__AuthResult)spf->result);
	if (spf->domain && strcmp(spf->domain, tx->sender.domain_ascii) != 0)
		SET_TEXT(out, domain, spf->domain);
	SET_TEXT(out, mechanism, spf->mechanism);
	out->reason = (char *)spf->reason;
	SET_COUNT(out, of_helo, is_helo);
	return out;
}

static Reeve__Dkim *make_dkim(const struct auth_dkim *dkim,
			      struct arena *arena)
{
	Reeve__Dkim *out = arena_new(arena, Reeve__Dkim);

	reeve__dkim__init(out);
	SET_NUMBER(out, result, (Reeve__AuthResult)dkim->result);
	SET_TEXT(out, domain, dkim->domain);
	SET_TEXT(out, selector, dkim->selector);
	out->reason = (char *)dkim->reason;
	SET_COUNT(out, key_bits, dkim->key_bits);
	SET_COUNT(out, testing, dkim->is_testing);
	SET_COUNT(out, key_secure, dkim->is_key_secure);
	SET_COUNT(out, partial, dkim->is_partial);
	SET_COUNT(out, aligned, dkim->is_aligned);
	if (dkim->algorithm && strcmp(dkim->algorithm, "rsa-sha256") != 0)
		SET_TEXT(out, algorithm, dkim->algorithm);
	return out;
}

/* What is not said is the preset: most policies cost nothing more. */
static void put_policy(Reeve__Dmarc *out, const struct auth_dmarc *dmarc)
{
	SET_COUNT(out, reports, dmarc->has_reports);
	if (!dmarc->has_reports)
		return;
	SET_COUNT(out, spf_strict, dmarc->is_spf_strict);
	SET_COUNT(out, dkim_strict, dmarc->is_dkim_strict);
	if (dmarc->policy != dmarc->published)
		SET_COUNT(out, policy, (Reeve__DmarcPolicy)dmarc->policy);
	SET_COUNT(out, sub_policy, (Reeve__DmarcPolicy)dmarc->sub_policy);
	SET_COUNT(out, failure_options, dmarc->failure_options);
}

static Reeve__Dmarc *make_dmarc(const struct auth_dmarc *dmarc,
				struct arena *arena)
{
	Reeve__Dmarc *out = arena_new(arena, Reeve__Dmarc);

	reeve__dmarc__init(out);
	SET_NUMBER(out, result, (Reeve__AuthResult)dmarc->result);
	SET_TEXT(out, domain, dmarc->domain);
	if (dmarc->record_domain &&
	    strcmp(dmarc->record_domain, dmarc->domain) != 0)
		SET_TEXT(out, record_domain, dmarc->record_domain);
	SET_COUNT(out, published, (Reeve__DmarcPolicy)dmarc->published);
	if (dmarc->tag && strcmp(dmarc->tag, "p") != 0)
		out->tag = (char *)dmarc->tag;
	SET_COUNT(out, disposition, (Reeve__DmarcPolicy)dmarc->disposition);
	out->override = (char *)dmarc->override;
	out->reason = (char *)dmarc->reason;
	SET_COUNT(out, spf_aligned, dmarc->is_spf_aligned);
	SET_COUNT(out, dkim_aligned, dmarc->is_dkim_aligned);
	if (dmarc->published && dmarc->percent != 100)
		SET_NUMBER(out, percent, dmarc->percent);
	put_policy(out, dmarc);
	return out;
}

static Reeve__Arc *make_arc(const struct auth_arc *arc, struct arena *arena)
{
	Reeve__Arc *out = arena_new(arena, Reeve__Arc);

	reeve__arc__init(out);
	SET_NUMBER(out, result, (Reeve__AuthResult)arc->result);
	SET_COUNT(out, sets, arc->sets);
	SET_TEXT(out, sealer, arc->sealer);
	out->reason = (char *)arc->reason;
	SET_COUNT(out, trusted, arc->is_trusted);
	SET_COUNT(out, passed_origin, arc->has_passed_origin);
	return out;
}

static Reeve__Iprev *make_iprev(const struct auth_iprev *iprev,
				const struct client *client,
				struct arena *arena)
{
	Reeve__Iprev *out = arena_new(arena, Reeve__Iprev);

	reeve__iprev__init(out);
	SET_NUMBER(out, result, (Reeve__AuthResult)iprev->result);
	if (iprev->name && (!client->name ||
			    strcmp(iprev->name, client->name) != 0))
		SET_TEXT(out, name, iprev->name);
	return out;
}

static void put_auth(Reeve__Message *out, const struct transaction *tx,
		     struct arena *arena)
{
	const struct auth *auth = &tx->auth;

	if (auth->spf.result)
		out->spf = make_spf(&auth->spf, tx, arena);
	if (auth->helo.result && !tx->sender.is_null)
		out->spf_helo = make_spf(&auth->helo, tx, arena);
	out->dkim = arena_new_n(arena, Reeve__Dkim *, auth->dkim->len);
	for (guint i = 0; i < auth->dkim->len; i++) {
		const struct auth_dkim *dkim = &g_array_index(
			auth->dkim, struct auth_dkim, i);

		if (dkim->result != AUTH_RESULT_NONE)
			out->dkim[out->n_dkim++] = make_dkim(dkim, arena);
	}
	if (auth->dmarc.result)
		out->dmarc = make_dmarc(&auth->dmarc, arena);
	if (auth->arc.sets || auth->arc.result == AUTH_RESULT_FAIL)
		out->arc = make_arc(&auth->arc, arena);
	if (auth->iprev.result)
		out->iprev = make_iprev(&auth->iprev, &tx->client, arena);
}

static Reeve__Evidence *make_evidence(const struct evidence_facts *facts,
				      struct arena *arena)
{
	Reeve__Evidence *out = arena_new(arena, Reeve__Evidence);

	reeve__evidence__init(out);
	SET_SPAN(out, sha256, span_of((const char *)facts->sha256,
				      sizeof facts->sha256));
	SET_NUMBER(out, bytes, facts->bytes);
	SET_COUNT(out, cut, !facts->is_whole);
	SET_COUNT(out, held, facts->is_held);
	out->why = (char *)facts->why;
	return out;
}

static Reeve__Message *make_message(const struct transaction *tx,
				    struct arena *arena)
{
	Reeve__Message *out = arena_new(arena, Reeve__Message);
	struct span sender = address_of(&tx->sender, arena);

	reeve__message__init(out);
	SET_NUMBER(out, direction, (Reeve__Direction)tx->direction);
	SET_NUMBER(out, ending, (Reeve__Ending)tx->ending);
	SET_NUMBER(out, stage, (Reeve__Stage)tx->stage);
	SET_TEXT(out, queue_id, tx->queue_id);
	SET_SPAN(out, sender, sender);
	if (!is_same(sender, tx->sender.raw))
		SET_SPAN(out, sender_raw, tx->sender.raw);
	SET_COUNT(out, sender_flaws, tx->sender.flaws);
	SET_COUNT(out, recipients_dropped, tx->recipients_dropped);
	SET_COUNT(out, monitored, !tx->is_enforced);
	put_lists(out, tx, arena);
	put_headers(out, tx);
	put_subject(out, tx, arena);
	put_parameters(out, &tx->mail_params);
	put_auth(out, tx, arena);
	if (tx->evidence)
		out->evidence = make_evidence(tx->evidence, arena);
	out->customer = (char *)tx->customer;
	out->outcome = make_outcome(&tx->outcome, arena);
	return out;
}

static uint64_t id_of(const char *text)
{
	uint64_t id = 0;

	return record_id_parse(span_text(text), &id) ? id : 0;
}

static void put_times(Reeve__Record *record, int64_t began_us,
		      int64_t ended_us)
{
	SET_NUMBER(record, began_us, began_us);
	/* A clock that was set back must not make a negative span. */
	SET_COUNT(record, lasted_us, MAX(ended_us - began_us, 0));
}

struct packed_record *recordform_pack_message(const struct transaction *tx)
{
	Reeve__Record record = REEVE__RECORD__INIT;
	struct packed_record *packed;
	struct arena arena;

	arena_init(&arena);
	SET_NUMBER(&record, id, id_of(tx->id));
	put_times(&record, tx->began_us, tx->ended_us);
	if (tx->session->id[0])
		SET_NUMBER(&record, session_id, id_of(tx->session->id));
	record.client = make_client(&tx->client, &arena, false);
	record.message = make_message(tx, &arena);
	packed = pack(&record);
	arena_release(&arena);
	return packed;
}

struct packed_record *recordform_pack_session(
	const struct session_facts *facts)
{
	Reeve__Record record = REEVE__RECORD__INIT;
	Reeve__Session session = REEVE__SESSION__INIT;
	struct packed_record *packed;
	struct arena arena;

	arena_init(&arena);
	SET_NUMBER(&record, id, id_of(facts->id));
	put_times(&record, facts->began_us, facts->ended_us);
	record.client = make_client(&facts->client, &arena, true);
	record.session = &session;
	SET_NUMBER(&session, messages, facts->messages);
	SET_COUNT(&session, recipients_accepted, facts->recipients_accepted);
	SET_COUNT(&session, recipients_refused, facts->recipients_refused);
	SET_COUNT(&session, unknown_commands, facts->unknown_commands);
	SET_TEXT(&session, last_login, facts->last_login);
	packed = pack(&record);
	arena_release(&arena);
	return packed;
}
