#include <config.h>

#include "admin/admin.h"

#include "admin/desk.h"
#include "admin/table.h"
#include "base/arena.h"
#include "store/incidents.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

struct listing {
	const char *kind;
	int64_t since_us;
	struct arena arena;
	GArray *all;			/* of struct incident */
};

static bool take(const struct incident *incident, void *context)
{
	struct listing *listing = context;
	struct incident copy = *incident;

	if ((listing->kind && strcmp(listing->kind, incident->kind) != 0) ||
	    incident->last_us < listing->since_us)
		return true;
	copy.kind = arena_text(&listing->arena, incident->kind);
	copy.key = arena_text(&listing->arena, incident->key);
	copy.text = arena_text(&listing->arena, incident->text);
	g_array_append_val(listing->all, copy);
	return true;
}

static int newest_first(const void *left, const void *right)
{
	const struct incident *a = left, *b = right;

	return a->last_us > b->last_us ? -1 : a->last_us < b->last_us;
}

static void print_json(const struct incident *incident)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}",
		"kind", incident->kind, "key", incident->key,
		"text", incident->text,
		"first_us", (json_int_t)incident->first_us,
		"last_us", (json_int_t)incident->last_us,
		"count", (json_int_t)incident->count);

	if (object) {
		json_dumpf(object, stdout, JSON_COMPACT);
		putchar('\n');
	}
	json_decref(object);
}

static void add_row(struct table *table, const struct incident *incident)
{
	g_autofree char *first = admin_format_time(incident->first_us);
	g_autofree char *last = admin_format_time(incident->last_us);

	table_add(table, TABLE_PLAIN, "%s", first);
	table_add(table, TABLE_PLAIN, "%s", last);
	table_add(table, TABLE_PLAIN, "%" PRIu64, incident->count);
	table_add(table, TABLE_PLAIN, "%s", incident->kind);
	table_add(table, TABLE_PLAIN, "%s", incident->text);
}

static void print_all(const struct admin *admin, const GArray *all, guint most)
{
	static const char *const titles[] = {
		"first", "last", "count", "kind", "what", NULL,
	};
	struct table *table = table_new(titles);

	for (guint i = 0; i < MIN(all->len, most); i++) {
		const struct incident *incident =
			&g_array_index(all, struct incident, i);

		if (admin->is_json)
			print_json(incident);
		else
			add_row(table, incident);
	}
	if (!admin->is_json)
		table_print(table);
	table_free(table);
}

static int list(struct admin *admin, const struct command *self,
		struct listing *listing, guint most)
{
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_open(admin, self, &status);

	if (!state)
		return status;
	arena_init(&listing->arena);
	listing->all = g_array_new(FALSE, FALSE, sizeof(struct incident));
	if (!incidents_each(state, take, listing, &why))
		status = admin_fail(self, EX_UNAVAILABLE, "%s", why->message);
	g_array_sort(listing->all, newest_first);
	if (status == EX_OK)
		print_all(admin, listing->all, most);
	g_array_unref(listing->all);
	arena_release(&listing->arena);
	state_close(&state);
	return status;
}

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	g_autofree char *kind = NULL, *since = NULL;
	int most = 100;
	const GOptionEntry entries[] = {
		{ "kind", 'k', 0, G_OPTION_ARG_STRING, &kind,
		  "Of this kind alone, such as limit", "KIND" },
		{ "since", 's', 0, G_OPTION_ARG_STRING, &since,
		  "That went on after then (2026-11-23, today, 7d)", "TIME" },
		{ "count", 'n', 0, G_OPTION_ARG_INT, &most,
		  "At most so many, the latest first (100; 0: all)", "N" },
		G_OPTION_ENTRY_NULL,
	};
	struct listing listing = { .since_us = G_MININT64 };
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && (argc > 1 || most < 0))
		status = admin_fail(self, EX_USAGE, "takes options alone");
	if (status == EX_OK && since &&
	    !admin_parse_time(since, &listing.since_us))
		status = admin_fail(self, EX_USAGE,
				    "--since: \"%s\" is no time", since);
	if (status == EX_OK)
		status = admin_load(admin);
	listing.kind = kind;
	return status == EX_OK ?
	       list(admin, self, &listing, most ? (guint)most : G_MAXUINT) :
	       status;
}

const struct command command_incidents = {
	.name = "incidents",
	.arguments = "[--kind KIND] [--since TIME] [--count N]",
	.summary = "What the abuse desk should know of",
	.examples = "  reevectl incidents --since today\n"
		    "  reevectl --json incidents --kind limit\n",
	.run = run,
};
