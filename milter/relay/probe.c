#include <config.h>

#include "relay/probe.h"

#include "base/clock.h"
#include "base/netaddr.h"
#include "message/mailaddr.h"
#include "relay/relaysettings.h"
#include "relay/smtpclient.h"

#include <netdb.h>
#include <string.h>

/*
 * The tests. In the patterns %o is the outside domain and %u the user there
 * (of --to), %f the sender outside, %s the server's name (from its greeting),
 * %a its address as a literal. Facts of the battery: what open-relay testers
 * have sent for decades.
 */
static const struct { const char *name, *from, *to; } tests[] = {
	{ "plain", "%f", "%u@%o" },
	{ "null sender", "", "%u@%o" },
	{ "sender in the same domain", "antispam@%o", "%u@%o" },
	{ "sender of the server", "antispam@%s", "%u@%o" },
	{ "sender at the server's address", "antispam@%a", "%u@%o" },
	{ "percent, server's address", "antispam@%a", "%u%%%o@%a" },
	{ "percent, server's name", "antispam@%a", "%u%%%o@%s" },
	{ "percent, no domain", "antispam@%a", "%u%%%o" },
	{ "quoted", "antispam@%a", "\"%u@%o\"" },
	{ "quoted percent", "antispam@%a", "\"%u%%%o\"" },
	{ "two @, server's address", "antispam@%a", "%u@%o@%a" },
	{ "two @, server's name", "antispam@%a", "%u@%o@%s" },
	{ "quoted, server's address", "antispam@%a", "\"%u@%o\"@%a" },
	{ "quoted, server's name", "antispam@%a", "\"%u@%o\"@%s" },
	{ "source route, server's address", "antispam@%a", "@%a:%u@%o" },
	{ "source route, server's name", "antispam@%a", "@%s:%u@%o" },
	{ "source route, two hops", "antispam@%a", "@%s,@%o:%u@%o" },
	{ "bang", "antispam@%a", "%o!%u" },
	{ "bang, server's address", "antispam@%a", "%o!%u@%a" },
	{ "bang, server's name", "antispam@%a", "%o!%u@%s" },
	{ "percent and bang", "antispam@%a", "%o!%u%%%s@%s" },
	{ "trailing dot", "%f", "%u@%o." },
	{ "capitals", "%f", "%u@%O" },
	{ "other address literal", "%f", "%u@[192.0.2.1]" },
	{ "IPv6 address literal", "%f", "%u@[IPv6:2001:db8::1]" },
	{ "quoted angle brackets", "%f", "\"<%u@%o>\"@%s" },
	{ "sender postmaster", "postmaster@%s", "%u@%o" },
};

#define ADDRESSES_MAX 8		/* of the server, tried in turn */

struct address {
	struct sockaddr_storage addr;
	socklen_t size;
};

struct probing {
	const struct probe_options *options;
	struct address addresses[ADDRESSES_MAX];
	size_t address_count;
	const struct address *server;	/* the one that answers */
	int64_t until_us;		/* clock_monotonic_us() */
	char *literal;			/* [192.0.2.1] or [IPv6:...] */
	char *name;			/* of the server */
	const char *from;
	char *user, *domain, *capitals;	/* of to */
};

GQuark probe_error_quark(void)
{
	return g_quark_from_static_string("probe");
}

static void free_row(void *data)
{
	struct probe_row *row = data;

	g_free(row->mail_from);
	g_free(row->rcpt_to);
	g_free(row->text);
	g_free(row);
}

void probe_result_free(struct probe_result *result)
{
	if (!result)
		return;
	g_ptr_array_unref(result->rows);
	g_free(result->server);
	g_free(result);
}

static char *expand(const struct probing *on, const char *pattern)
{
	GString *out = g_string_new(NULL);

	for (; *pattern; pattern++) {
		if (*pattern != '%') {
			g_string_append_c(out, *pattern);
			continue;
		}
		switch (*++pattern) {
		case 'f':
			g_string_append(out, on->from);
			break;
		case 'u':
			g_string_append(out, on->user);
			break;
		case 'o':
			g_string_append(out, on->domain);
			break;
		case 'O':
			g_string_append(out, on->capitals);
			break;
		case 's':
			g_string_append(out, on->name);
			break;
		case 'a':
			g_string_append(out, on->literal);
			break;
		default:
			g_string_append_c(out, '%');
			break;
		}
	}
	return g_string_free(out, FALSE);
}

static struct smtpclient *connect_to(const struct probing *on,
				     const struct address *to,
				     GError **error)
{
	return smtpclient_open((const struct sockaddr *)&to->addr, to->size,
			       on->options->timeout_ms, error);
}

static char *literal_of(const struct netaddr *addr)
{
	char text[NETADDR_TEXT_MAX];

	netaddr_format(addr, text);
	return g_strdup_printf(addr->family == NETADDR_IP6 ? "[IPv6:%s]" :
							     "[%s]", text);
}

/* As the address that we come from, RFC 5321, 4.1.3: a made-up name would be
 * refused for its own sake, and the server called closed for that. */
static struct smtp_reply say_hello(const struct probing *on,
				   struct smtpclient *client)
{
	bool needs_extensions = on->options->is_starttls || on->options->user;
	g_autofree char *name = NULL, *ehlo = NULL, *helo = NULL;
	struct smtp_reply reply;
	struct netaddr own;

	name = smtpclient_local(client, &own) ? literal_of(&own) :
						g_strdup("[127.0.0.1]");
	ehlo = g_strconcat("EHLO ", name, NULL);
	helo = g_strconcat("HELO ", name, NULL);
	reply = smtpclient_command(client, ehlo);
	if (reply.code >= 500 && !needs_extensions)
		reply = smtpclient_command(client, helo);
	return reply;
}

static struct smtp_reply open_session(const struct probing *on,
				      struct smtpclient **client)
{
	const struct probe_options *options = on->options;
	struct smtp_reply reply = { .code = 0 };
	g_autoptr(GError) why = NULL;

	*client = connect_to(on, on->server, &why);
	if (!*client) {
		g_strlcpy(reply.text, why->message, sizeof reply.text);
		return reply;
	}
	reply = *smtpclient_greeting(*client);
	if (reply.code == 220)
		reply = say_hello(on, *client);
	if (reply.code == 250 && options->is_starttls) {
		reply = smtpclient_starttls(*client);
		if (reply.code == 220)
			reply = say_hello(on, *client);
	}
	if (reply.code == 250 && options->user)
		reply = smtpclient_login(*client, options->user,
					 options->password);
	return reply;
}

static bool is_open_session(const struct smtp_reply *reply)
{
	return reply->code == 250 || reply->code == 235;
}

/* RFC 3463 and 7505: the sender's or the recipient's domain is not found, or
 * takes no mail. That was no answer to what was asked. */
static bool is_about_domain(const char *text)
{
	static const char *const enhanced[] = {
		"5.1.2 ", "5.1.8 ", "5.1.10 ", "5.7.27 ",
	};

	for (size_t i = 0; i < COUNT_OF(enhanced); i++)
		if (g_str_has_prefix(text, enhanced[i]))
			return true;
	return false;
}

static enum probe_verdict verdict_of(const struct smtp_reply *reply)
{
	if (reply->code >= 200 && reply->code < 300)
		return PROBE_OPEN;
	return reply->code >= 500 && reply->code < 600 &&
	       !is_about_domain(reply->text) ? PROBE_CLOSED : PROBE_UNKNOWN;
}

static struct smtp_reply deliver(struct smtpclient *client,
				 const struct probe_row *row)
{
	g_autofree char *text = g_strdup_printf(
		"From: <%s>\nSubject: relay probe: %s\n\n"
		"This server relayed a message for a stranger.\n",
		row->mail_from, row->name);

	return smtpclient_data(client, text);
}

/* What is no SMTP session could not tell; a refusal at MAIL is an answer. */
static void run_test(const struct probing *on, struct probe_row *row)
{
	struct smtpclient *client = NULL;
	struct smtp_reply reply = open_session(on, &client);
	g_autofree char *mail = g_strdup_printf("MAIL FROM:<%s>",
						row->mail_from);
	g_autofree char *rcpt = g_strdup_printf("RCPT TO:<%s>", row->rcpt_to);

	row->verdict = PROBE_UNKNOWN;
	if (is_open_session(&reply)) {
		reply = smtpclient_command(client, mail);
		row->verdict = verdict_of(&reply);
		if (row->verdict == PROBE_OPEN) {
			reply = smtpclient_command(client, rcpt);
			row->verdict = verdict_of(&reply);
		}
		if (row->verdict == PROBE_OPEN && on->options->is_deliver) {
			reply = deliver(client, row);
			row->verdict = verdict_of(&reply);
		}
	}
	row->code = reply.code;
	row->text = g_strdup(reply.text);
	smtpclient_close(&client);
}

/* The first word of its greeting, or the address when that is no name. */
static char *name_of(const struct probing *on, const char *greeting)
{
	struct span word = span_first(span_text(greeting),
				      strcspn(greeting, " "));
	struct arena arena;
	const char *name;
	char *kept;

	arena_init(&arena);
	name = mailaddr_domain_ascii(word, &arena);
	kept = g_strdup(name && strchr(name, '.') ? name : on->literal);
	arena_release(&arena);
	return kept;
}

static bool note_server(struct probing *on, const struct address *server)
{
	struct netaddr addr;

	if (!netaddr_of_sockaddr((const struct sockaddr *)&server->addr, &addr,
				 NULL))
		return false;
	on->server = server;
	on->literal = literal_of(&addr);
	return true;
}

/* The first of its addresses that takes a connection. */
static bool greet(struct probing *on, GError **error)
{
	for (size_t i = 0; i < on->address_count; i++) {
		struct smtpclient *client;

		if (error)
			g_clear_error(error);
		client = connect_to(on, &on->addresses[i], error);
		if (client && note_server(on, &on->addresses[i]))
			on->name = name_of(on,
					   smtpclient_greeting(client)->text);
		smtpclient_close(&client);
		if (on->name)
			return true;
	}
	return false;
}

static bool may_probe(const struct probe_options *options,
		      const struct settings *settings,
		      const struct netaddr *addr, GError **error)
{
	char text[NETADDR_TEXT_MAX];

	if (options->is_confirmed || netaddr_is_loopback(addr) ||
	    netset_has(relay_settings_of(settings)->networks, addr))
		return true;
	g_set_error(error, PROBE_ERROR, PROBE_ERROR_NOT_PERMITTED,
		    "%s is not on loopback and not in relay.networks; probe "
		    "your own servers only, and say --i-run-this-server",
		    netaddr_format(addr, text));
	return false;
}

/* A login in clear is for loopback only: the network would read it. */
static bool may_log_in(const struct probe_options *options,
		       const struct netaddr *addr, GError **error)
{
	if (!options->user || options->is_starttls ||
	    netaddr_is_loopback(addr))
		return true;
	g_set_error(error, PROBE_ERROR, PROBE_ERROR_USAGE,
		    "a login goes to another host with --starttls only");
	return false;
}

static bool take_address(struct probing *on, const struct addrinfo *info,
			 const struct settings *settings, GError **error)
{
	struct address *to = &on->addresses[on->address_count];
	struct netaddr addr;

	if (!netaddr_of_sockaddr(info->ai_addr, &addr, NULL))
		return true;
	if (!may_probe(on->options, settings, &addr, error) ||
	    !may_log_in(on->options, &addr, error))
		return false;
	if (on->address_count < ADDRESSES_MAX) {
		memcpy(&to->addr, info->ai_addr, info->ai_addrlen);
		to->size = info->ai_addrlen;
		on->address_count++;
	}
	return true;
}

/* The host's addresses; all must be allowed, so that a name with a stranger's
 * address beside ours is refused. */
static bool find_server(struct probing *on, const struct settings *settings,
			GError **error)
{
	const struct probe_options *options = on->options;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *all;
	g_autofree char *host = g_strdup(options->host);
	size_t len = strlen(host);
	bool is_allowed = true;

	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		memmove(host, host + 1, len - 1);
	}
	int why = getaddrinfo(host, options->port, &hints, &all);

	if (why != 0) {
		g_set_error(error, PROBE_ERROR, PROBE_ERROR_UNREACHABLE,
			    "%s port %s: %s", host, options->port, gai_strerror(why));
		return false;
	}
	for (const struct addrinfo *one = all; one && is_allowed;
	     one = one->ai_next)
		is_allowed = take_address(on, one, settings, error);
	freeaddrinfo(all);
	if (is_allowed && on->address_count == 0)
		g_set_error(error, PROBE_ERROR, PROBE_ERROR_UNREACHABLE,
			    "%s: no IP address", host);
	return is_allowed && on->address_count;
}

/* What may stand in a command, and be taken apart for the games. */
static bool is_plain_address(const char *text)
{
	const char *at = strchr(text, '@');

	for (const char *c = text; *c; c++)
		if (*c <= 0x20 || *c > 0x7e || strchr("<>\"%!:,", *c))
			return false;
	return at && at > text && at[1] && !strchr(at + 1, '@') &&
	       strlen(text) <= 254;
}

static bool take_addresses(struct probing *on, GError **error)
{
	const char *to = on->options->to ? on->options->to :
			 "relaytest@relay-probe.invalid";
	const char *at = strchr(to, '@');

	on->from = on->options->from ? on->options->from :
		   "relaytest@outside-sender.invalid";
	if (!is_plain_address(on->from) || !is_plain_address(to)) {
		g_set_error(error, PROBE_ERROR, PROBE_ERROR_USAGE,
			    "--from and --to need addresses: user@example.net");
		return false;
	}
	on->user = g_strndup(to, (gsize)(at - to));
	on->domain = g_strdup(at + 1);
	on->capitals = g_ascii_strup(at + 1, -1);
	return true;
}

static void skip_test(struct probe_row *row)
{
	row->verdict = PROBE_UNKNOWN;
	row->text = g_strdup("not tried: the time is up");
}

static void run_tests(const struct probing *on, struct probe_result *result)
{
	size_t closed = 0;

	result->verdict = PROBE_UNKNOWN;
	for (size_t i = 0; i < COUNT_OF(tests); i++) {
		struct probe_row *row = g_new0(struct probe_row, 1);

		row->name = tests[i].name;
		row->mail_from = expand(on, tests[i].from);
		row->rcpt_to = expand(on, tests[i].to);
		if (clock_monotonic_us() < on->until_us)
			run_test(on, row);
		else
			skip_test(row);
		g_ptr_array_add(result->rows, row);
		if (row->verdict == PROBE_OPEN)
			result->verdict = PROBE_OPEN;
		closed += row->verdict == PROBE_CLOSED;
	}
	if (closed == COUNT_OF(tests))
		result->verdict = PROBE_CLOSED;
}

struct probe_result *probe_run(const struct probe_options *options,
			       const struct settings *settings,
			       GError **error)
{
	int64_t run_ms = options->run_ms ? options->run_ms : PROBE_RUN_MS;
	struct probing on = {
		.options = options,
		.until_us = clock_monotonic_us() + run_ms * 1000,
	};
	struct probe_result *result = NULL;

	if (take_addresses(&on, error) && find_server(&on, settings, error) &&
	    greet(&on, error)) {
		result = g_new0(struct probe_result, 1);
		result->rows = g_ptr_array_new_with_free_func(free_row);
		result->server = g_strdup_printf("%s port %s", on.literal,
						 options->port);
		run_tests(&on, result);
	}
	g_free(on.literal);
	g_free(on.name);
	g_free(on.user);
	g_free(on.domain);
	g_free(on.capitals);
	return result;
}
