#include <config.h>

#include "admin/customerlist.h"

#include "admin/customerprint.h"
#include "admin/desk.h"
#include "cases/customerbook.h"
#include "message/mailaddr.h"

#include <stdio.h>
#include <sysexits.h>

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
	struct state *state = desk_open(admin, self, &status);
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
		desk_tell_more(listing.last);
	g_free(listing.last);
	table_free(listing.table);
	state_close(&state);
	return status;
}

int customerlist_list(struct admin *admin, const struct command *self,
		      int argc, char **argv)
{
	g_autofree char *after = NULL;
	int limit = DESK_LIMIT;
	const GOptionEntry options[] = {
		DESK_LIMIT_ENTRY(&limit),
		DESK_AFTER_ENTRY(&after, "ID"),
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object a line, as import reads them", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, options, &argc, &argv);

	if (status == EX_OK && argc != 1)
		status = admin_fail(self, EX_USAGE, "takes options only");
	status = desk_check_limit(self, limit, status);
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
	struct state *state = desk_open(admin, self, &status);
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

int customerlist_show(struct admin *admin, const struct command *self,
		      int argc, char **argv)
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
