#include <config.h>

#include "admin/admin.h"

#include "admin/input.h"
#include "admin/recordjson.h"
#include "admin/table.h"
#include "base/clock.h"
#include "message/rawmessage.h"
#include "relay/direction.h"
#include "resolver/inquiry.h"
#include "resolver/resolver.h"
#include "resolver/resolversettings.h"
#include "sender/contacts.h"
#include "sender/sendersettings.h"
#include "settings/global.h"
#include "store/recordid.h"
#include "store/state.h"
#include "verdict/checks.h"
#include "verdict/verdict.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* The envelope to try with; see the options below. */
struct trial {
	struct admin *admin;
	const struct command *self;
	struct state *state;
	struct resolver *resolver;
	struct contacts *contacts;
	char *client_ip, *client_name, *helo, *from, *account;
	char **rcpts;
	gint64 time;
	struct session_facts facts;
};

/* Without --from the Return-Path that a delivery left, or the null sender. */
static struct span sender_of(const struct trial *trial,
			     const struct transaction *tx)
{
	const struct header *path;

	if (trial->from)
		return span_text(trial->from);
	path = transaction_find_header(tx, "Return-Path");
	return path ? span_trim(path->value) : span_text("<>");
}

static bool has_any_left(const struct transaction *tx)
{
	for (guint i = 0; i < tx->recipients->len; i++)
		if (g_array_index(tx->recipients, struct recipient, i).state ==
		    RCPT_ACCEPTED)
			return true;
	return false;
}

static void try_recipients(const struct trial *trial, struct transaction *tx)
{
	static char *nobody[] = { (char *)"postmaster", NULL };
	char **rcpts = trial->rcpts ? trial->rcpts : nobody;

	for (; *rcpts; rcpts++) {
		struct recipient *rcpt = transaction_add_recipient(tx);

		if (!rcpt)
			continue;
		rcpt->addr = mailaddr_parse(span_text(*rcpts), &tx->arena);
		checks_run(tx, STAGE_RCPT);
		verdict_recipient(tx);
	}
}

/* As session does it, step by step. */
static void judge(const struct trial *trial, struct transaction *tx)
{
	record_id_new(tx->id);
	tx->state = trial->state;
	tx->contacts = trial->contacts;
	tx->inquiry = inquiry_new(trial->resolver,
				  resolver_settings_of(tx->settings));
	tx->began_us = clock_now_us();
	tx->is_enforced = true;		/* what would be done, in any mode */
	tx->is_explained = true;
	tx->client.login = trial->account;
	tx->direction = direction_find(tx);
	tx->sender = mailaddr_parse(sender_of(trial, tx), &tx->arena);
	checks_run(tx, STAGE_CONNECT);
	checks_run(tx, STAGE_HELO);
	checks_run(tx, STAGE_MAIL);
	try_recipients(trial, tx);
	if (!has_any_left(tx)) {
		verdict_unfinished(tx);
		return;
	}
	checks_header(tx);
	checks_body(tx, span_of((const char *)tx->body->data,
				tx->body->len));
	checks_run(tx, STAGE_MESSAGE);
	verdict_message(tx);
}

/* Where the rules were met. Long, and so in no table. */
static void print_evidence(const struct transaction *tx)
{
	bool is_first = true;

	for (guint i = 0; i < tx->findings->len; i++) {
		const struct finding *finding =
			&g_array_index(tx->findings, struct finding, i);

		if (!finding->evidence)
			continue;
		printf("%s%s %.1f%s%s\n  %s\n", is_first ? "\n" : "",
		       finding->symbol, finding->score,
		       finding->meaning ? ": " : "", finding->meaning ?: "",
		       finding->evidence);
		is_first = false;
	}
}

static void print_people(struct transaction *tx)
{
	static const char *const titles[] = {
		"finding", "score", "detail", NULL,
	};
	struct table *table = table_new(titles);

	printf("%s: %d %s %s\nscore %.1f, %s%s%s\n",
	       action_word(tx->outcome.action), tx->outcome.code,
	       tx->outcome.enhanced, tx->outcome.text, tx->outcome.score,
	       direction_word(tx->direction), tx->customer ? ", customer " : "",
	       tx->customer ?: "");
	for (guint i = 0; i < tx->findings->len; i++) {
		const struct finding *finding =
			&g_array_index(tx->findings, struct finding, i);

		table_add(table, TABLE_PLAIN, "%s", finding->symbol);
		table_add(table, TABLE_PLAIN, "%.1f", finding->score);
		table_add(table, TABLE_PLAIN, "%s", finding->detail ?: "");
	}
	if (tx->findings->len)
		table_print(table);
	table_free(table);
	print_evidence(tx);
}

static void print_json(struct transaction *tx, const char *file)
{
	json_t *object = recordjson_verdict(tx);

	if (file)
		json_object_set_new(object, "file", json_string(file));
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void try_bytes(const struct trial *trial, struct span bytes,
		      const char *file, bool is_json)
{
	struct transaction tx;

	transaction_init(&tx, trial->admin->settings, &trial->facts);
	rawmessage_take(&tx, bytes);
	judge(trial, &tx);
	if (is_json)
		print_json(&tx, file);
	else
		print_people(&tx);
	transaction_release(&tx);
}

static int try_one(void *mydata, struct span bytes, const char *name,
		   bool is_named)
{
	const struct trial *trial = mydata;

	try_bytes(trial, bytes, is_named ? name : NULL,
		  trial->admin->is_json || is_named);
	return EX_OK;
}

/* Without --client-ip it is a stranger of whom no address is known. */
static int prepare(struct trial *trial)
{
	struct client *client = &trial->facts.client;

	record_id_new(trial->facts.id);
	client->kind = CLIENT_INET;
	client->port = 25000;
	client->name = trial->client_name;
	client->is_name_verified = trial->client_name != NULL;
	client->helo = trial->helo;
	client->daemon_name = "reevectl";
	if (trial->client_ip && !netaddr_parse(span_text(trial->client_ip),
					       &client->addr))
		return admin_fail(trial->self, EX_USAGE,
			"--client-ip: \"%s\" is no IP address",
			trial->client_ip);
	if (trial->time)
		clock_set_us(trial->time * G_USEC_PER_SEC);
	return EX_OK;
}

/* What the daemon has open: the DNS, and the senders that it knows. */
static int open_network(struct trial *trial)
{
	const struct settings *settings = trial->admin->settings;
	g_autofree char *path = g_build_filename(
		global_settings_of(settings)->state_dir, "contacts", NULL);
	g_autoptr(GError) why = NULL;

	trial->resolver = resolver_open(resolver_settings_of(settings), &why);
	if (!trial->resolver)
		return admin_fail(trial->self, EX_UNAVAILABLE, "%s",
				  why->message);
	trial->contacts = contacts_new(
		(size_t)sender_settings_of(settings)->contacts);
	contacts_load(trial->contacts, path);
	return EX_OK;
}

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	struct trial trial = { .admin = admin, .self = self };
	const GOptionEntry entries[] = {
		{ "client-ip", 0, 0, G_OPTION_ARG_STRING, &trial.client_ip,
		  "The client's address", "A" },
		{ "client-name", 0, 0, G_OPTION_ARG_STRING,
		  &trial.client_name, "Its name by PTR", "N" },
		{ "helo", 0, 0, G_OPTION_ARG_STRING, &trial.helo,
		  "What it says at HELO", "H" },
		{ "from", 0, 0, G_OPTION_ARG_STRING, &trial.from,
		  "Envelope sender (the Return-Path, or <>)", "S" },
		{ "rcpt", 0, 0, G_OPTION_ARG_STRING_ARRAY, &trial.rcpts,
		  "A recipient; may be given again (postmaster)", "R" },
		{ "account", 0, 0, G_OPTION_ARG_STRING, &trial.account,
		  "The login", "U" },
		{ "time", 0, 0, G_OPTION_ARG_INT64, &trial.time,
		  "Judge as of then (seconds since 1970)", "UNIX" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object a line", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = input_parse(self, entries, &argc, &argv);

	if (status == EX_OK)
		status = prepare(&trial);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK) {
		/* Where no daemon ever ran there are no lists, and that is
		 * no error here. */
		trial.state = state_open(
			global_settings_of(admin->settings)->state_dir,
			STATE_EXISTING, NULL);
		status = open_network(&trial);
		if (status == EX_OK)
			status = input_each(self, argc - 1, argv + 1, try_one,
					    &trial);
		resolver_close(&trial.resolver);
		contacts_free(trial.contacts);
		state_close(&trial.state);
	}
	g_free(trial.client_ip);
	g_free(trial.client_name);
	g_free(trial.helo);
	g_free(trial.from);
	g_free(trial.account);
	g_strfreev(trial.rcpts);
	return status;
}

const struct command command_try = {
	.name = "try",
	.arguments = "[OPTION...] FILE|FOLDER|-...",
	.summary = "Run a message through all checks, store nothing, say why",
	.examples =
	"  reevectl try --client-ip 192.0.2.1 --from a@example.net "
	"--rcpt b@example.org message.eml\n"
	"  reevectl try --account alice --rcpt x@example.com - <message.eml\n"
	"  reevectl try --json folder-of-messages\n",
	.run = run,
};
