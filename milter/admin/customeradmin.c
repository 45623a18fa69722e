#include <config.h>

#include "admin/admin.h"

#include "admin/auditlog.h"
#include "admin/customerlist.h"
#include "admin/customerwords.h"
#include "admin/desk.h"
#include "admin/input.h"
#include "base/clock.h"
#include "cases/customerbook.h"
#include "cases/customerread.h"

#include <stdio.h>
#include <sysexits.h>

static void say(const struct admin *admin, const char *what, guint count)
{
	if (admin->is_json)
		printf("{\"customers\":\"%s\",\"count\":%u}\n", what, count);
	else
		printf("%u customer%s %s\n", count, count == 1 ? "" : "s",
		       what);
}

static int put(struct state *state, const struct command *self,
	       struct customer_entry *entry, bool is_replaced)
{
	g_autoptr(GPtrArray) entries = g_ptr_array_new();
	g_autofree char *who = admin_operator();
	const struct customer_editor editor = { who, clock_now_us() };
	g_autoptr(GError) why = NULL;

	g_ptr_array_add(entries, entry);
	return customerbook_put(state, entries, is_replaced, &editor,
				&why) ? EX_OK : admin_fail_store(self, why);
}

static int change(const struct admin *admin, const struct command *self,
		  const struct customerwords *words, const char *id,
		  bool is_edit, struct arena *arena)
{
	struct customer_entry entry;
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_open(admin, self, &status);

	if (!state)
		return status;
	customerentry_init(&entry);
	if (is_edit && !customerbook_get(state, id, arena, &entry))
		status = admin_fail(self, EX_DATAERR, "there is no such "
				    "customer; reevectl customer list names "
				    "them");
	if (status == EX_OK)
		status = customerwords_drop(self, words, &entry, arena);
	if (status == EX_OK &&
	    ((!is_edit && !customerentry_set(&entry, CUSTOMER_FIELD_ID, id,
					     arena, &why)) ||
	     !customerwords_apply(words, &entry, arena, &why)))
		status = admin_fail_store(self, why);
	if (status == EX_OK)
		status = put(state, self, &entry, is_edit);
	if (status == EX_OK)
		say(admin, is_edit ? "changed" : "added", 1);
	state_close(&state);
	return status;
}

static int run_change(struct admin *admin, const struct command *self,
		      int argc, char **argv, bool is_edit)
{
	g_autofree char *asked = g_strjoinv(" ", argv + 1);
	struct customerwords words = { .reason = NULL };
	int status = customerwords_take(&words, self, is_edit, &argc, &argv);
	struct arena arena;

	arena_init(&arena);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, asked, words.reason);
	if (status == EX_OK)
		status = change(admin, self, &words, argv[1], is_edit,
				&arena);
	arena_release(&arena);
	customerwords_release(&words);
	return status;
}

static int run_add(struct admin *admin, const struct command *self, int argc,
		   char **argv)
{
	return run_change(admin, self, argc, argv, false);
}

static int run_edit(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	return run_change(admin, self, argc, argv, true);
}

/* All files together: what is imported is one transaction. */
struct importing {
	const struct command *self;
	GPtrArray *entries;
	struct arena *arena;
};

static int take_file(void *mydata, struct span bytes, const char *name,
		     bool is_named)
{
	struct importing *importing = mydata;
	g_autoptr(GError) why = NULL;
	g_autoptr(GPtrArray) entries = customerread_parse(
		bytes, name, importing->arena, &why);

	(void)is_named;
	if (!entries)
		return admin_fail(importing->self, EX_DATAERR, "%s; nothing "
				  "is imported", why->message);
	g_ptr_array_extend(importing->entries, entries, NULL, NULL);
	return EX_OK;
}

static int import(const struct admin *admin, const struct command *self,
		  const GPtrArray *entries, bool is_replaced)
{
	g_autofree char *who = admin_operator();
	const struct customer_editor editor = { who, clock_now_us() };
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_open(admin, self, &status);

	if (!state)
		return status;
	if (!customerbook_put(state, entries, is_replaced, &editor, &why))
		status = admin_fail_store(self, why);
	else
		say(admin, "imported", entries->len);
	state_close(&state);
	return status;
}

static int run_import(struct admin *admin, const struct command *self,
		      int argc, char **argv)
{
	g_autofree char *asked = g_strjoinv(" ", argv + 1), *reason = NULL;
	g_autoptr(GPtrArray) entries = g_ptr_array_new();
	gboolean is_replaced = FALSE;
	const GOptionEntry options[] = {
		{ "replace", 0, 0, G_OPTION_ARG_NONE, &is_replaced,
		  "Overwrite those that are in the book already", NULL },
		DESK_REASON_ENTRY(&reason),
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, options, &argc, &argv);
	struct arena arena;
	struct importing importing = { self, entries, &arena };

	arena_init(&arena);
	if (status == EX_OK && argc < 2)
		status = admin_fail(self, EX_USAGE,
				    "needs a file, or - for standard input");
	/* Who may not import is told nothing of what is in a file. Root's may
	 * not be the daemon's to read. */
	if (status == EX_OK)
		status = admin_load_settings(admin);
	if (status == EX_OK)
		status = input_each(self, argc - 1, argv + 1, take_file,
				    &importing);
	if (status == EX_OK)
		status = admin_become_owner(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, asked, reason);
	if (status == EX_OK)
		status = import(admin, self, entries, is_replaced);
	arena_release(&arena);
	return status;
}

static int run_remove(struct admin *admin, const struct command *self,
		      int argc, char **argv)
{
	g_autofree char *asked = g_strjoinv(" ", argv + 1), *reason = NULL;
	const GOptionEntry options[] = {
		DESK_REASON_ENTRY(&reason),
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, options, &argc, &argv);
	g_autofree char *who = admin_operator();
	struct customer_editor editor;
	g_autoptr(GError) why = NULL;
	struct state *state;

	if (status == EX_OK && argc != 2)
		status = admin_fail(self, EX_USAGE,
				    "the id of one customer is needed");
	state = desk_begin(admin, self, asked, reason, &status);
	if (!state)
		return status;
	editor = (struct customer_editor){ who, clock_now_us() };
	if (!customerbook_remove(state, argv[1], &editor, &why))
		status = admin_fail(self, EX_DATAERR, "%s", why->message);
	else
		say(admin, "removed", 1);
	state_close(&state);
	return status;
}

static const struct command verbs[] = {
	{
		.name = "customer add",
		.arguments = "[OPTION...] ID",
		.summary = "Write a customer into the book",
		.examples =
		"  reevectl customer add acme --name \"Acme Ltd\" "
		"--contact abuse@acme.example \\\n"
		"      --network 192.0.2.0/28 --network 2001:db8:7::/48 "
		"--account @acme.example \\\n"
		"      --domain acme.example --language en\n",
		.run = run_add,
	}, {
		.name = "customer import",
		.arguments = "[--replace] FILE...|-",
		.summary = "Write all of a file into the book, or none",
		.examples =
		"  reevectl customer import customers.csv\n"
		"  reevectl --json customer list --limit 0 >book.jsonl\n"
		"  reevectl customer import --replace book.jsonl\n"
		"CSV has a line of titles: id, name, contacts, language, "
		"networks, accounts,\ndomains, notes, in any order; id is "
		"needed. Lists have blanks between.\n",
		.run = run_import,
	}, {
		.name = "customer list",
		.arguments = "[OPTION...]",
		.summary = "Who is in the book",
		.examples = "  reevectl customer list --after acme\n",
		.run = customerlist_list,
	}, {
		.name = "customer show",
		.arguments = "ID|OPTION...",
		.summary = "All that is known of one",
		.examples =
		"  reevectl customer show acme\n"
		"  reevectl customer show --client-ip 192.0.2.7\n",
		.run = customerlist_show,
	}, {
		.name = "customer edit",
		.arguments = "[OPTION...] ID",
		.summary = "Change what is known of one",
		.examples =
		"  reevectl customer edit acme --network 192.0.2.64/28 "
		"--without 192.0.2.0/28 \\\n"
		"      --name \"Acme GmbH\" --reason \"moved\"\n"
		"Values of lists are added; texts are replaced, \"\" clears "
		"one.\n",
		.run = run_edit,
	}, {
		.name = "customer remove",
		.arguments = "ID",
		.summary = "Take one out of the book",
		.examples = "  reevectl customer remove acme --reason "
			    "\"contract ended\"\n",
		.run = run_remove,
	},
};

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	return admin_run_verb(admin, self, verbs, COUNT_OF(verbs), argc, argv);
}

const struct command command_customer = {
	.name = "customer",
	.arguments = "add|import|list|show|edit|remove ...",
	.summary = "The book of customers",
	.run = run,
};
