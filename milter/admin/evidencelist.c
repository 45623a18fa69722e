#include <config.h>

#include "admin/admin.h"

#include "admin/auditlog.h"
#include "admin/desk.h"
#include "admin/evidenceexport.h"
#include "admin/evidencefind.h"
#include "admin/evidencerelease.h"
#include "admin/evidenceverify.h"
#include "admin/recordjson.h"
#include "admin/table.h"
#include "store/hex.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#define REASON_HELP "What for: reevectl audit tells it"
#define DEFAULT_LIMIT 100

/* Of list and show. */
struct looking {
	struct admin *admin;
	const struct command *self;
	struct evidencefind_states *states;
	struct table *table;
	bool is_held_only;
	uint64_t left;			/* to be listed; 0: all */
};

static void print_json(json_t *object)
{
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static json_t *object_of(const struct looking *on,
			 const struct evidencefind_item *item)
{
	json_t *object = recordjson_record(item->hit->record,
					   item->hit->sequence);

	json_object_set_new(object, "evidence_state", json_string(
		evidencefind_state_word(evidencefind_state(
			on->states, item))));
	return object;
}

static const char *why_of(const Reeve__Evidence *evidence)
{
	return evidence->why ? evidence->why : "quarantine";
}

static void add_row(const struct looking *on,
		    const struct evidencefind_item *item,
		    enum evidencefind_state state)
{
	const Reeve__Record *record = item->hit->record;
	struct span sender = recordview_sender(record);
	g_autofree char *when = admin_format_time(recordview_ended_us(record));
	g_autofree char *from = evidencefind_escape(sender);
	char id[RECORD_ID_SIZE];

	table_add(on->table, TABLE_PLAIN, "%s", recordview_id(record, id));
	table_add(on->table, TABLE_PLAIN, "%s", when);
	table_add(on->table, state == EVIDENCEFIND_MISSING ? TABLE_BAD :
		  TABLE_PLAIN, "%s", evidencefind_state_word(state));
	table_add(on->table, TABLE_PLAIN, "%s", why_of(item->evidence));
	table_add(on->table, item->evidence->cut ? TABLE_BAD : TABLE_PLAIN,
		  "%" PRIu64 "%s", item->evidence->bytes,
		  item->evidence->cut ? " (cut)" : "");
	table_add(on->table, TABLE_PLAIN, "%s", from);
}

/* left 0 is "all": so it ends at 1, with which nothing is listed any more. */
static int list_one(const struct evidencefind_item *item, void *context)
{
	struct looking *on = context;
	enum evidencefind_state state = evidencefind_state(on->states, item);

	if (on->left == 1 ||
	    (on->is_held_only && state != EVIDENCEFIND_HELD))
		return EX_OK;
	on->left -= on->left > 1;
	if (on->admin->is_json)
		print_json(object_of(on, item));
	else
		add_row(on, item, state);
	return EX_OK;
}

static int list(struct looking *on, const struct search_query *query)
{
	static const char *const titles[] = {
		"record", "when", "state", "why", "bytes", "sender", NULL,
	};
	int status = EX_OK;
	struct state *state = desk_open(on->admin, on->self, &status);

	if (!state)
		return status;
	on->states = evidencefind_states_new(on->admin, state);
	on->table = table_new(titles);
	status = evidencefind_all(on->admin, on->self, query, list_one, on);
	if (!on->admin->is_json)
		table_print(on->table);
	table_free(on->table);
	evidencefind_states_free(&on->states);
	state_close(&state);
	return status;
}

static int run_list(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	g_autofree char *asked = g_strjoinv(" ", argv + 1);
	g_autofree char *since = NULL, *until = NULL, *symbol = NULL;
	g_autofree char *reason = NULL;
	gboolean is_held = FALSE;
	int limit = DEFAULT_LIMIT;
	const GOptionEntry entries[] = {
		{ "since", 0, 0, G_OPTION_ARG_STRING, &since,
		  "Ended at or after", "TIME" },
		{ "until", 0, 0, G_OPTION_ARG_STRING, &until, "Ended before",
		  "TIME" },
		{ "symbol", 0, 0, G_OPTION_ARG_STRING, &symbol, "A finding",
		  "SYMBOL" },
		{ "held", 0, 0, G_OPTION_ARG_NONE, &is_held,
		  "Only what waits to be released", NULL },
		{ "limit", 'n', 0, G_OPTION_ARG_INT, &limit,
		  "At most so many, newest first (100; 0: all)", "N" },
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &reason, REASON_HELP,
		  "TEXT" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object a line", NULL },
		G_OPTION_ENTRY_NULL,
	};
	struct looking on = { .admin = admin, .self = self };
	struct search_query query = { .kind = RECORD_MESSAGE };
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK)
		status = admin_take_no_words(self, argc, argv);
	if (status == EX_OK && limit < 0)
		status = admin_fail(self, EX_USAGE, "--limit: a number from "
				    "0 on; 0: all");
	if (status == EX_OK)
		status = admin_take_times(self, since, until, &query.since_us,
					  &query.until_us);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, asked, reason);
	if (status != EX_OK)
		return status;
	on.is_held_only = is_held;
	query.symbol = symbol;
	if (is_held)
		on.left = limit > 0 ? (uint64_t)limit + 1 : 0;
	else
		query.limit = (uint64_t)MAX(limit, 0);
	return list(&on, &query);
}

static void print_fact(const char *name, struct span value)
{
	g_autofree char *text = evidencefind_escape(value);

	if (value.len)
		printf("%-10s %s\n", name, text);
}

static void print_envelope(const Reeve__Record *record)
{
	char address[NETADDR_TEXT_MAX];
	struct netaddr client;

	if (recordview_client(record, &client))
		print_fact("client", span_text(netaddr_format(&client,
							      address)));
	if (record->client) {
		print_fact("name", RECORDVIEW_BYTES(record->client, name));
		print_fact("helo", RECORDVIEW_BYTES(record->client, helo));
	}
	print_fact("account", recordview_account(record));
	print_fact("sender", recordview_sender(record));
	for (size_t i = 0; i < record->message->n_recipients; i++)
		print_fact("recipient", RECORDVIEW_BYTES(
			record->message->recipients[i], address));
	for (size_t i = 0; i < record->message->n_findings; i++)
		print_fact("finding", span_text(
			record->message->findings[i]->symbol));
	print_fact("verdict", span_text(action_word(
		recordview_action(record))));
}

static void print_facts(const struct looking *on,
			const struct evidencefind_item *item)
{
	const Reeve__Record *record = item->hit->record;
	g_autofree char *when = admin_format_time(recordview_ended_us(record));
	g_autofree char *path = evidence_path(".", &item->place);
	g_autofree char *sha256 = hex_format(item->place.sha256,
					     sizeof item->place.sha256);
	char id[RECORD_ID_SIZE];

	printf("%-10s %s\n%-10s %s\n%-10s %s\n%-10s %s\n", "record",
	       recordview_id(record, id), "when", when, "why",
	       why_of(item->evidence), "state", evidencefind_state_word(
		       evidencefind_state(on->states, item)));
	printf("%-10s %" PRIu64 " bytes, %s\n%-10s %s\n%-10s %s\n",
	       "original", item->evidence->bytes, item->evidence->cut ?
	       "cut by limits: not all that was sent" : "whole", "sha256",
	       sha256, "file", path + 2);
	print_envelope(record);
}

static int show_one(const struct evidencefind_item *item, void *context)
{
	const struct looking *on = context;
	g_autoptr(GByteArray) original = NULL;
	g_autoptr(GPtrArray) lines = NULL;
	json_t *object, *header = json_array();

	if (!on->admin->is_json)
		print_facts(on, item);
	original = evidencefind_read(on->admin, on->self, item);
	if (original)
		lines = evidencefind_header(original);
	for (guint i = 0; lines && i < lines->len; i++) {
		const char *line = g_ptr_array_index(lines, i);

		json_array_append_new(header, json_string(line));
		if (!on->admin->is_json)
			printf("%s%s\n", i ? "" : "\n", line);
	}
	if (on->admin->is_json) {
		object = object_of(on, item);
		json_object_set(object, "header", header);
		print_json(object);
	}
	json_decref(header);
	return original ? EX_OK : EX_DATAERR;
}

static int run_show(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	g_autofree char *reason = NULL;
	const GOptionEntry entries[] = {
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &reason, REASON_HELP,
		  "TEXT" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "On one line", NULL },
		G_OPTION_ENTRY_NULL,
	};
	struct looking on = { .admin = admin, .self = self };
	int status = admin_parse(self, entries, &argc, &argv);
	struct state *state;

	if (status == EX_OK && argc != 2)
		status = admin_fail(self, EX_USAGE, "one record id is needed");
	state = desk_begin(admin, self, argv[1], reason, &status);
	if (!state)
		return status;
	on.states = evidencefind_states_new(admin, state);
	status = evidencefind_one(admin, self, argv[1], show_one, &on);
	evidencefind_states_free(&on.states);
	state_close(&state);
	return status;
}

static const struct command verbs[] = {
	{
		.name = "evidence list",
		.arguments = "[OPTION...]",
		.summary = "Messages whose original was kept, and why",
		.examples = "  reevectl evidence list --since 7d\n"
			    "  reevectl evidence list --held\n",
		.run = run_list,
	}, {
		.name = "evidence show",
		.arguments = "[OPTION...] ID",
		.summary = "The facts of one, and its header, made harmless",
		.examples = "  reevectl evidence show 0K2V9PB1XG4ZQ\n",
		.run = run_show,
	}, {
		.name = "evidence export",
		.arguments = "[OPTION...] ID...",
		.summary = "The original itself, or all of it as a ZIP",
		.examples =
		"  reevectl evidence export 0K2V9PB1XG4ZQ -o mail.eml\n"
		"  reevectl evidence export --format zip "
		"0K2V9PB1XG4ZQ >case-7.zip\n",
		.run = evidenceexport_run,
	}, {
		.name = "evidence verify",
		.arguments = "[OPTION...]",
		.summary = "Look whether originals were changed, removed or "
			   "added",
		.examples = "  reevectl evidence verify --since 30d\n",
		.run = evidenceverify_run,
	}, {
		.name = "evidence release",
		.arguments = "[OPTION...] ID",
		.summary = "Send quarantined mail to its recipients",
		.examples =
		"  reevectl evidence release 0K2V9PB1XG4ZQ\n"
		"  reevectl evidence release 0K2V9PB1XG4ZQ "
		"--to abuse@example.org\n",
		.run = evidencerelease_run,
	}, {
		.name = "evidence remove",
		.arguments = "--reason TEXT ID|SHA256",
		.summary = "Delete an original before its term",
		.examples = "  reevectl evidence remove 0K2V9PB1XG4ZQ "
			    "--reason \"court order 7/26\"\n",
		.run = evidencerelease_remove,
	},
};

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	return admin_run_verb(admin, self, verbs, COUNT_OF(verbs), argc, argv);
}

const struct command command_evidence = {
	.name = "evidence",
	.arguments = "list|show|export|verify|release|remove ...",
	.summary = "Originals that were kept, and mail in quarantine",
	.run = run,
};
