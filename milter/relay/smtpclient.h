/* smtpclient.h - one SMTP session from the client's side, step by step */
#ifndef RELAY_SMTPCLIENT_H
#define RELAY_SMTPCLIENT_H

#include "base/netaddr.h"

#include <glib.h>
#include <sys/socket.h>

struct smtpclient;

/* A server's reply; text is its lines without their codes, a space between,
 * printable ASCII, cut where it is too long. */
struct smtp_reply {
	int code;		/* 0: none came; text says why */
	char text[512];
};

/*
 * Connects and reads the greeting; connecting, and each reply, whole, may take
 * timeout_ms. NULL and error when there is no connection. Close with
 * smtpclient_close(). One thread at a time; never raises SIGPIPE.
 */
struct smtpclient *smtpclient_open(const struct sockaddr *addr, socklen_t size,
				   int timeout_ms, GError **error) MUST_USE;
/* Says QUIT, without waiting long. Accepts NULL, clears the pointer. */
void smtpclient_close(struct smtpclient **client);
const struct smtp_reply *smtpclient_greeting(const struct smtpclient *client);

/* The address that the server sees, if it is IP and no NAT is between. */
bool smtpclient_local(const struct smtpclient *client,
		      struct netaddr *addr_out) MUST_USE;

/* One command line (without CRLF) and its reply. It must not hold CR or LF. */
struct smtp_reply smtpclient_command(struct smtpclient *client,
				     const char *line);
/* STARTTLS and the handshake. The certificate is not checked: the server is
 * one's own, and nothing secret is sent but the login that was asked for. */
struct smtp_reply smtpclient_starttls(struct smtpclient *client);
/* AUTH PLAIN (RFC 4616). */
struct smtp_reply smtpclient_login(struct smtpclient *client,
				   const char *user, const char *password);
/* DATA, the text (lines with LF, dots doubled here), and the end. */
struct smtp_reply smtpclient_data(struct smtpclient *client,
				  const char *text);

#endif
