#include <config.h>

#include "admin/admin.h"

#include "admin/auditlog.h"
#include "admin/customerprint.h"
#include "admin/input.h"
#include "base/clock.h"
#include "cases/customerbook.h"
#include "cases/customerread.h"
#include "message/mailaddr.h"
#include "settings/global.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define LIST_LIMIT 100

static struct state *open_state(const struct admin *admin,
				const struct command *self, int *status_out)
{
	g_autoptr(GError) why = NULL;
	struct state *state = state_open(
		global_settings_of(admin->settings)->state_dir, STATE_CREATE,
		&why);

	if (!state)
		*status_out = admin_fail_store(self, why);
	return state;
}

static void say(const struct admin *admin, const char *what, guint count)
{
	if (admin->is_json)
		printf("{\"customers\":\"%s\",\"count\":%u}\n", what, count);
	else
		printf("%u customer%s %s\n", count, count == 1 ? "" : "s",
		       what);
}

/* What the words of add and edit say; lists end with NULL. */
struct wanted {
	char *texts[CUSTOMER_FIELDS];
	char **lists[CUSTOMER_FIELDS];
	char **without;
	char *reason;
};

static void wanted_release(struct wanted *wanted)
{
	for (int i = 0; i < CUSTOMER_FIELDS; i++) {
		g_free(wanted->texts[i]);
		g_strfreev(wanted->lists[i]);
	}
	g_strfreev(wanted->without);
	g_free(wanted->reason);
}

/* Bytes as they are: a locale may not know their letters. */
#define TEXT(word, field, what, arg) \
	{ word, 0, 0, G_OPTION_ARG_FILENAME, &wanted->texts[field], what, arg }
#define LIST(word, field, what, arg) \
	{ word, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &wanted->lists[field], \
	  what, arg }

static int take_words(struct wanted *wanted, const struct command *self,
		      bool is_edit, int *argc, char ***argv)
{
	const GOptionEntry end = G_OPTION_ENTRY_NULL, without = {
		"without", 0, 0, G_OPTION_ARG_FILENAME_ARRAY,
		&wanted->without, "Take this contact, network, account or "
		"domain away (often)", "VALUE",
	};
	const GOptionEntry entries[] = {
		TEXT("name", CUSTOMER_FIELD_NAME, "Name", "TEXT"),
		LIST("contact", CUSTOMER_FIELD_CONTACTS,
		     "Mail address of who is told (often)", "ADDRESS"),
		TEXT("language", CUSTOMER_FIELD_LANGUAGE,
		     "Language of letters: en, zh", "TAG"),
		LIST("network", CUSTOMER_FIELD_NETWORKS,
		     "Address or network (often)", "CIDR"),
		LIST("account", CUSTOMER_FIELD_ACCOUNTS, "Login; @example.org "
		     "for all that end so (often)", "NAME"),
		LIST("domain", CUSTOMER_FIELD_DOMAINS, "Domain it sends as; "
		     ".example.org for all below (often)", "DOMAIN"),
		TEXT("notes", CUSTOMER_FIELD_NOTES, "What else there is to "
		     "know", "TEXT"),
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &wanted->reason,
		  "What for: reevectl audit tells it", "TEXT" },
		is_edit ? without : end,
		end,
	};
	int status = admin_parse(self, entries, argc, argv);

	if (status == EX_OK && *argc != 2)
		status = admin_fail(self, EX_USAGE,
				    "the id of one customer is needed");
	return status;
}

/* The list with what was wanted behind it. */
static bool extend(struct customer_entry *entry, enum customer_field field,
		   char **more, struct arena *arena, GError **error)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	const char *const *list = customerentry_list(entry, field);

	for (; *list; list++)
		g_ptr_array_add(all, (void *)*list);
	for (; *more; more++)
		g_ptr_array_add(all, *more);
	g_ptr_array_add(all, NULL);
	return customerentry_set_list(entry, field,
				      (const char *const *)all->pdata, arena,
				      error);
}

static bool apply_words(const struct wanted *wanted,
			struct customer_entry *entry, struct arena *arena,
			GError **error)
{
	for (int i = 0; i < CUSTOMER_FIELDS; i++) {
		enum customer_field field = (enum customer_field)i;

		if (wanted->texts[i] &&
		    !customerentry_set(entry, field, wanted->texts[i], arena,
				       error))
			return false;
		if (wanted->lists[i] &&
		    !extend(entry, field, wanted->lists[i], arena, error))
			return false;
	}
	return true;
}

static bool take_from(struct customer_entry *entry, enum customer_field field,
		      const char *value, struct arena *arena)
{
	const char *form = customerentry_value(field, value, arena, NULL);
	g_autoptr(GPtrArray) rest = g_ptr_array_new();
	const char *const *list = customerentry_list(entry, field);
	bool is_found = false;

	for (; form && *list; list++)
		if (g_ascii_strcasecmp(*list, form) == 0)
			is_found = true;
		else
			g_ptr_array_add(rest, (void *)*list);
	g_ptr_array_add(rest, NULL);
	return is_found && customerentry_set_list(entry, field,
		(const char *const *)rest->pdata, arena, NULL);
}

static int drop_words(const struct command *self, const struct wanted *wanted,
		      struct customer_entry *entry, struct arena *arena)
{
	for (char **value = wanted->without; value && *value; value++) {
		bool is_found = false;

		for (int i = 0; i < CUSTOMER_FIELDS; i++)
			if (customerentry_is_list((enum customer_field)i))
				is_found |= take_from(entry,
					(enum customer_field)i, *value, arena);
		if (!is_found)
			return admin_fail(self, EX_DATAERR, "--without: "
				"customer %s has no such contact, network, "
				"account or domain", entry->id);
	}
	return EX_OK;
}

static int put(struct state *state, const struct command *self,
	       struct customer_entry *entry, bool is_replaced)
{
	g_autoptr(GPtrArray) entries = g_ptr_array_new();
	g_autoptr(GError) why = NULL;

	g_ptr_array_add(entries, entry);
	return customerbook_put(state, entries, is_replaced, clock_now_us(),
				&why) ? EX_OK : admin_fail_store(self, why);
}

static int change(const struct admin *admin, const struct command *self,
		  const struct wanted *wanted, const char *id, bool is_edit,
		  struct arena *arena)
{
	struct customer_entry entry;
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = open_state(admin, self, &status);

	if (!state)
		return status;
	customerentry_init(&entry);
	if (is_edit && !customerbook_get(state, id, arena, &entry))
		status = admin_fail(self, EX_DATAERR, "there is no such "
				    "customer; reevectl customer list names "
				    "them");
	if (status == EX_OK)
		status = drop_words(self, wanted, &entry, arena);
	if (status == EX_OK &&
	    ((!is_edit && !customerentry_set(&entry, CUSTOMER_FIELD_ID, id,
					     arena, &why)) ||
	     !apply_words(wanted, &entry, arena, &why)))
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
	struct wanted wanted = { .reason = NULL };
	int status = take_words(&wanted, self, is_edit, &argc, &argv);
	struct arena arena;

	arena_init(&arena);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, asked, wanted.reason);
	if (status == EX_OK)
		status = change(admin, self, &wanted, argv[1], is_edit,
				&arena);
	arena_release(&arena);
	wanted_release(&wanted);
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
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = open_state(admin, self, &status);

	if (!state)
		return status;
	if (!customerbook_put(state, entries, is_replaced, clock_now_us(),
			      &why))
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
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &reason,
		  "What for: reevectl audit tells it", "TEXT" },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, options, &argc, &argv);
	struct arena arena;
	struct importing importing = { self, entries, &arena };

	arena_init(&arena);
	if (status == EX_OK && argc < 2)
		status = admin_fail(self, EX_USAGE,
				    "needs a file, or - for standard input");
	/* Who may not import is told nothing of what is in a file. Root's may not be
	 * the daemon's to read. */
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
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &reason,
		  "What for: reevectl audit tells it", "TEXT" },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, options, &argc, &argv);
	g_autoptr(GError) why = NULL;
	struct state *state;

	if (status == EX_OK && argc != 2)
		status = admin_fail(self, EX_USAGE,
				    "the id of one customer is needed");
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, asked, reason);
	if (status != EX_OK)
		return status;
	state = open_state(admin, self, &status);
	if (!state)
		return status;
	if (!customerbook_remove(state, argv[1], &why))
		status = admin_fail(self, EX_DATAERR, "%s", why->message);
	else
		say(admin, "removed", 1);
	state_close(&state);
	return status;
}

struct listing {
	const struct admin *admin;
	struct table *table;
	int left;			/* negative: all */
	char *last;			/* that was shown */
	bool is_cut;
};

static bool list_one(const struct customer_entry *entry, void *context)
{
	struct listing *listing = context;

	if (listing->left == 0) {
		listing->is_cut = true;
		return false;
	}
	listing->left--;
	g_free(listing->last);
	listing->last = g_strdup(entry->id);
	if (listing->admin->is_json)
		customerprint_json(entry);
	else
		customerprint_row(listing->table, entry);
	return true;
}

static int list(const struct admin *admin, const struct command *self,
		const char *after, int limit)
{
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = open_state(admin, self, &status);
	struct listing listing = { .admin = admin };

	if (!state)
		return status;
	listing.table = customerprint_table();
	listing.left = limit > 0 ? limit : -1;
	if (!customerbook_each(state, after, list_one, &listing, &why))
		status = admin_fail_store(self, why);
	else if (!admin->is_json)
		table_print(listing.table);
	if (listing.is_cut)
		fprintf(stderr, "there are more: --after %s, or --limit 0\n",
			listing.last);
	g_free(listing.last);
	table_free(listing.table);
	state_close(&state);
	return status;
}

static int run_list(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	g_autofree char *after = NULL;
	int limit = LIST_LIMIT;
	const GOptionEntry options[] = {
		{ "limit", 'n', 0, G_OPTION_ARG_INT, &limit,
		  "At most so many, by id (100; 0: all)", "N" },
		{ "after", 0, 0, G_OPTION_ARG_STRING, &after,
		  "The next page: those behind this one", "ID" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object a line, as import reads them", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, options, &argc, &argv);

	if (status == EX_OK && argc != 1)
		status = admin_fail(self, EX_USAGE, "takes options only");
	if (status == EX_OK)
		status = admin_load(admin);
	return status == EX_OK ? list(admin, self, after, limit) : status;
}

/* By what the desk has at hand. */
struct clue {
	char *account, *client, *domain;
	struct netaddr addr;
};

static int take_clue(const struct command *self, int argc, struct clue *clue)
{
	bool has_clue = clue->account || clue->client || clue->domain;

	if (argc > 2 || (argc == 2) == has_clue)
		return admin_fail(self, EX_USAGE, "needs the id of one "
			"customer, or what to find it by");
	if (clue->client && !netaddr_parse(span_text(clue->client),
					   &clue->addr))
		return admin_fail(self, EX_USAGE,
				  "--client-ip: that is no IP address");
	return EX_OK;
}

static int show(const struct admin *admin, const struct command *self,
		const char *id, const struct clue *clue)
{
	int status = EX_OK;
	struct state *state = open_state(admin, self, &status);
	struct customer_entry entry;
	struct arena arena;

	if (!state)
		return status;
	arena_init(&arena);
	if (!id)
		id = customerbook_find(state, clue->account, &clue->addr,
			clue->domain ? mailaddr_domain_ascii(
				span_text(clue->domain), &arena) : NULL,
			&arena);
	if (!id || !customerbook_get(state, id, &arena, &entry))
		status = admin_fail(self, EX_DATAERR, id ?
			"there is no such customer" :
			"no customer has that");
	else if (admin->is_json)
		customerprint_json(&entry);
	else
		customerprint_words(&entry);
	arena_release(&arena);
	state_close(&state);
	return status;
}

static int run_show(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	struct clue clue = { .account = NULL };
	const GOptionEntry options[] = {
		{ "account", 0, 0, G_OPTION_ARG_FILENAME, &clue.account,
		  "Whose login it is", "NAME" },
		{ "client-ip", 0, 0, G_OPTION_ARG_STRING, &clue.client,
		  "Whose address it is", "ADDRESS" },
		{ "domain", 0, 0, G_OPTION_ARG_STRING, &clue.domain,
		  "Who sends as this domain", "DOMAIN" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "On one line", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, options, &argc, &argv);

	if (status == EX_OK)
		status = take_clue(self, argc, &clue);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = show(admin, self, argc == 2 ? argv[1] : NULL, &clue);
	g_free(clue.account);
	g_free(clue.client);
	g_free(clue.domain);
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
		.run = run_list,
	}, {
		.name = "customer show",
		.arguments = "ID|OPTION...",
		.summary = "All that is known of one",
		.examples =
		"  reevectl customer show acme\n"
		"  reevectl customer show --client-ip 192.0.2.7\n",
		.run = run_show,
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
