#include <config.h>

#include "relay/smtpclient.h"

#include "base/clock.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048	/* of a reply; RFC 5321 says 512 */
#define LINES_MAX 200		/* of one reply */

struct smtpclient {
	int fd;
	int timeout_ms;
	SSL_CTX *context;
	SSL *tls;		/* NULL: in clear */
	char buffer[4096];	/* read but not yet taken */
	size_t from, to;
	bool is_broken;
	struct smtp_reply greeting;
};

static GQuark smtpclient_error(void)
{
	return g_quark_from_static_string("smtpclient");
}

static struct smtp_reply trouble(const char *what)
{
	struct smtp_reply reply = { .code = 0 };

	g_strlcpy(reply.text, what, sizeof reply.text);
	return reply;
}

static bool is_ready(const struct smtpclient *client, short events)
{
	struct pollfd poll_for = { .fd = client->fd, .events = events };

	return poll(&poll_for, 1, client->timeout_ms) == 1;
}

static bool send_all(struct smtpclient *client, const char *bytes, size_t len)
{
	while (len) {
		ssize_t done;

		if (!is_ready(client, POLLOUT))
			return false;
		if (client->tls)
			done = SSL_write(client->tls, bytes,
					 (int)MIN(len, 16384));
		else
			done = send(client->fd, bytes, len, MSG_NOSIGNAL);
		if (done <= 0)
			return false;
		bytes += done;
		len -= (size_t)done;
	}
	return true;
}

static bool fill(struct smtpclient *client)
{
	ssize_t done;

	if (!(client->tls && SSL_pending(client->tls)) &&
	    !is_ready(client, POLLIN))
		return false;
	if (client->tls)
		done = SSL_read(client->tls, client->buffer,
				sizeof client->buffer);
	else
		done = recv(client->fd, client->buffer, sizeof client->buffer,
			    0);
	if (done <= 0)
		return false;
	client->from = 0;
	client->to = (size_t)done;
	return true;
}

/* One line without its end; false when none came whole. */
static bool read_line(struct smtpclient *client, GString *line,
		      int64_t until_us)
{
	g_string_truncate(line, 0);
	while (line->len < LINE_MAX_BYTES) {
		if (client->from == client->to &&
		    (clock_monotonic_us() > until_us || !fill(client)))
			return false;
		char c = client->buffer[client->from++];

		if (c == '\n')
			return true;
		if (c != '\r')
			g_string_append_c(line, c);
	}
	return false;
}

static void keep_printable(struct smtp_reply *reply, const char *text)
{
	g_strlcpy(reply->text, text, sizeof reply->text);
	for (char *c = reply->text; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
}

/* RFC 5321, 4.2.1: lines with "-" behind the code go on. */
static struct smtp_reply read_reply(struct smtpclient *client)
{
	struct smtp_reply reply = { .code = 0 };
	g_autoptr(GString) line = g_string_new(NULL);
	int64_t until_us = clock_monotonic_us() + client->timeout_ms * 1000LL;

	for (int i = 0; i < LINES_MAX; i++) {
		if (!read_line(client, line, until_us)) {
			client->is_broken = true;
			return trouble("no answer, or the connection broke");
		}
		if (line->len < 3 || !g_ascii_isdigit(line->str[0]) ||
		    !g_ascii_isdigit(line->str[1]) ||
		    !g_ascii_isdigit(line->str[2]))
			break;
		if (line->len > 3 && line->str[3] == '-')
			continue;
		reply.code = (int)g_ascii_strtoll(line->str, NULL, 10);
		keep_printable(&reply, line->len > 4 ? line->str + 4 : "");
		return reply;
	}
	client->is_broken = true;
	return trouble("the answer is no SMTP reply");
}

static bool connect_in_time(int fd, const struct sockaddr *addr,
			    socklen_t size, int timeout_ms)
{
	struct pollfd poll_for = { .fd = fd, .events = POLLOUT };
	int failure = 0;
	socklen_t len = sizeof failure;

	if (connect(fd, addr, size) == 0)
		return true;
	if (errno != EINPROGRESS)
		return false;
	if (poll(&poll_for, 1, timeout_ms) != 1) {
		errno = ETIMEDOUT;
		return false;
	}
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len);
	errno = failure;
	return failure == 0;
}

struct smtpclient *smtpclient_open(const struct sockaddr *addr, socklen_t size,
				   int timeout_ms, GError **error)
{
	struct smtpclient *client;
	int fd = socket(addr->sa_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || !connect_in_time(fd, addr, size, timeout_ms)) {
		g_set_error(error, smtpclient_error(), 0, "no connection: %s",
			    g_strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	client = g_new0(struct smtpclient, 1);
	client->fd = fd;
	client->timeout_ms = timeout_ms;
	client->greeting = read_reply(client);
	return client;
}

const struct smtp_reply *smtpclient_greeting(const struct smtpclient *client)
{
	return &client->greeting;
}

void smtpclient_close(struct smtpclient **client)
{
	struct smtpclient *old = *client;

	*client = NULL;
	if (!old)
		return;
	old->timeout_ms = MIN(old->timeout_ms, 500);
	if (!old->is_broken)
		(void)smtpclient_command(old, "QUIT");
	SSL_free(old->tls);
	SSL_CTX_free(old->context);
	close(old->fd);
	g_free(old);
}

struct smtp_reply smtpclient_command(struct smtpclient *client,
				     const char *line)
{
	g_autofree char *whole = g_strconcat(line, "\r\n", NULL);

	BUG_IF(strpbrk(line, "\r\n"));
	if (client->is_broken)
		return trouble("the connection broke before");
	/* What came unasked is no answer to this. */
	client->from = client->to = 0;
	if (!send_all(client, whole, strlen(whole))) {
		client->is_broken = true;
		return trouble("the connection broke");
	}
	return read_reply(client);
}

static bool shake_hands(struct smtpclient *client)
{
	client->context = SSL_CTX_new(TLS_client_method());
	client->tls = SSL_new(client->context);
	SSL_set_fd(client->tls, client->fd);
	for (int i = 0; i < 20; i++) {
		int done = SSL_connect(client->tls);
		int why = SSL_get_error(client->tls, done);

		if (done == 1)
			return true;
		if ((why != SSL_ERROR_WANT_READ &&
		     why != SSL_ERROR_WANT_WRITE) ||
		    !is_ready(client, why == SSL_ERROR_WANT_READ ? POLLIN :
								   POLLOUT))
			return false;
	}
	return false;
}

struct smtp_reply smtpclient_starttls(struct smtpclient *client)
{
	struct smtp_reply reply = smtpclient_command(client, "STARTTLS");

	if (reply.code != 220)
		return reply;
	client->from = client->to = 0;	/* nothing said in clear counts */
	if (shake_hands(client))
		return reply;
	client->is_broken = true;
	return trouble("the TLS handshake failed");
}

struct smtp_reply smtpclient_login(struct smtpclient *client,
				   const char *user, const char *password)
{
	g_autoptr(GByteArray) plain = g_byte_array_new();
	g_autofree char *coded = NULL, *line = NULL;

	g_byte_array_append(plain, (const guint8 *)"", 1);
	g_byte_array_append(plain, (const guint8 *)user,
			    (guint)strlen(user) + 1);
	g_byte_array_append(plain, (const guint8 *)password,
			    (guint)strlen(password));
	coded = g_base64_encode(plain->data, plain->len);
	line = g_strconcat("AUTH PLAIN ", coded, NULL);
	return smtpclient_command(client, line);
}

struct smtp_reply smtpclient_data(struct smtpclient *client, const char *text)
{
	struct smtp_reply reply = smtpclient_command(client, "DATA");
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	if (reply.code != 354)
		return reply;
	for (char **line = lines; *line; line++) {
		g_autofree char *whole = g_strconcat(
			**line == '.' ? "." : "", *line, "\r\n", NULL);

		if (!send_all(client, whole, strlen(whole))) {
			client->is_broken = true;
			return trouble("the connection broke");
		}
	}
	return smtpclient_command(client, ".");
}
