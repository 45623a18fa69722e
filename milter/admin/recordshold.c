#include <config.h>

#include "admin/recordshold.h"

#include "admin/auditlog.h"
#include "admin/desk.h"
#include "admin/table.h"
#include "base/clock.h"
#include "base/netaddr.h"
#include "store/day.h"
#include "store/holds.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static int add(const struct admin *admin, const struct command *self,
	       const struct hold *hold)
{
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_open(admin, self, &status);

	if (!state)
		return EX_UNAVAILABLE;
	if (!holds_add(state, hold, &why))
		status = admin_fail(self, EX_DATAERR, "%s", why->message);
	state_close(&state);
	return status;
}

/* Borrows the words. A network that cannot be read would hold nothing. */
static int take_person(const struct command *self, struct hold *hold,
		       const char *from, const char *rcpt, const char *account,
		       const char *client)
{
	g_autoptr(GError) why = NULL;
	struct network network;

	hold->sender = from;
	hold->recipient = rcpt;
	hold->account = account;
	hold->client = client;
	if (client && !network_parse(span_text(client), &network, &why))
		return admin_fail(self, EX_USAGE, "--client-ip: %s",
				  why->message);
	return EX_OK;
}

static int run_add(struct admin *admin, const struct command *self, int argc,
		   char **argv)
{
	g_autofree char *since = NULL, *until = NULL, *reason = NULL;
	g_autofree char *from = NULL, *rcpt = NULL, *account = NULL;
	g_autofree char *client = NULL, *name = NULL;
	g_autofree char *asked = g_strjoinv(" ", argv + 1);
	g_autofree char *operator_name = admin_operator();
	const GOptionEntry entries[] = {
		{ "case", 0, 0, G_OPTION_ARG_STRING, &name,
		  "Its name, if not given by itself", "CASE" },
		{ "from", 0, 0, G_OPTION_ARG_STRING, &from,
		  "Only records of this sender, or @DOMAIN", "ADDRESS" },
		{ "rcpt", 0, 0, G_OPTION_ARG_STRING, &rcpt,
		  "Only those to this recipient, or @DOMAIN", "ADDRESS" },
		{ "account", 0, 0, G_OPTION_ARG_STRING, &account,
		  "Only those of this login", "NAME" },
		{ "client-ip", 0, 0, G_OPTION_ARG_STRING, &client,
		  "Only those from this address or network", "CIDR" },
		{ "since", 0, 0, G_OPTION_ARG_STRING, &since,
		  "From this day on (all)", "DAY" },
		{ "until", 0, 0, G_OPTION_ARG_STRING, &until,
		  "Up to this day, it included (all to come)", "DAY" },
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &reason, "What for",
		  "TEXT" },
		G_OPTION_ENTRY_NULL,
	};
	struct hold hold = {
		.since_day = INT64_MIN, .until_day = INT64_MAX,
		.created_us = clock_now_us(), .operator_name = operator_name,
	};
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && argc != (name ? 1 : 2))
		status = admin_fail(self, EX_USAGE, "one name is needed, that "
				    "of the case");
	if (status == EX_OK)
		status = take_person(self, &hold, from, rcpt, account, client);
	if (status == EX_OK)
		status = admin_take_days(self, since, until, &hold.since_day,
					 &hold.until_day);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, asked, reason);
	if (status != EX_OK)
		return status;
	hold.name = name ? name : argv[1];
	hold.reason = reason ? reason : "";
	return add(admin, self, &hold);
}

static int run_release(struct admin *admin, const struct command *self,
		       int argc, char **argv)
{
	g_autofree char *reason = NULL;
	const GOptionEntry entries[] = {
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &reason, "What for",
		  "TEXT" },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);
	g_autoptr(GError) why = NULL;
	struct state *state;
	bool was_there;

	if (status == EX_OK && argc != 2)
		status = admin_fail(self, EX_USAGE, "one name is needed");
	state = desk_begin(admin, self, argv[1], reason, &status);
	if (!state)
		return status;
	if (!holds_release(state, argv[1], &was_there, &why))
		status = admin_fail(self, EX_UNAVAILABLE, "%s", why->message);
	else if (!was_there)
		status = admin_fail(self, EX_DATAERR, "there is no hold %s",
				    argv[1]);
	state_close(&state);
	return status;
}

struct listing {
	const struct admin *admin;
	struct table *table;
};

static const char *day_text(int64_t day, char *out)
{
	return day == INT64_MIN || day == INT64_MAX ? "" :
						      day_format(day, out);
}

/* "from s@example.net account joe"; free it. */
static char *whose(const struct hold *hold)
{
	GString *text = g_string_new("");
	const struct { const char *name, *value; } words[] = {
		{ "from", hold->sender }, { "rcpt", hold->recipient },
		{ "account", hold->account }, { "client-ip", hold->client },
	};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (*words[i].value)
			g_string_append_printf(text, "%s%s %s",
					       text->len ? " " : "",
					       words[i].name, words[i].value);
	return g_string_free(text, FALSE);
}

static void list_one(const struct hold *hold, void *context)
{
	const struct listing *listing = context;
	g_autofree char *created = admin_format_time(hold->created_us);
	g_autofree char *of = whose(hold);
	char since[DAY_TEXT_MAX], until[DAY_TEXT_MAX];
	json_t *object;

	if (!listing->admin->is_json) {
		table_add(listing->table, TABLE_PLAIN, "%s", hold->name);
		table_add(listing->table, TABLE_PLAIN, "%s",
			  day_text(hold->since_day, since));
		table_add(listing->table, TABLE_PLAIN, "%s",
			  day_text(hold->until_day, until));
		table_add(listing->table, TABLE_PLAIN, "%s",
			  *of ? of : "all");
		table_add(listing->table, TABLE_PLAIN, "%s", created);
		table_add(listing->table, TABLE_PLAIN, "%s",
			  hold->operator_name);
		table_add(listing->table, TABLE_PLAIN, "%s", hold->reason);
		return;
	}
	object = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s}", "name",
		hold->name, "since", day_text(hold->since_day, since), "until",
		day_text(hold->until_day, until), "of", of, "created_us",
		(json_int_t)hold->created_us, "operator", hold->operator_name,
		"reason", hold->reason);
	if (!object)
		return;
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static int run_list(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	static const char *const titles[] = {
		"hold", "since", "until", "of", "made", "by", "reason", NULL,
	};
	const GOptionEntry entries[] = {
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object a line", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);
	g_autoptr(GError) why = NULL;
	struct listing listing;
	struct state *state;

	if (status == EX_OK)
		status = admin_take_no_words(self, argc, argv);
	if (status != EX_OK)
		return status;
	state = desk_look(admin, self, &status);
	if (!state)
		return status;
	listing = (struct listing){ admin, table_new(titles) };
	if (!holds_each(state, list_one, &listing, &why))
		status = admin_fail(self, EX_DATAERR, "%s", why->message);
	if (!admin->is_json)
		table_print(listing.table);
	table_free(listing.table);
	state_close(&state);
	return status;
}

static const struct command verbs[] = {
	{
		.name = "records hold add",
		.arguments = "[OPTION...] CASE",
		.summary = "Keep records whatever their term",
		.examples = "  reevectl records hold add 2026-117 --since "
			    "2026-11-01 --until 2026-11-20\n"
			    "  reevectl records hold add --case 2026-118 "
			    "--account joe\n",
		.run = run_add,
	}, {
		.name = "records hold list",
		.arguments = "[--json]",
		.summary = "What is kept so",
		.examples = "  reevectl records hold list\n",
		.run = run_list,
	}, {
		.name = "records hold release",
		.arguments = "CASE",
		.summary = "End it: the term counts again",
		.examples = "  reevectl records hold release 2026-117\n",
		.run = run_release,
	},
};

int recordshold_run(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	return admin_run_verb(admin, self, verbs, COUNT_OF(verbs), argc, argv);
}
