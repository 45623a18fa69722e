#include <config.h>

#include "session/gather.h"

#include "base/clock.h"
#include "message/esmtp.h"
#include "message/limits.h"
#include "relay/direction.h"
#include "resolver/inquiry.h"
#include "resolver/resolversettings.h"
#include "session/service.h"
#include "settings/global.h"
#include "store/recordid.h"
#include "verdict/checks.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

/* RFC 5321, 4.5.3.1.4 and 5: lines of 512 and replies; what an MTA passes on is
 * cut here, so that a record cannot be made huge by one argument. */
#define ARGUMENT_MAX 2048

struct session *session_new(void)
{
	struct session *session = g_new0(struct session, 1);

	arena_init(&session->arena);
	return session;
}

void session_free(struct session *session)
{
	if (!session)
		return;
	gather_forget_message(session);
	arena_release(&session->arena);
	g_free(session);
}

static const char *copy(struct arena *arena, const char *text)
{
	if (!text || !*text)
		return NULL;
	return arena_span_text(arena, span_first(span_text(text),
						 ARGUMENT_MAX));
}

static const char *macro(SMFICTX *ctx, struct arena *arena, const char *name)
{
	/* libmilter takes the name as char * but only reads it. */
	return copy(arena, smfi_getsymval(ctx, (char *)name));
}

static void take_address(struct session *session, const struct sockaddr *addr)
{
	struct client *client = &session->facts.client;

	client->kind = CLIENT_UNKNOWN;
	if (!addr)
		return;
	if (netaddr_of_sockaddr(addr, &client->addr, &client->port)) {
		client->kind = CLIENT_INET;
	} else if (addr->sa_family == AF_UNIX) {
		const struct sockaddr_un *un = (const void *)addr;

		client->kind = CLIENT_SOCKET;
		client->socket_path = copy(&session->arena, un->sun_path);
	}
}

/* A name in brackets, or "unknown", is the MTA's way to say that there is no
 * PTR that leads back to the address. */
static void take_name(struct session *session, SMFICTX *ctx, const char *host)
{
	struct client *client = &session->facts.client;
	const char *resolve = smfi_getsymval(ctx, "{client_resolve}");
	const char *ptr = macro(ctx, &session->arena, "{client_ptr}");
	bool has_name = host && host[0] != '[' && strcmp(host, "unknown") != 0;

	client->is_name_verified = has_name &&
		(!resolve || g_ascii_strcasecmp(resolve, "OK") == 0);
	client->name = copy(&session->arena, has_name ? host : NULL);
	if (!client->name && ptr && strcmp(ptr, "unknown") != 0)
		client->name = ptr;
}

void gather_connect(struct session *session, SMFICTX *ctx, const char *host,
		    const struct sockaddr *addr)
{
	struct client *client = &session->facts.client;
	struct arena *arena = &session->arena;

	session->is_connected = true;
	record_id_new(session->facts.id);
	session->facts.began_us = clock_now_us();
	session->log.session = session->facts.id;
	take_address(session, addr);
	take_name(session, ctx, host);
	client->daemon_name = macro(ctx, arena, "{daemon_name}");
	client->daemon_addr = macro(ctx, arena, "{daemon_addr}");
	client->daemon_port = macro(ctx, arena, "{daemon_port}");
	client->mta_host = macro(ctx, arena, "j");
	client->mta_version = macro(ctx, arena, "v");
}

void gather_helo(struct session *session, const char *name)
{
	struct client *client = &session->facts.client;

	/* A client may say it again and again: the arena must not grow. */
	if (client->helo && g_str_equal(client->helo, name))
		return;
	if (session->arena.used_bytes < 64 * ARGUMENT_MAX)
		client->helo = copy(&session->arena, name);
}

/* TLS and login come with HELO or MAIL, so they are asked for at each MAIL. */
static void take_security(struct transaction *tx, SMFICTX *ctx)
{
	struct client *client = &tx->client;
	struct arena *arena = &tx->arena;

	client->tls_version = macro(ctx, arena, "{tls_version}");
	client->tls_cipher = macro(ctx, arena, "{cipher}");
	client->tls_bits = macro(ctx, arena, "{cipher_bits}");
	client->cert_subject = macro(ctx, arena, "{cert_subject}");
	client->cert_issuer = macro(ctx, arena, "{cert_issuer}");
	client->cert_fingerprint = macro(ctx, arena, "{cert_fp}");
	if (!client->cert_fingerprint)
		client->cert_fingerprint = macro(ctx, arena, "{cert_md5}");
	client->login = macro(ctx, arena, "{auth_authen}");
	client->login_mechanism = macro(ctx, arena, "{auth_type}");
}

static void note_login(struct session *session)
{
	struct session_facts *facts = &session->facts;
	const char *login = session->tx.client.login;

	if (login && (!facts->last_login ||
		      !g_str_equal(facts->last_login, login)) &&
	    session->arena.used_bytes < 64 * ARGUMENT_MAX)
		facts->last_login = arena_text(&session->arena, login);
}

void gather_mail(struct session *session, SMFICTX *ctx, char **argv)
{
	struct transaction *tx = &session->tx;

	session->settings = service_settings();
	transaction_init(tx, session->settings, &session->facts);
	session->is_in_message = true;
	session->facts.messages++;
	tx->state = service_state();
	tx->contacts = service_contacts();
	tx->bulk = service_bulk();
	tx->inquiry = inquiry_new(service_resolver(),
				  resolver_settings_of(tx->settings));
	record_id_new(tx->id);
	tx->began_us = clock_now_us();
	tx->is_enforced = global_settings_of(tx->settings)->mode ==
			  MODE_ENFORCE;
	take_security(tx, ctx);
	note_login(session);
	tx->direction = direction_find(tx);
	gather_queue_id(session, ctx);
	tx->sender = mailaddr_parse(span_first(span_text(argv[0]),
					       ARGUMENT_MAX), &tx->arena);
	esmtp_parse_mail((const char *const *)argv + 1, &tx->arena,
			 &tx->mail_params);
}

void gather_queue_id(struct session *session, SMFICTX *ctx)
{
	struct transaction *tx = &session->tx;

	if (!tx->queue_id)
		tx->queue_id = macro(ctx, &tx->arena, "i");
	tx->log = (struct log_context){ session->facts.id, tx->queue_id };
}

/* With SMFIP_RCPT_REJ the MTA names its "error" mailer, the enhanced
 * code as the host and its text as the address (Sendmail's
 * ${rcpt_*}; Postfix alike). */
static void note_mta_refusal(struct recipient *rcpt, struct arena *arena)
{
	if (!rcpt->mailer || !g_str_equal(rcpt->mailer, "error"))
		return;
	rcpt->state = RCPT_REFUSED_BY_MTA;
	rcpt->mta_reason = arena_printf(arena, "%s %s",
					rcpt->host ? rcpt->host : "",
					rcpt->mta_addr ? rcpt->mta_addr : "");
	rcpt->host = NULL;
	rcpt->mta_addr = NULL;
}

struct recipient *gather_rcpt(struct session *session, SMFICTX *ctx,
			      char **argv)
{
	struct transaction *tx = &session->tx;
	struct recipient *rcpt = transaction_add_recipient(tx);

	if (!rcpt)
		return NULL;
	rcpt->mailer = macro(ctx, &tx->arena, "{rcpt_mailer}");
	rcpt->host = macro(ctx, &tx->arena, "{rcpt_host}");
	rcpt->mta_addr = macro(ctx, &tx->arena, "{rcpt_addr}");
	rcpt->addr = mailaddr_parse(span_first(span_text(argv[0]),
					       ARGUMENT_MAX), &tx->arena);
	esmtp_parse_rcpt((const char *const *)argv + 1, &tx->arena,
			 &rcpt->params);
	note_mta_refusal(rcpt, &tx->arena);
	return rcpt;
}

void gather_header(struct session *session, const char *name,
		   const char *value)
{
	struct span bytes = span_text(value);

	/* After SMFIC_QUIT_NC nothing was negotiated anew: look instead. */
	if (!session->is_space_known) {
		session->has_leading_space = bytes.len && bytes.ptr[0] == ' ';
		session->is_space_known = true;
	}
	session->tx.has_leading_space = session->has_leading_space;
	transaction_add_header(&session->tx, span_text(name), bytes);
}

bool gather_body(struct session *session, struct span chunk)
{
	struct transaction *tx = &session->tx;
	bool is_wanted = transaction_add_body(tx, chunk);

	checks_body(tx, chunk);
	if (is_wanted ||
	    limits_of(tx->settings)->past_body == PAST_BODY_COUNT)
		return true;
	tx->is_body_bytes_exact = false;
	return false;
}

void gather_end(struct session *session, SMFICTX *ctx)
{
	struct transaction *tx = &session->tx;
	const char *size = smfi_getsymval(ctx, "{msg_size}");
	int64_t bytes = size ? g_ascii_strtoll(size, NULL, 10) : 0;

	gather_queue_id(session, ctx);
	if (!tx->is_body_bytes_exact && bytes > tx->header_bytes &&
	    bytes - tx->header_bytes > tx->body_bytes)
		tx->body_bytes = bytes - tx->header_bytes;
}

void gather_forget_message(struct session *session)
{
	if (!session->is_in_message)
		return;
	transaction_release(&session->tx);
	g_clear_pointer(&session->settings, settings_unref);
	session->is_in_message = false;
}
