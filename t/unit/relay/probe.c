#include <config.h>

#include "relay/probe.h"

#include "base/clock.h"
#include "base/span.h"
#include "message/limits.h"
#include "message/ours.h"
#include "relay/relaysettings.h"

#include "unit/shared.h"
#include "unit/tap.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/*
 * What the server says to each command, with line ends. NULL: as a closed
 * server does; hangs: nothing; "": it hangs up. relays is a text: a RCPT with
 * it in is accepted.
 */
struct script {
	const char *greeting, *ehlo, *helo, *auth, *mail, *rcpt, *data, *end;
	const char *relays;
	bool is_cutting;		/* hangs up after each 5xx */
};

static const char hangs[] = "hangs";
static const struct script closed = { 0 };
static const struct script open_to_all = { .relays = "@" };

struct server {
	const struct script *script;
	int listening;
	char port[8];
	GThread *thread;
	SSL_CTX *tls;
	GString *heard;			/* all commands, once stopped */
};

struct line {
	SSL *tls;
	int fd;
};

static bool say(const struct line *line, const char *text)
{
	int len = (int)strlen(text);

	if (line->tls)
		return SSL_write(line->tls, text, len) == len;
	return send(line->fd, text, (size_t)len, MSG_NOSIGNAL) == len;
}

static bool hear(const struct line *line, GString *command)
{
	g_string_truncate(command, 0);
	for (;;) {
		char c;
		ssize_t done = line->tls ? SSL_read(line->tls, &c, 1) :
					   recv(line->fd, &c, 1, 0);

		if (done != 1)
			return false;
		if (c == '\n')
			return true;
		if (c != '\r')
			g_string_append_c(command, c);
	}
}

/* The reply to a command; hangs or "" as in the script. */
static const char *answer(const struct script *script, const char *command)
{
	const struct { const char *verb, *reply, *preset; } table[] = {
		{ "EHLO ", script->ehlo, "250-mx.test.example\r\n"
		  "250-STARTTLS\r\n250 AUTH PLAIN\r\n" },
		{ "HELO ", script->helo, "250 mx.test.example\r\n" },
		{ "AUTH PLAIN ", script->auth, "235 2.7.0 welcome\r\n" },
		{ "MAIL FROM:", script->mail, "250 2.1.0 ok\r\n" },
		{ "RCPT TO:", script->rcpt, "550 5.7.1 relaying denied\r\n" },
		{ "DATA", script->data, "354 go on\r\n" },
		{ ".", script->end, "250 2.0.0 queued\r\n" },
		{ "STARTTLS", NULL, "220 2.0.0 go ahead\r\n" },
		{ "QUIT", NULL, "221 2.0.0 bye\r\n" },
	};

	if (script->relays && g_str_has_prefix(command, "RCPT TO:") &&
	    strstr(command, script->relays))
		return "250 2.1.5 ok\r\n";
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (g_str_has_prefix(command, table[i].verb))
			return table[i].reply ? table[i].reply :
						table[i].preset;
	return "500 5.5.1 what?\r\n";
}

static void start_tls(struct server *server, struct line *line)
{
	line->tls = SSL_new(server->tls);
	SSL_set_fd(line->tls, line->fd);
	if (SSL_accept(line->tls) != 1)
		shutdown(line->fd, SHUT_RDWR);
}

/* To the empty line's end of a message, none of whose lines is a command. */
static void hear_message(struct server *server, const struct line *line,
			 GString *command)
{
	while (hear(line, command) && strcmp(command->str, ".") != 0)
		g_string_append_printf(server->heard, "| %s\n", command->str);
}

/* Says it, and does what it promises. False when it hangs up. */
static bool reply_with(struct server *server, struct line *line,
		       const char *reply)
{
	if (reply == hangs)
		return true;
	if (!*reply || !say(line, reply))
		return false;
	if (g_str_has_prefix(reply, "220 2.0.0"))
		start_tls(server, line);
	return !server->script->is_cutting || reply[0] != '5';
}

static void serve(struct server *server, struct line *line)
{
	const struct script *script = server->script;
	g_autoptr(GString) command = g_string_new(NULL);
	const char *reply = script->greeting ? script->greeting :
			    "220 mx.test.example ESMTP\r\n";

	while (reply_with(server, line, reply)) {
		if (g_str_has_prefix(reply, "354"))
			hear_message(server, line, command);
		else if (!hear(line, command))
			return;
		g_string_append_printf(server->heard, "%s\n", command->str);
		reply = answer(script, command->str);
	}
}

static void *run(void *data)
{
	struct server *server = data;
	int fd;

	while ((fd = accept(server->listening, NULL, NULL)) >= 0) {
		struct line line = { .fd = fd };

		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 },
			   sizeof(int));
		serve(server, &line);
		SSL_free(line.tls);
		close(fd);
	}
	return NULL;
}

/* A certificate that nobody knows. */
static SSL_CTX *make_tls(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	assert_true(X509_sign(cert, key, EVP_sha256()));
	assert_int_equal(SSL_CTX_use_certificate(context, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(context, key), 1);
	X509_free(cert);
	EVP_PKEY_free(key);
	return context;
}

static void server_start(struct server *server, const struct script *script)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof addr;

	*server = (struct server){ .script = script, .tls = make_tls() };
	server->heard = g_string_new(NULL);
	server->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->listening, (struct sockaddr *)&addr,
			      size), 0);
	assert_int_equal(listen(server->listening, 16), 0);
	getsockname(server->listening, (struct sockaddr *)&addr, &size);
	g_snprintf(server->port, sizeof server->port, "%d",
		   ntohs(addr.sin_port));
	server->thread = g_thread_new("server", run, server);
}

/* From here on heard is all that it heard. */
static void server_stop(struct server *server)
{
	shutdown(server->listening, SHUT_RDWR);
	g_thread_join(server->thread);
	close(server->listening);
	SSL_CTX_free(server->tls);
}

static void server_release(struct server *server)
{
	g_string_free(server->heard, TRUE);
}

static struct settings *settings_of(const char *text)
{
	static const struct setting_group *const groups[] = {
		&limits_group, &ours_group, &relay_group, NULL,
	};
	g_autoptr(GError) why = NULL;
	struct settings *settings = settings_parse("test", span_text(text),
						   groups, &why);

	if (!settings)
		fail_msg("%s", why->message);
	return settings;
}

/* The server of that script, probed on loopback, and stopped. */
static struct probe_result *probe(struct server *server,
				  const struct script *script,
				  struct probe_options options)
{
	struct settings *settings = settings_of("");
	g_autoptr(GError) why = NULL;
	struct probe_result *result;

	server_start(server, script);
	if (!options.host)
		options.host = "127.0.0.1";
	if (!options.timeout_ms)
		options.timeout_ms = 5000;
	options.port = server->port;
	result = probe_run(&options, settings, &why);
	server_stop(server);
	if (!result)
		fail_msg("%s", why->message);
	settings_unref(settings);
	return result;
}

static const struct probe_row *row_of(const struct probe_result *result,
				      guint i)
{
	assert_in_range(i, 0, result->rows->len - 1);
	return g_ptr_array_index(result->rows, i);
}

/* One script a row: the verdict, and the first row's answer. */
static const struct {
	const char *what;
	struct script script;
	bool is_slow;			/* it hangs: little time for all */
	enum probe_verdict verdict;
	int code;
	const char *text;
} servers[] = {
	{ "closed", { 0 }, false, PROBE_CLOSED, 550,
	  "5.7.1 relaying denied" },
	{ "open", { .relays = "@" }, false, PROBE_OPEN, 250,
	  "2.1.5 ok" },
	{ "open to one game", { .relays = "%" }, false, PROBE_OPEN,
	  550, "5.7.1 relaying denied" },
	{ "refused at MAIL", { .mail = "553 5.7.1 not you\r\n" },
	  false, PROBE_CLOSED, 553,
	  "5.7.1 not you" },
	{ "several lines", { .rcpt = "550-5.7.1 no\r\n"
	  "550-5.7.1 and no\r\n550 5.7.1 again\r\n" }, false, PROBE_CLOSED,
	  550, "5.7.1 no 5.7.1 and no 5.7.1 again" },
	{ "code alone", { .rcpt = "550\r\n" }, false, PROBE_CLOSED,
	  550, "" },
	{ "LF alone", { .rcpt = "550 no\n" }, false, PROBE_CLOSED,
	  550, "no" },
	{ "hangs up after errors", { .is_cutting = true }, false,
	  PROBE_CLOSED, 550, "5.7.1 relaying denied" },
	{ "no EHLO", { .ehlo = "502 5.5.2 what\r\n",
	  .helo = "250 hello\r\n" }, false, PROBE_CLOSED, 550,
	  "5.7.1 relaying denied" },
	{ "temporary", { .rcpt = "451 4.7.1 later\r\n" }, false,
	  PROBE_UNKNOWN, 451, "4.7.1 later" },
	{ "does not find the domain",
	  { .mail = "550 5.1.8 Domain not found\r\n" }, false, PROBE_UNKNOWN,
	  550, "5.1.8 Domain not found" },
	{ "does not talk to us", { .greeting = "554 5.7.1 go away\r\n" },
	  false, PROBE_UNKNOWN, 554, "5.7.1 go away" },
	{ "busy", { .greeting = "421 4.3.2 busy\r\n" }, false,
	  PROBE_UNKNOWN, 421, "4.3.2 busy" },
	{ "hangs up at once", { .greeting = "" }, false, PROBE_UNKNOWN, 0,
	  "no answer, or the connection broke" },
	{ "hangs up at RCPT", { .rcpt = "" }, false, PROBE_UNKNOWN, 0,
	  "no answer, or the connection broke" },
	{ "no SMTP", { .greeting = "HTTP/1.1 400 Bad\r\n" }, false,
	  PROBE_UNKNOWN, 0, "the answer is no SMTP reply" },
	{ "short code", { .rcpt = "55 x\r\n" }, false,
	  PROBE_UNKNOWN, 0, "the answer is no SMTP reply" },
	{ "long code", { .rcpt = "5500 x\r\n" }, false,
	  PROBE_UNKNOWN, 0, "the answer is no SMTP reply" },
	{ "an escape", { .rcpt = "550 \033[2J\xff\r\n" }, false,
	  PROBE_CLOSED, 550, "?[2J?" },
	{ "never greets", { .greeting = hangs }, true, PROBE_UNKNOWN, 0,
	  "no answer, or the connection broke" },
	{ "never answers RCPT", { .rcpt = hangs }, true,
	  PROBE_UNKNOWN, 0, "no answer, or the connection broke" },
};

static void all_kinds_of_servers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(servers); i++) {
		const struct probe_options options = {
			.timeout_ms = servers[i].is_slow ? 100 : 5000,
			.run_ms = servers[i].is_slow ? 300 : 0,
		};
		struct server server;
		struct probe_result *result = probe(&server, &servers[i].script,
						    options);
		const struct probe_row *row = row_of(result, 0);

		if (result->verdict != servers[i].verdict ||
		    row->code != servers[i].code ||
		    strcmp(row->text, servers[i].text) != 0)
			fail_msg("%s: verdict %d, %d %s", servers[i].what,
				 result->verdict, row->code, row->text);
		assert_in_range(result->rows->len, 25, 40);
		probe_result_free(result);
		server_release(&server);
	}
}

static void time_is_limited(void **state)
{
	static const struct script silent = { .greeting = hangs };
	const struct probe_options options = {
		.timeout_ms = 50, .run_ms = 100,
	};
	int64_t began_us = clock_monotonic_us();
	struct server server;
	struct probe_result *result = probe(&server, &silent, options);
	const struct probe_row *last = row_of(result, result->rows->len - 1);

	(void)state;
	assert_string_equal(last->text, "not tried: the time is up");
	assert_int_equal(last->verdict, PROBE_UNKNOWN);
	assert_true(clock_monotonic_us() - began_us < 5 * G_USEC_PER_SEC);
	probe_result_free(result);
	server_release(&server);
}

/* A reply that never ends is cut, by its lines and by their length. */
static void endless_replies(void **state)
{
	g_autofree char *line = g_strnfill(100000, 'x');
	g_autofree char *one = g_strconcat("550 ", line, "\r\n", NULL);
	g_autoptr(GString) many = g_string_new(NULL);
	const char *const replies[] = { one, NULL };

	(void)state;
	for (int i = 0; i < 1000; i++)
		g_string_append(many, "550-more\r\n");
	for (size_t i = 0; i < COUNT_OF(replies); i++) {
		const struct script script = {
			.rcpt = replies[i] ? replies[i] : many->str,
		};
		const struct probe_options options = { .timeout_ms = 2000 };
		struct server server;
		struct probe_result *result = probe(&server, &script, options);

		assert_int_equal(result->verdict, PROBE_UNKNOWN);
		assert_int_equal(row_of(result, 0)->code, 0);
		probe_result_free(result);
		server_release(&server);
	}
}

static void nothing_is_sent_but_the_envelope(void **state)
{
	struct server server;
	struct probe_result *result = probe(&server, &open_to_all,
					    (struct probe_options){ 0 });

	(void)state;
	assert_null(strstr(server.heard->str, "DATA"));
	assert_non_null(strstr(server.heard->str, "EHLO [127.0.0.1]\n"));
	assert_non_null(strstr(server.heard->str, "QUIT\n"));
	assert_string_equal(result->server + strlen("[127.0.0.1] port "),
			    server.port);
	probe_result_free(result);
	server_release(&server);
}

static void deliver_goes_to_the_end(void **state)
{
	static const struct {
		const char *data, *end;
		enum probe_verdict verdict;
	} cases[] = {
		{ "354 go on\r\n", "250 2.0.0 queued\r\n", PROBE_OPEN },
		{ "354 go on\r\n", "550 5.7.1 no\r\n", PROBE_CLOSED },
		{ "354 go on\r\n", "450 4.7.1 later\r\n", PROBE_UNKNOWN },
		{ "554 5.7.1 no\r\n", "", PROBE_CLOSED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct script script = {
			.relays = "@", .data = cases[i].data,
			.end = cases[i].end,
		};
		const struct probe_options options = { .is_deliver = true };
		struct server server;
		struct probe_result *result = probe(&server, &script, options);

		assert_int_equal(row_of(result, 0)->verdict, cases[i].verdict);
		if (cases[i].data[0] == '3')
			assert_non_null(strstr(server.heard->str,
					       "| Subject: relay probe"));
		probe_result_free(result);
		server_release(&server);
	}
}

static void tls_and_login(void **state)
{
	static const struct { const char *auth; bool is_starttls; int code; }
	cases[] = {
		{ "235 2.7.0 welcome\r\n", true, 250 },
		{ "235 2.7.0 welcome\r\n", false, 250 },
		{ "535 5.7.8 wrong\r\n", true, 535 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct script script = {
			.relays = "@", .auth = cases[i].auth,
		};
		const struct probe_options options = {
			.is_starttls = cases[i].is_starttls,
			.user = "user", .password = "pass",
		};
		struct server server;
		struct probe_result *result = probe(&server, &script, options);

		assert_int_equal(row_of(result, 0)->code, cases[i].code);
		assert_int_equal(result->verdict, cases[i].code == 250 ?
				 PROBE_OPEN : PROBE_UNKNOWN);
		/* "\0user\0pass" */
		assert_non_null(strstr(server.heard->str,
				       "AUTH PLAIN AHVzZXIAcGFzcw==\n"));
		assert_int_equal(strstr(server.heard->str, "STARTTLS") != NULL,
				 cases[i].is_starttls);
		probe_result_free(result);
		server_release(&server);
	}
}

static const struct {
	const char *settings;
	struct probe_options options;
	const char *why;		/* NULL: it is probed */
} permits[] = {
	/* 0.0.0.0 is not loopback, yet leads there. */
	{ "", { .host = "0.0.0.0" }, "--i-run-this-server" },
	{ "", { .host = "192.0.2.1" }, "192.0.2.1 is not on loopback" },
	{ "", { .host = "[2001:db8::1]" }, "2001:db8::1 is not on loopback" },
	{ "", { .host = "0.0.0.0", .is_confirmed = true }, NULL },
	{ "relay { networks = [\"0.0.0.0/32\"] }", { .host = "0.0.0.0" },
	  NULL },
	{ "relay { networks = [] }", { .host = "127.0.0.1" }, NULL },
	{ "", { .host = "localhost" }, NULL },
	{ "", { .host = "0.0.0.0", .is_confirmed = true, .user = "u",
		.password = "p" }, "--starttls" },
	{ "", { .host = "127.0.0.1", .to = "nobody" }, "need addresses" },
	{ "", { .host = "127.0.0.1", .to = "a@b@c" }, "need addresses" },
	{ "", { .host = "127.0.0.1", .from = "a@b\r\nDATA" },
	  "need addresses" },
	{ "", { .host = "127.0.0.1", .from = "a@b c" }, "need addresses" },
};

static void whom_it_may_probe(void **state)
{
	struct server server;

	(void)state;
	server_start(&server, &closed);
	for (size_t i = 0; i < COUNT_OF(permits); i++) {
		struct settings *settings = settings_of(permits[i].settings);
		struct probe_options options = permits[i].options;
		g_autoptr(GError) why = NULL;
		struct probe_result *result;

		options.port = server.port;
		options.timeout_ms = 2000;
		result = probe_run(&options, settings, &why);
		if (!result != (permits[i].why != NULL) ||
		    (!result && !strstr(why->message, permits[i].why)))
			fail_msg("%s: %s", options.host,
				 why ? why->message : "probed");
		probe_result_free(result);
		settings_unref(settings);
	}
	server_stop(&server);
	server_release(&server);
}

static void nobody_listens(void **state)
{
	struct settings *settings = settings_of("");
	g_autoptr(GError) why = NULL;
	struct server server;
	struct probe_options options = {
		.host = "127.0.0.1", .timeout_ms = 1000,
	};

	(void)state;
	server_start(&server, &closed);
	server_stop(&server);
	options.port = server.port;
	assert_null(probe_run(&options, settings, &why));
	assert_non_null(strstr(why->message, "no connection"));
	settings_unref(settings);
	server_release(&server);
}

/* Its own name is what the server says it is, if that is a name at all. */
static void the_servers_name(void **state)
{
	static const struct { const char *greeting, *name; } cases[] = {
		{ "220 mx.test.example ESMTP\r\n", "mx.test.example" },
		{ "220-MX.test.example hello\r\n220 more.words here\r\n",
		  "mx.test.example" },
		{ "220 ESMTP ready\r\n", "[127.0.0.1]" },
		{ "220 <x>@y.z ESMTP\r\n", "[127.0.0.1]" },
		{ "220\r\n", "[127.0.0.1]" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct script script = {
			.greeting = cases[i].greeting,
		};
		g_autofree char *mail = g_strdup_printf(
			"MAIL FROM:<antispam@%s>\n", cases[i].name);
		struct server server;
		struct probe_result *result = probe(
			&server, &script, (struct probe_options){ 0 });

		assert_non_null(strstr(server.heard->str, mail));
		probe_result_free(result);
		server_release(&server);
	}
}

static char *substituted(const char *pattern)
{
	static const struct { const char *mark, *value; } marks[] = {
		{ "{outside_domain}", "remote.example" },
		{ "{server_name}", "mx.test.example" },
		{ "{server_ip}", "127.0.0.1" },
	};
	GString *out = g_string_new(pattern);

	for (size_t i = 0; i < COUNT_OF(marks); i++)
		g_string_replace(out, marks[i].mark, marks[i].value, 0);
	return g_string_free(out, FALSE);
}

static bool has_test(const struct probe_result *result, const char *from,
		     const char *to)
{
	for (guint i = 0; i < result->rows->len; i++) {
		const struct probe_row *row = row_of(result, i);

		if (g_str_equal(row->mail_from, from) &&
		    g_str_equal(row->rcpt_to, to))
			return true;
	}
	return false;
}

static void has_the_whole_battery(void **state)
{
	static const struct probe_options options = {
		.to = "relaytest@remote.example",
	};
	g_autofree char *text = shared_text("smtp/open-relay-battery.tsv");
	struct probe_result *result;
	struct server server;

	(void)state;
	if (!text) {
		/* Not skip(): cmocka says "not ok # SKIP",
		 * which prove fails. */
		print_message("# skipped, no shared/data/smtp: "
			      "set MAILREEVE_SHARED\n");
		return;
	}
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	result = probe(&server, &closed, options);
	for (char **line = lines + 1; *line && **line; line++) {
		g_auto(GStrv) fields = g_strsplit(*line, "\t", 4);
		g_autofree char *from = substituted(fields[1]);
		g_autofree char *to = substituted(fields[2]);

		if (!has_test(result, from, to))
			fail_msg("<%s> <%s>", from, to);
	}
	probe_result_free(result);
	server_release(&server);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(all_kinds_of_servers),
	cmocka_unit_test(time_is_limited),
	cmocka_unit_test(endless_replies),
	cmocka_unit_test(nothing_is_sent_but_the_envelope),
	cmocka_unit_test(deliver_goes_to_the_end),
	cmocka_unit_test(tls_and_login),
	cmocka_unit_test(whom_it_may_probe),
	cmocka_unit_test(nobody_listens),
	cmocka_unit_test(the_servers_name),
	cmocka_unit_test(has_the_whole_battery),
};

TAP_MAIN(tests)
