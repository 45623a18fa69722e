#include <config.h>

#include "admin/admin.h"

#include "admin/desk.h"
#include "admin/jsontext.h"
#include "admin/table.h"
#include "store/incidents.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <sysexits.h>

static void print_json(const struct incident *incident)
{
	bool has_subject = incident->subject.kind && incident->subject.value;
	json_t *object = json_pack("{s:s, s:o, s:o, s:I, s:I, s:I, s:s, s:o, "
		"s:b}",
		"kind", incident->kind, "key", jsontext_new(incident->key),
		"text", jsontext_new(incident->text),
		"first_us", (json_int_t)incident->first_us,
		"last_us", (json_int_t)incident->last_us,
		"count", (json_int_t)incident->count,
		"subject_kind", has_subject ?
			list_kind_word(incident->subject.kind) : "",
		"subject", jsontext_new(has_subject ? incident->subject.value : ""),
		"in_case", incident->is_in_case);

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

struct listing {
	const struct admin *admin;
	struct table *table;
	char *kind, *since, *after;
	int64_t since_us, before_us, last_us;
	int limit, count;
	bool is_cut;
};

/* Ends between two microseconds: --after gives the next page without a gap. */
static bool take(const struct incident *incident, void *context)
{
	struct listing *listing = context;

	if (incident->last_us < listing->since_us)
		return false;
	listing->is_cut = listing->limit && listing->count >= listing->limit &&
			  incident->last_us != listing->last_us;
	if (listing->is_cut)
		return false;
	listing->count++;
	listing->last_us = incident->last_us;
	if (listing->admin->is_json)
		print_json(incident);
	else
		add_row(listing->table, incident);
	return true;
}

static int list(struct admin *admin, const struct command *self,
		struct listing *listing)
{
	static const char *const titles[] = {
		"first", "last", "count", "kind", "what", NULL,
	};
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_look(admin, self, &status);
	char last[24];

	if (!state)
		return status;
	listing->admin = admin;
	listing->table = table_new(titles);
	if (!incidents_each_before(state, listing->before_us, listing->kind,
				   take, listing, &why))
		status = admin_fail_store(self, why);
	else if (!admin->is_json)
		table_print(listing->table);
	if (listing->is_cut) {
		g_snprintf(last, sizeof last, "%" PRId64, listing->last_us);
		desk_tell_more(last);
	}
	table_free(listing->table);
	state_close(&state);
	return status;
}

static int take_times(const struct command *self, struct listing *listing)
{
	if (listing->since &&
	    !admin_parse_time(listing->since, &listing->since_us))
		return admin_fail(self, EX_USAGE,
				  "--since: \"%s\" is no time",
				  listing->since);
	if (listing->after &&
	    !g_ascii_string_to_signed(listing->after, 10, 1, INT64_MAX,
				      &listing->before_us, NULL))
		return admin_fail(self, EX_USAGE, "--after: \"%s\" is not "
				  "what a page before said", listing->after);
	return desk_check_limit(self, listing->limit, EX_OK);
}

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	struct listing listing = {
		.since_us = G_MININT64, .before_us = INT64_MAX,
		.limit = DESK_LIMIT,
	};
	const GOptionEntry entries[] = {
		{ "kind", 'k', 0, G_OPTION_ARG_STRING, &listing.kind,
		  "Of this kind alone, such as limit", "KIND" },
		{ "since", 's', 0, G_OPTION_ARG_STRING, &listing.since,
		  "That went on after then (2026-11-23, today, 7d)", "TIME" },
		DESK_LIMIT_ENTRY(&listing.limit),
		DESK_AFTER_ENTRY(&listing.after, "N"),
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && argc > 1)
		status = admin_fail(self, EX_USAGE, "takes options alone");
	if (status == EX_OK)
		status = take_times(self, &listing);
	if (status == EX_OK)
		status = list(admin, self, &listing);
	g_free(listing.kind);
	g_free(listing.since);
	g_free(listing.after);
	return status;
}

const struct command command_incidents = {
	.name = "incidents",
	.arguments = "[OPTION...]",
	.summary = "What the abuse desk should know of",
	.examples = "  reevectl incidents --since today\n"
		    "  reevectl --json incidents --kind limit\n",
	.run = run,
};
