#include <config.h>

#include "admin/admin.h"

#include "admin/table.h"
#include "relay/probe.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define EXIT_OPEN 1

static const char *verdict_word(enum probe_verdict verdict)
{
	static const char *const words[] = { "closed", "open", "unknown" };

	return words[verdict];
}

static void print_json(const struct probe_result *result)
{
	json_t *rows = json_array(), *whole;

	for (guint i = 0; i < result->rows->len; i++) {
		const struct probe_row *row =
			g_ptr_array_index(result->rows, i);

		json_array_append_new(rows, json_pack(
			"{s:s, s:s, s:s, s:i, s:s, s:s}", "name", row->name,
			"from", row->mail_from, "to", row->rcpt_to,
			"code", row->code, "text", row->text,
			"verdict", verdict_word(row->verdict)));
	}
	whole = json_pack("{s:s, s:s, s:o}", "server", result->server,
			  "verdict", verdict_word(result->verdict),
			  "tests", rows);
	json_dumpf(whole, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(whole);
}

static void print_people(const struct probe_result *result)
{
	static const char *const titles[] = {
		"test", "from", "to", "result", "the server's answer", NULL,
	};
	static const enum table_style styles[] = {
		TABLE_GOOD, TABLE_BAD, TABLE_DIM,
	};
	static const char *const plain[] = {
		"closed: every test was refused",
		"OPEN: it accepted what a stranger must not send",
		"could not tell: see the tests marked unknown",
	};
	struct table *table = table_new(titles);

	for (guint i = 0; i < result->rows->len; i++) {
		const struct probe_row *row =
			g_ptr_array_index(result->rows, i);

		table_add(table, TABLE_PLAIN, "%s", row->name);
		table_add(table, TABLE_PLAIN, "<%s>", row->mail_from);
		table_add(table, TABLE_PLAIN, "<%s>", row->rcpt_to);
		table_add(table, styles[row->verdict], "%s",
			  verdict_word(row->verdict));
		table_add(table, TABLE_PLAIN, "%d %s", row->code, row->text);
	}
	table_print(table);
	table_free(table);
	printf("%s: %s\n", result->server, plain[result->verdict]);
}

/* A server that cannot be reached is one that could not be told of. */
static int status_of(const GError *why)
{
	if (g_error_matches(why, PROBE_ERROR, PROBE_ERROR_USAGE))
		return EX_USAGE;
	if (g_error_matches(why, PROBE_ERROR, PROBE_ERROR_NOT_PERMITTED))
		return EX_NOPERM;
	return EX_TEMPFAIL;
}

static int probe(struct admin *admin, const struct command *self,
		 const struct probe_options *options)
{
	static const int statuses[] = { EX_OK, EXIT_OPEN, EX_TEMPFAIL };
	g_autoptr(GError) why = NULL;
	struct probe_result *result;
	int status = admin_load(admin);

	if (status != EX_OK)
		return status;
	result = probe_run(options, admin->settings, &why);
	if (!result)
		return admin_fail(self, status_of(why), "%s", why->message);
	if (admin->is_json)
		print_json(result);
	else
		print_people(result);
	status = statuses[result->verdict];
	probe_result_free(result);
	return status;
}

/* HOST, HOST:PORT, [IPV6]:PORT; a bare IPv6 address has no port. */
static void split_host(char *text, struct probe_options *options)
{
	char *colon = strrchr(text, ':');
	bool is_bare_ip6 = colon && strchr(text, ':') != colon &&
			   text[0] != '[';

	options->host = text;
	options->port = "25";
	if (!colon || is_bare_ip6 || colon == text)
		return;
	if (text[0] == '[' && colon[-1] != ']')
		return;
	*colon = '\0';
	options->port = colon + 1;
}

static char *read_password(const char *file, GError **error)
{
	char *text;

	if (!g_file_get_contents(file, &text, NULL, error))
		return NULL;
	text[strcspn(text, "\r\n")] = '\0';
	return text;
}

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	g_autofree char *from = NULL, *to = NULL, *user = NULL, *file = NULL;
	g_autofree char *password = NULL;
	gboolean is_starttls = FALSE, is_deliver = FALSE, is_mine = FALSE;
	gint timeout = 10;
	const GOptionEntry entries[] = {
		{ "from", 0, 0, G_OPTION_ARG_STRING, &from,
		  "Sender outside", "ADDRESS" },
		{ "to", 0, 0, G_OPTION_ARG_STRING, &to,
		  "Recipient outside", "ADDRESS" },
		{ "starttls", 0, 0, G_OPTION_ARG_NONE, &is_starttls,
		  "Use TLS; the certificate is not checked", NULL },
		{ "user", 0, 0, G_OPTION_ARG_STRING, &user,
		  "Log in (AUTH PLAIN)", "NAME" },
		{ "password-file", 0, 0, G_OPTION_ARG_FILENAME, &file,
		  "First line: the password", "FILE" },
		{ "deliver", 0, 0, G_OPTION_ARG_NONE, &is_deliver,
		  "Where RCPT is accepted send a message, too", NULL },
		{ "i-run-this-server", 0, 0, G_OPTION_ARG_NONE, &is_mine,
		  "Confirm that it is your own", NULL },
		{ "timeout", 0, 0, G_OPTION_ARG_INT, &timeout,
		  "Longest wait for one answer (10)", "SECONDS" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object", NULL },
		G_OPTION_ENTRY_NULL,
	};
	struct probe_options options = { 0 };
	g_autoptr(GError) why = NULL;
	int status = admin_parse(self, entries, &argc, &argv);

	if (status != EX_OK)
		return status;
	if (argc != 2)
		return admin_fail(self, EX_USAGE, "one HOST[:PORT] is needed");
	if (!user != !file)
		return admin_fail(self, EX_USAGE,
			"--user and --password-file go together");
	if (file && !(password = read_password(file, &why)))
		return admin_fail(self, EX_NOINPUT, "%s", why->message);
	split_host(argv[1], &options);
	options.from = from;
	options.to = to;
	options.is_starttls = is_starttls;
	options.user = user;
	options.password = password;
	options.is_deliver = is_deliver;
	options.is_confirmed = is_mine;
	options.timeout_ms = CLAMP(timeout, 1, 300) * 1000;
	return probe(admin, self, &options);
}

const struct command command_relay_probe = {
	.name = "relay-probe",
	.arguments = "[OPTION...] HOST[:PORT]",
	.summary = "Try whether a server of one's own is an open relay",
	.examples =
	"  reevectl relay-probe 127.0.0.1:25\n"
	"  reevectl relay-probe mx.example.org --starttls "
	"--i-run-this-server\n"
	"Exit status: 0 closed, 1 open, 75 could not tell.\n",
	.run = run,
};
