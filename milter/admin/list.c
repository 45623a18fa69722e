#include <config.h>

#include "admin/admin.h"

#include "admin/desk.h"
#include "admin/fingerprintarg.h"
#include "admin/jsontext.h"
#include "admin/listcases.h"
#include "admin/table.h"
#include "base/clock.h"
#include "store/lists.h"

#include <jansson.h>
#include <stdio.h>
#include <sysexits.h>

/* WHICH KIND VALUE, as add and remove have them. */
static int take_names(const struct command *self, int argc, char **argv,
		      struct list_entry *entry)
{
	if (argc != 4)
		return admin_fail(self, EX_USAGE, "needs "
			"welcome|block|evidence, "
			"address|network|account|sender|domain|fingerprint, "
			"and a value");
	if (!list_which_parse(span_text(argv[1]), &entry->which))
		return admin_fail(self, EX_USAGE,
			"\"%s\": the lists are welcome, block and "
			"evidence", argv[1]);
	if (entry->which == LIST_WATCHED || entry->which == LIST_SUSPENDED)
		return admin_fail(self, EX_USAGE, "who is %s is said by a "
			"case: reevectl case", argv[1]);
	if (!list_kind_parse(span_text(argv[2]), &entry->kind) ||
	    entry->kind == LIST_CUSTOMER)
		return admin_fail(self, EX_USAGE, "\"%s\": an entry is an "
			"address, network, account, sender, domain or "
			"fingerprint", argv[2]);
	if (entry->kind == LIST_FINGERPRINT && entry->which != LIST_BLOCK)
		return admin_fail(self, EX_USAGE,
				  "fingerprints can only be blocked");
	entry->value = argv[3];
	return EX_OK;
}

static int add(struct admin *admin, const struct command *self,
	       struct list_entry *entry)
{
	g_autofree char *who = admin_operator();
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_open(admin, self, &status);
	struct arena arena;

	if (!state)
		return status;
	arena_init(&arena);
	entry->operator_name = who;
	entry->created_us = clock_now_us();
	if (entry->kind == LIST_FINGERPRINT)
		status = fingerprintarg_resolve(admin, self, state, &arena,
						entry);
	if (status == EX_OK && !lists_add(state, entry, &why))
		status = admin_fail_store(self, why);
	else if (status == EX_OK)
		puts(admin->is_json ? "{\"list\":\"added\"}" :
				      "added; in force from now on");
	arena_release(&arena);
	state_close(&state);
	return status;
}

static int run_add(struct admin *admin, const struct command *self, int argc,
		   char **argv)
{
	g_autofree char *reason = NULL, *expires = NULL;
	const GOptionEntry entries[] = {
		{ "reason", 'r', 0, G_OPTION_ARG_STRING, &reason,
		  "Why, for those who come after", "TEXT" },
		{ "expires", 'e', 0, G_OPTION_ARG_STRING, &expires,
		  "After so long (30min, 12h, 7d, never)", "SPAN" },
		G_OPTION_ENTRY_NULL,
	};
	struct list_entry entry = { 0 };
	int64_t span_us = 0;
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK)
		status = take_names(self, argc, argv, &entry);
	if (status == EX_OK && expires && !admin_parse_span(expires, &span_us))
		status = admin_fail(self, EX_USAGE, "--expires: \"%s\" is no "
			"span; write 30min, 12h, 7d or never", expires);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status != EX_OK)
		return status;
	entry.reason = reason ? reason : "";
	entry.expires_us = span_us ? clock_now_us() + span_us : 0;
	return add(admin, self, &entry);
}

static int run_remove(struct admin *admin, const struct command *self,
		      int argc, char **argv)
{
	struct list_entry entry = { 0 };
	g_autoptr(GError) why = NULL;
	struct state *state;
	int status = admin_parse(self, NULL, &argc, &argv);

	if (status == EX_OK)
		status = take_names(self, argc, argv, &entry);
	state = desk_look(admin, self, &status);
	if (!state)
		return status;
	if (!lists_remove(state, entry.which, entry.kind,
			  span_text(entry.value), &why))
		status = desk_fail_named(self, why);
	else
		puts(admin->is_json ? "{\"list\":\"removed\"}" : "removed");
	state_close(&state);
	return status;
}

struct showing {
	const struct admin *admin;
	struct table *table;
};

static bool show_json(const struct list_entry *entry)
{
	json_t *object = json_pack(
		"{s:s, s:s, s:o, s:o, s:o, s:I, s:I}",
		"list", list_which_word(entry->which),
		"kind", list_kind_word(entry->kind),
		"value", jsontext_new(entry->value),
		"reason", jsontext_new(entry->reason),
		"operator", jsontext_new(entry->operator_name),
		"created_us", (json_int_t)entry->created_us,
		"expires_us", (json_int_t)entry->expires_us);

	if (object) {
		json_dumpf(object, stdout, JSON_COMPACT);
		putchar('\n');
	}
	json_decref(object);
	return true;
}

static bool show_entry(const struct list_entry *entry, void *context)
{
	struct showing *showing = context;
	g_autofree char *created = admin_format_time(entry->created_us);
	g_autofree char *expires = entry->expires_us ?
		admin_format_time(entry->expires_us) : g_strdup("never");
	bool is_over = entry->expires_us &&
		       entry->expires_us <= clock_now_us();

	if (showing->admin->is_json)
		return show_json(entry);
	table_add(showing->table, TABLE_PLAIN, "%s",
		  list_which_word(entry->which));
	table_add(showing->table, TABLE_PLAIN, "%s",
		  list_kind_word(entry->kind));
	table_add(showing->table, TABLE_PLAIN, "%s", entry->value);
	table_add(showing->table, is_over ? TABLE_DIM : TABLE_PLAIN, "%s%s",
		  expires, is_over ? " (over)" : "");
	table_add(showing->table, TABLE_PLAIN, "%s", created);
	table_add(showing->table, TABLE_PLAIN, "%s", entry->operator_name);
	table_add(showing->table, TABLE_PLAIN, "%s", entry->reason);
	return true;
}

static int show(struct admin *admin, const struct command *self,
		enum list_which which)
{
	static const char *const titles[] = {
		"list", "kind", "value", "expires", "added", "by", "reason",
		NULL,
	};
	struct showing showing = { .admin = admin };
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_open(admin, self, &status);

	if (!state)
		return status;
	showing.table = table_new(titles);
	if (!lists_each(state, which, 0, show_entry, &showing, &why))
		status = admin_fail_store(self, why);
	else if (!admin->is_json)
		table_print(showing.table);
	table_free(showing.table);
	state_close(&state);
	return status;
}

static int run_show(struct admin *admin, const struct command *self,
		    int argc, char **argv)
{
	enum list_which which = 0;
	int status = admin_parse(self, NULL, &argc, &argv);

	if (status == EX_OK && argc > 2)
		status = admin_fail(self, EX_USAGE, "one list at most");
	if (status == EX_OK && argc == 2 &&
	    !list_which_parse(span_text(argv[1]), &which))
		status = admin_fail(self, EX_USAGE,
			"\"%s\": the lists are welcome, block and "
			"evidence", argv[1]);
	if (status == EX_OK)
		status = admin_load(admin);
	return status == EX_OK ? show(admin, self, which) : status;
}

static const struct command verbs[] = {
	{
		.name = "list add",
		.arguments = "[OPTION...] welcome|block|evidence KIND VALUE",
		.summary = "Let in, keep out or keep originals, from now on",
		.examples =
		"  reevectl list add block network 192.0.2.0/24 "
		"--reason \"case 17\" --expires 7d\n"
		"  reevectl list add block sender spammer@example.net\n"
		"  reevectl list add welcome domain .example.org\n"
		"  reevectl list add evidence account alice --reason "
		"\"case 17\"\n"
		"KIND is address, network, account, sender or domain.\n",
		.run = run_add,
	}, {
		.name = "list remove",
		.arguments = "welcome|block|evidence KIND VALUE",
		.summary = "Take an entry away",
		.examples =
		"  reevectl list remove block network 192.0.2.0/24\n",
		.run = run_remove,
	}, {
		.name = "list show",
		.arguments = "[welcome|block|evidence]",
		.summary = "Show the entries",
		.examples = "  reevectl list show\n"
			    "  reevectl --json list show block\n",
		.run = run_show,
	}, {
		.name = "list warned",
		.arguments = "",
		.summary = "Cases in which somebody has been warned",
		.examples = "  reevectl list warned\n",
		.run = listcases_run_state,
	}, {
		.name = "list watched",
		.arguments = "",
		.summary = "Cases in which somebody is watched",
		.examples = "  reevectl list watched\n",
		.run = listcases_run_state,
	}, {
		.name = "list suspended",
		.arguments = "",
		.summary = "Cases in which somebody is suspended",
		.examples = "  reevectl --json list suspended\n",
		.run = listcases_run_state,
	}, {
		.name = "list export",
		.arguments = "[OPTION...] suspended",
		.summary = "Who is suspended, for other programs",
		.examples =
		"  reevectl list export suspended --format postfix "
		"-o /var/lib/mailreeve/suspended.cidr\n"
		"  reevectl list export suspended --format nftables | nft -f -\n"
		"  reevectl list export suspended --format radius\n",
		.run = listcases_run_export,
	},
};

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	return admin_run_verb(admin, self, verbs, COUNT_OF(verbs), argc, argv);
}

const struct command command_list = {
	.name = "list",
	.arguments = "add|remove|show|warned|watched|suspended|export ...",
	.summary = "Whom to let in or keep out, whose mail to keep",
	.run = run,
};
