#include <config.h>

#include "relay/smtpclient.h"

#include "base/clock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048	/* of a reply; RFC 5321 says 512 */
#define LINES_MAX 200		/* of one reply */

struct smtpclient {
	int fd;			/* does not block */
	int timeout_ms;
	SSL_CTX *context;
	BIO_METHOD *method;
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

static int64_t deadline(const struct smtpclient *client)
{
	return clock_monotonic_us() + client->timeout_ms * (int64_t)1000;
}

static bool is_ready(int fd, short events, int64_t until_us)
{
	struct pollfd poll_for = { .fd = fd, .events = events };
	int done;

	do {
		int64_t left_us = until_us - clock_monotonic_us();

		done = poll(&poll_for, 1, (int)(MAX(left_us, 0) / 1000));
	} while (done < 0 && errno == EINTR);
	return done == 1;
}

/*
 * One try: how many bytes were moved, 0 with what must be waited for in
 * events_out, or -1 when the connection is no more.
 */
typedef ssize_t step_fn(struct smtpclient *client, void *bytes, size_t len,
			short *events_out);

/* TLS may have to read before it can write, and the other way round. */
static ssize_t tls_step(struct smtpclient *client, int done,
			short *events_out)
{
	switch (SSL_get_error(client->tls, done)) {
	case SSL_ERROR_NONE:
		return done;
	case SSL_ERROR_WANT_READ:
		*events_out = POLLIN;
		return 0;
	case SSL_ERROR_WANT_WRITE:
		*events_out = POLLOUT;
		return 0;
	default:
		return -1;
	}
}

static ssize_t plain_step(ssize_t done, short events, short *events_out)
{
	*events_out = events;
	if (done > 0)
		return done;
	return done < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static ssize_t step_send(struct smtpclient *client, void *bytes, size_t len,
			 short *events_out)
{
	if (!client->tls)
		return plain_step(send(client->fd, bytes, len, MSG_NOSIGNAL),
				  POLLOUT, events_out);
	ERR_clear_error();
	return tls_step(client, SSL_write(client->tls, bytes,
					  (int)MIN(len, 16384)), events_out);
}

static ssize_t step_receive(struct smtpclient *client, void *bytes, size_t len,
			    short *events_out)
{
	if (!client->tls)
		return plain_step(recv(client->fd, bytes, len, 0), POLLIN,
				  events_out);
	ERR_clear_error();
	return tls_step(client, SSL_read(client->tls, bytes, (int)len),
			events_out);
}

static ssize_t step_handshake(struct smtpclient *client, void *bytes,
			      size_t len, short *events_out)
{
	(void)bytes, (void)len;
	ERR_clear_error();
	return tls_step(client, SSL_connect(client->tls), events_out);
}

static ssize_t run(struct smtpclient *client, step_fn *step, void *bytes,
		   size_t len, int64_t until_us)
{
	for (;;) {
		short events = 0;
		ssize_t done = step(client, bytes, len, &events);

		if (done != 0)
			return done;
		if (!is_ready(client->fd, events, until_us))
			return -1;
	}
}

static bool send_all(struct smtpclient *client, char *bytes, size_t len)
{
	int64_t until_us = deadline(client);

	while (len) {
		ssize_t done = run(client, step_send, bytes, len, until_us);

		if (done < 0)
			return false;
		bytes += done;
		len -= (size_t)done;
	}
	return true;
}

static bool fill(struct smtpclient *client, int64_t until_us)
{
	ssize_t done = run(client, step_receive, client->buffer,
			   sizeof client->buffer, until_us);

	client->from = 0;
	client->to = done > 0 ? (size_t)done : 0;
	return done > 0;
}

/* One line without its end; false when none came whole. */
static bool read_line(struct smtpclient *client, GString *line,
		      int64_t until_us)
{
	g_string_truncate(line, 0);
	while (line->len < LINE_MAX_BYTES) {
		if (client->from == client->to &&
		    (clock_monotonic_us() > until_us ||
		     !fill(client, until_us)))
			return false;
		char c = client->buffer[client->from++];

		if (c == '\n')
			return true;
		if (c != '\r')
			g_string_append_c(line, c);
	}
	return false;
}

static void add_text(struct smtp_reply *reply, const char *text)
{
	size_t len = strlen(reply->text);

	if (len)
		g_strlcat(reply->text, " ", sizeof reply->text);
	g_strlcat(reply->text, text, sizeof reply->text);
	for (char *c = reply->text + len; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
}

/* RFC 5321, 4.2: three digits, then a space, a "-", or nothing. 0: none. */
static int code_of(const char *line)
{
	for (int i = 0; i < 3; i++)
		if (!g_ascii_isdigit(line[i]))
			return 0;
	if (line[3] != '\0' && line[3] != ' ' && line[3] != '-')
		return 0;
	return (int)g_ascii_strtoll(line, NULL, 10);
}

/* 4.2.1: lines with "-" behind the code go on. */
static struct smtp_reply read_reply(struct smtpclient *client)
{
	struct smtp_reply reply = { .code = 0 };
	g_autoptr(GString) line = g_string_new(NULL);
	int64_t until_us = deadline(client);

	for (int i = 0; i < LINES_MAX; i++) {
		int code;

		if (!read_line(client, line, until_us)) {
			client->is_broken = true;
			return trouble("no answer, or the connection broke");
		}
		code = code_of(line->str);
		if (code == 0)
			break;
		add_text(&reply, line->len > 4 ? line->str + 4 : "");
		if (line->str[3] == '-')
			continue;
		reply.code = code;
		return reply;
	}
	client->is_broken = true;
	return trouble("the answer is no SMTP reply");
}

static bool connect_in_time(int fd, const struct sockaddr *addr,
			    socklen_t size, int timeout_ms)
{
	int64_t until_us = clock_monotonic_us() + timeout_ms * (int64_t)1000;
	int failure = 0;
	socklen_t len = sizeof failure;

	if (connect(fd, addr, size) == 0)
		return true;
	if (errno != EINPROGRESS)
		return false;
	if (!is_ready(fd, POLLOUT, until_us)) {
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
	/* A message's lines go one by one, each would wait 40 ms for the
	 * acknowledgement of the one before. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	client->timeout_ms = timeout_ms;
	client->greeting = read_reply(client);
	return client;
}

const struct smtp_reply *smtpclient_greeting(const struct smtpclient *client)
{
	return &client->greeting;
}

bool smtpclient_local(const struct smtpclient *client,
		      struct netaddr *addr_out)
{
	struct sockaddr_storage own;
	socklen_t size = sizeof own;

	return getsockname(client->fd, (struct sockaddr *)&own, &size) == 0 &&
	       netaddr_of_sockaddr((struct sockaddr *)&own, addr_out, NULL);
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
	BIO_meth_free(old->method);
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

/* OpenSSL's own socket BIO writes without MSG_NOSIGNAL: a server that hangs up
 * would end the program by SIGPIPE. */
static int bio_send(BIO *bio, const char *bytes, int len)
{
	const struct smtpclient *client = BIO_get_data(bio);
	ssize_t done = send(client->fd, bytes, (size_t)len, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (done < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_write(bio);
	return (int)done;
}

static int bio_receive(BIO *bio, char *bytes, int len)
{
	const struct smtpclient *client = BIO_get_data(bio);
	ssize_t done = recv(client->fd, bytes, (size_t)len, 0);

	BIO_clear_retry_flags(bio);
	if (done < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_read(bio);
	return (int)done;
}

static long bio_control(BIO *bio, int what, long number, void *data)
{
	(void)bio, (void)number, (void)data;
	return what == BIO_CTRL_FLUSH;
}

static bool make_tls(struct smtpclient *client)
{
	BIO *bio;

	client->context = SSL_CTX_new(TLS_client_method());
	client->method = BIO_meth_new(BIO_get_new_index() |
				      BIO_TYPE_SOURCE_SINK, "smtpclient");
	bio = client->method && client->context ? BIO_new(client->method) :
						  NULL;
	client->tls = bio ? SSL_new(client->context) : NULL;
	if (!client->tls) {
		BIO_free(bio);
		return false;
	}
	BIO_meth_set_write(client->method, bio_send);
	BIO_meth_set_read(client->method, bio_receive);
	BIO_meth_set_ctrl(client->method, bio_control);
	BIO_set_data(bio, client);
	BIO_set_init(bio, 1);
	SSL_set_bio(client->tls, bio, bio);
	/* What is sent from a growing buffer may move between two tries. */
	SSL_set_mode(client->tls, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				  SSL_MODE_ENABLE_PARTIAL_WRITE);
	return true;
}

static bool shake_hands(struct smtpclient *client)
{
	return make_tls(client) &&
	       run(client, step_handshake, NULL, 0, deadline(client)) > 0;
}

struct smtp_reply smtpclient_starttls(struct smtpclient *client)
{
	struct smtp_reply reply = smtpclient_command(client, "STARTTLS");

	if (reply.code != 220)
		return reply;
	client->from = client->to = 0;	/* nothing said in clear counts */
	if (!client->tls && shake_hands(client))
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
