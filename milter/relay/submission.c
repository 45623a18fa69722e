#include <config.h>

#include "relay/submission.h"

#include "relay/smtpclient.h"

#include <netdb.h>
#include <string.h>

GQuark submission_error_quark(void)
{
	return g_quark_from_static_string("submission");
}

static bool fail(GError **error, enum submission_error code, const char *what,
		 const char *why)
{
	g_set_error(error, SUBMISSION_ERROR, (int)code, "%s: %s", what, why);
	return false;
}

static bool fail_reply(GError **error, const char *what,
		       const struct smtp_reply *reply)
{
	g_autofree char *why = g_strdup_printf("%d %s", reply->code,
					       reply->text);

	return fail(error, reply->code >= 500 ? SUBMISSION_ERROR_PERM :
						SUBMISSION_ERROR_TEMP,
		    what, reply->code ? why : reply->text);
}

static bool is_fit(const char *address)
{
	for (; *address; address++)
		if (g_ascii_iscntrl(*address) || strchr("<> ", *address))
			return false;
	return true;
}

static bool check_addresses(const struct submission *mail, GError **error)
{
	if (!is_fit(mail->sender))
		return fail(error, SUBMISSION_ERROR_ADDRESS, "the sender",
			    "no address");
	for (size_t i = 0; mail->to[i]; i++)
		if (!*mail->to[i] || !is_fit(mail->to[i]))
			return fail(error, SUBMISSION_ERROR_ADDRESS,
				    "a recipient", "no address");
	return true;
}

static struct smtpclient *connect_any(const struct submission *mail,
				      GError **error)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct smtpclient *client = NULL;
	struct addrinfo *found = NULL;
	int failed = getaddrinfo(mail->host, mail->port, &hints, &found);

	if (failed) {
		fail(error, SUBMISSION_ERROR_TEMP, mail->host,
		     gai_strerror(failed));
		return NULL;
	}
	for (const struct addrinfo *at = found; at && !client;
	     at = at->ai_next) {
		g_clear_error(error);
		client = smtpclient_open(at->ai_addr, at->ai_addrlen,
					 mail->timeout_ms, error);
	}
	freeaddrinfo(found);
	return client;
}

/* RFC 5321, 4.1.3: as the address that we come from. */
static struct smtp_reply say_hello(struct smtpclient *client)
{
	char text[NETADDR_TEXT_MAX];
	g_autofree char *line = NULL;
	struct netaddr own;

	if (smtpclient_local(client, &own))
		line = g_strdup_printf("EHLO [%s%s]",
				       own.family == NETADDR_IP6 ? "IPv6:" : "",
				       netaddr_format(&own, text));
	return smtpclient_command(client, line ? line : "EHLO [127.0.0.1]");
}

/* RFC 6152 and 6531, where the server has them and the mail needs them. */
static char *mail_command(const struct submission *mail, const char *offered)
{
	bool is_foreign = !g_str_is_ascii(mail->sender);

	for (size_t i = 0; mail->to[i]; i++)
		is_foreign |= !g_str_is_ascii(mail->to[i]);
	return g_strdup_printf("MAIL FROM:<%s>%s%s", mail->sender,
		!g_str_is_ascii(mail->text) && strstr(offered, "8BITMIME") ?
		" BODY=8BITMIME" : "",
		is_foreign && strstr(offered, "SMTPUTF8") ? " SMTPUTF8" : "");
}

static bool step(const struct smtp_reply *reply, int code, const char *what,
		 GError **error)
{
	return reply->code / 100 == code / 100 ||
	       fail_reply(error, what, reply);
}

static bool hand_over(const struct submission *mail,
		      struct smtpclient *client, GError **error)
{
	struct smtp_reply reply = *smtpclient_greeting(client);
	g_autofree char *from = NULL;

	if (!step(&reply, 220, "greeting", error))
		return false;
	reply = say_hello(client);
	if (!step(&reply, 250, "EHLO", error))
		return false;
	from = mail_command(mail, reply.text);
	reply = smtpclient_command(client, from);
	if (!step(&reply, 250, "MAIL", error))
		return false;
	for (size_t i = 0; mail->to[i]; i++) {
		g_autofree char *rcpt = g_strdup_printf("RCPT TO:<%s>",
							mail->to[i]);

		reply = smtpclient_command(client, rcpt);
		if (!step(&reply, 250, mail->to[i], error))
			return false;
	}
	reply = smtpclient_data(client, mail->text);
	return step(&reply, 250, "DATA", error);
}

bool submission_send(const struct submission *mail, GError **error)
{
	struct smtpclient *client;
	bool is_taken;

	if (!check_addresses(mail, error))
		return false;
	client = connect_any(mail, error);
	if (!client)
		return false;
	is_taken = hand_over(mail, client, error);
	smtpclient_close(&client);
	return is_taken;
}
