#include <config.h>

#include "admin/admin.h"

#include "admin/desk.h"
#include "admin/jsontext.h"
#include "admin/table.h"
#include "bulk/greylist.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

struct showing {
	const struct admin *admin;
	struct table *table;
	const char *key;		/* NULL: all */
};

static void print_json(const struct greylist_entry *entry)
{
	json_t *object = json_pack("{s:o, s:b, s:I, s:I}", "key",
		jsontext_new(entry->key),
		"welcome", entry->is_welcome,
		"first_us", (json_int_t)entry->first_us,
		"last_us", (json_int_t)entry->last_us);

	if (!object)
		return;
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void see(const struct greylist_entry *entry, void *context)
{
	struct showing *showing = context;
	g_autofree char *first = NULL, *last = NULL;

	if (showing->key && !strstr(entry->key, showing->key))
		return;
	if (showing->admin->is_json) {
		print_json(entry);
		return;
	}
	first = admin_format_time(entry->first_us);
	last = admin_format_time(entry->last_us);
	table_add(showing->table, TABLE_PLAIN, "%s", entry->is_welcome ?
		  "welcome" : "waits");
	table_add(showing->table, TABLE_PLAIN, "%s", first);
	table_add(showing->table, TABLE_PLAIN, "%s", last);
	table_add(showing->table, TABLE_PLAIN, "%s", entry->key);
}

static int run_show(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	static const char *const titles[] = {
		"state", "first", "last", "who", NULL,
	};
	struct showing showing = { .admin = admin };
	g_autoptr(GError) why = NULL;
	struct state *state;
	int status = admin_parse(self, NULL, &argc, &argv);

	if (status == EX_OK && argc > 2)
		status = admin_fail(self, EX_USAGE, "one TEXT at most");
	state = desk_look(admin, self, &status);
	if (!state)
		return status;
	showing.key = argc == 2 ? argv[1] : NULL;
	showing.table = table_new(titles);
	if (!greylist_each(state, see, &showing, &why))
		status = admin_fail(self, EX_UNAVAILABLE, "%s", why->message);
	else if (!admin->is_json)
		table_print(showing.table);
	table_free(showing.table);
	state_close(&state);
	return status;
}

static int run_clear(struct admin *admin, const struct command *self, int argc,
		     char **argv)
{
	gboolean is_all = FALSE;
	const GOptionEntry entries[] = {
		{ "all", 0, 0, G_OPTION_ARG_NONE, &is_all, "All of them",
		  NULL },
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GError) why = NULL;
	struct state *state;
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && argc != (is_all ? 1 : 2))
		status = admin_fail(self, EX_USAGE, "needs KEY, or --all");
	state = desk_look(admin, self, &status);
	if (!state)
		return status;
	if (!greylist_ask_clear(state, is_all ? NULL : argv[1], &why))
		status = admin_fail(self, EX_UNAVAILABLE, "%s", why->message);
	else
		puts(admin->is_json ? "{\"greylist\":\"cleared\"}" :
				      "forgotten within a second");
	state_close(&state);
	return status;
}

static const struct command verbs[] = {
	{
		.name = "greylist show",
		.arguments = "[TEXT]",
		.summary = "Who waits, and who is welcome",
		.examples = "  reevectl greylist show 192.0.2.0/24\n"
			    "TEXT is a part of what stands under \"who\".\n",
		.run = run_show,
	}, {
		.name = "greylist clear",
		.arguments = "KEY|--all",
		.summary = "Forget that one came, or is welcome",
		.examples = "  reevectl greylist clear \"domain example.net\"\n"
			    "KEY is all of what greylist show has under "
			    "\"who\".\n",
		.run = run_clear,
	},
};

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	return admin_run_verb(admin, self, verbs, COUNT_OF(verbs), argc, argv);
}

const struct command command_greylist = {
	.name = "greylist",
	.arguments = "show|clear ...",
	.summary = "Who was told to come again, and who is welcome since",
	.run = run,
};
