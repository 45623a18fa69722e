#include <config.h>

#include "admin/admin.h"

#include "admin/desk.h"
#include "admin/jsontext.h"
#include "admin/table.h"
#include "base/clock.h"
#include "bulk/countsnapshot.h"
#include "bulk/exemptions.h"
#include "bulk/limitkey.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define TOP_PRESET 20

/* One line of the tables; texts live in the query's arena. */
struct row {
	const struct limit *limit;
	const char *value;
	uint64_t count, most;
	int64_t ends_us, raised_until_us;
	bool is_raised;
};

struct query {
	const struct admin *admin;
	const char *limit, *key;	/* NULL: any */
	bool is_with_exceptions;
	struct arena arena;
	GArray *rows;			/* of struct row */
};

/* A key is looked for among the parts of a pair, too. */
static bool has_key(const char *value, const char *key)
{
	size_t len = strlen(key);

	for (const char *at = value; at; at = strchr(at, ',')) {
		at += at != value;
		if (strncmp(at, key, len) == 0 &&
		    (at[len] == ',' || at[len] == '\0'))
			return true;
	}
	return strcmp(value, key) == 0;
}

static uint64_t in_units(const struct limit *limit, uint64_t count)
{
	return limit->count == LIMIT_BYTES && count <= UINT64_MAX / 1024 ?
	       count * 1024 : count;
}

static void see(const struct countsnapshot_entry *seen, void *context)
{
	struct query *query = context;
	const char *name, *value;
	struct row row = { .count = seen->count, .ends_us = seen->ends_us };

	if (!limitkey_split(seen->key.bytes, &query->arena, &name, &value))
		return;
	row.limit = limit_settings_find(query->admin->settings, name);
	row.value = value;
	if (!row.limit || seen->key.window_s != row.limit->window_s ||
	    (query->limit && strcmp(query->limit, name) != 0) ||
	    (query->key && !has_key(value, query->key)))
		return;
	row.most = row.limit->most;
	g_array_append_val(query->rows, row);
}

static void lift(struct row *row, struct state *state, const char *limit,
		 struct arena *arena)
{
	struct exemption found;

	if (!exemptions_find(state, limit, row->value, clock_now_us(), arena,
			     &found))
		return;
	if (found.clear_us)
		row->count = 0;		/* the daemon has not done it yet */
	if (!found.times && !found.most)
		return;
	row->most = MAX(row->most, found.most ? found.most :
					found.times * row->limit->most);
	row->is_raised = true;
	row->raised_until_us = found.expires_us;
}

static int fuller_first(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	double x = (double)a->count / (double)a->most;
	double y = (double)b->count / (double)b->most;

	return x > y ? -1 : x < y ? 1 : strcmp(a->value, b->value);
}

static void print_json(const struct row *row)
{
	json_t *object = json_pack(
		"{s:s, s:o, s:s, s:I, s:I, s:I, s:I, s:b, s:b}",
		"limit", row->limit->name, "key", jsontext_new(row->value),
		"counted", limit_count_word(row->limit->count),
		"count", (json_int_t)in_units(row->limit, row->count),
		"most", (json_int_t)in_units(row->limit, row->most),
		"within_s", (json_int_t)row->limit->window_s,
		"ends_us", (json_int_t)row->ends_us,
		"full", row->count >= row->most, "raised", row->is_raised);

	if (object && row->raised_until_us)
		json_object_set_new(object, "raised_until_us",
				    json_integer(row->raised_until_us));
	if (object) {
		json_dumpf(object, stdout, JSON_COMPACT);
		putchar('\n');
	}
	json_decref(object);
}

static void add_row(struct table *table, const struct row *row)
{
	g_autofree char *ends = admin_format_time(row->ends_us);
	g_autofree char *until = row->raised_until_us ?
		admin_format_time(row->raised_until_us) : g_strdup("for good");

	table_add(table, TABLE_PLAIN, "%s", row->limit->name);
	table_add(table, TABLE_PLAIN, "%s", row->value);
	table_add(table, row->count >= row->most ? TABLE_BAD : TABLE_PLAIN,
		  "%" PRIu64, in_units(row->limit, row->count));
	table_add(table, TABLE_PLAIN, "%" PRIu64,
		  in_units(row->limit, row->most));
	table_add(table, TABLE_PLAIN, "%s", ends);
	table_add(table, TABLE_PLAIN, "%s%s%s", row->limit->terms,
		  row->is_raised ? "; raised until " : "",
		  row->is_raised ? until : "");
}

static void print_rows(const struct query *query, guint most)
{
	static const char *const titles[] = {
		"limit", "key", "count", "most", "all over at", "terms", NULL,
	};
	struct table *table = table_new(titles);

	for (guint i = 0; i < MIN(query->rows->len, most); i++) {
		const struct row *row = &g_array_index(query->rows,
						       struct row, i);

		if (query->admin->is_json)
			print_json(row);
		else
			add_row(table, row);
	}
	if (!query->admin->is_json)
		table_print(table);
	table_free(table);
}

/* What operators made of limits, also of keys that count nothing now. */
struct listing {
	const struct query *query;
	struct table *table;
	bool is_any;
};

/* In bytes, where bytes are counted. */
static uint64_t raised_to(const struct query *query,
			  const struct exemption *exemption)
{
	const struct limit *limit = limit_settings_find(
		query->admin->settings, exemption->limit);

	return limit ? in_units(limit, exemption->most) : exemption->most;
}

static void list_json(const struct query *query,
		      const struct exemption *exemption)
{
	json_t *object = json_pack("{s:s, s:o, s:o, s:o, s:I, s:I}",
		"exception", exemption->limit,
		"key", jsontext_new(exemption->key),
		"reason", jsontext_new(exemption->reason),
		"operator", jsontext_new(exemption->operator_name),
		"created_us", (json_int_t)exemption->created_us,
		"expires_us", (json_int_t)exemption->expires_us);

	if (object && exemption->most)
		json_object_set_new(object, "most", json_integer(
			(json_int_t)raised_to(query, exemption)));
	if (object && exemption->times)
		json_object_set_new(object, "times", json_integer(
			(json_int_t)exemption->times));
	if (object) {
		json_dumpf(object, stdout, JSON_COMPACT);
		putchar('\n');
	}
	json_decref(object);
}

static void list_one(const struct exemption *exemption, void *context)
{
	struct listing *listing = context;
	const struct query *query = listing->query;
	g_autofree char *until = exemption->expires_us ?
		admin_format_time(exemption->expires_us) : g_strdup("never");

	if ((!exemption->times && !exemption->most) ||
	    (exemption->expires_us &&
	     exemption->expires_us <= clock_now_us()) ||
	    (query->limit && strcmp(query->limit, exemption->limit) != 0) ||
	    (query->key && !has_key(exemption->key, query->key)))
		return;
	listing->is_any = true;
	if (query->admin->is_json) {
		list_json(query, exemption);
		return;
	}
	table_add(listing->table, TABLE_PLAIN, "%s", exemption->limit);
	table_add(listing->table, TABLE_PLAIN, "%s", exemption->key);
	table_add(listing->table, TABLE_PLAIN, "%s%" PRIu64,
		  exemption->times ? "times " : "", exemption->times ?
		  exemption->times : raised_to(query, exemption));
	table_add(listing->table, TABLE_PLAIN, "%s", until);
	table_add(listing->table, TABLE_PLAIN, "%s",
		  exemption->operator_name);
	table_add(listing->table, TABLE_PLAIN, "%s", exemption->reason);
}

static void print_exceptions(const struct query *query, struct state *state)
{
	static const char *const titles[] = {
		"exception", "key", "raised to", "expires", "by", "reason",
		NULL,
	};
	struct listing listing = { query, table_new(titles), false };

	if (exemptions_each(state, list_one, &listing, NULL) &&
	    listing.is_any && !query->admin->is_json) {
		putchar('\n');
		table_print(listing.table);
	}
	table_free(listing.table);
}

/* The snapshot may be some seconds old. */
static int show(struct query *query, const struct command *self, guint most)
{
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_open(query->admin, self, &status);

	if (!state)
		return status;
	arena_init(&query->arena);
	query->rows = g_array_new(FALSE, FALSE, sizeof(struct row));
	if (!countsnapshot_each(state, STATE_COUNTS, clock_now_us(), see,
				query, &why))
		status = admin_fail_store(self, why);
	for (guint i = 0; i < query->rows->len; i++) {
		struct row *row = &g_array_index(query->rows, struct row, i);

		lift(row, state, row->limit->name, &query->arena);
		lift(row, state, EXEMPTION_ALL, &query->arena);
	}
	g_array_sort(query->rows, fuller_first);
	if (status == EX_OK)
		print_rows(query, most);
	if (status == EX_OK && query->is_with_exceptions)
		print_exceptions(query, state);
	g_array_unref(query->rows);
	arena_release(&query->arena);
	state_close(&state);
	return status;
}

static int check_limit(const struct admin *admin, const struct command *self,
		       const char *name)
{
	const GArray *all = limit_settings_all(admin->settings);
	g_autoptr(GString) known = g_string_new(NULL);

	if (!name || limit_settings_find(admin->settings, name))
		return EX_OK;
	for (guint i = 0; i < all->len; i++)
		g_string_append_printf(known, "%s%s", i ? ", " : "",
			g_array_index(all, struct limit, i).name);
	return admin_fail(self, EX_USAGE, "--limit: \"%s\" is none of %s",
			  name, known->str);
}

static int run_show(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	g_autofree char *limit = NULL, *key = NULL;
	const GOptionEntry entries[] = {
		{ "limit", 'l', 0, G_OPTION_ARG_STRING, &limit,
		  "Of this limit alone", "NAME" },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);
	struct query query = { .admin = admin, .limit = NULL };

	if (status == EX_OK && argc > 2)
		status = admin_fail(self, EX_USAGE, "one KEY at most");
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = check_limit(admin, self, limit);
	if (status != EX_OK)
		return status;
	key = argc == 2 ? g_ascii_strdown(argv[1], -1) : NULL;
	query.limit = limit;
	query.key = key;
	query.is_with_exceptions = true;
	return show(&query, self, G_MAXUINT);
}

static int run_top(struct admin *admin, const struct command *self, int argc,
		   char **argv)
{
	g_autofree char *limit = NULL;
	int most = TOP_PRESET;
	const GOptionEntry entries[] = {
		{ "limit", 'l', 0, G_OPTION_ARG_STRING, &limit,
		  "Of this limit alone", "NAME" },
		{ "count", 'n', 0, G_OPTION_ARG_INT, &most,
		  "So many (20)", "N" },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);
	struct query query = { .admin = admin };

	if (status == EX_OK && (argc > 1 || most < 1))
		status = admin_fail(self, EX_USAGE, "takes --limit NAME and "
				    "--count N, from 1 on");
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = check_limit(admin, self, limit);
	query.limit = limit;
	return status == EX_OK ? show(&query, self, (guint)most) : status;
}

static int put(struct admin *admin, const struct command *self,
	       struct exemption *exemption, const char *said)
{
	g_autofree char *who = admin_operator();
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_open(admin, self, &status);

	if (!state)
		return status;
	exemption->operator_name = who;
	exemption->created_us = clock_now_us();
	if (!exemptions_put(state, exemption, &why))
		status = admin_fail_store(self, why);
	else if (admin->is_json)
		printf("{\"limits\":\"%s\"}\n", said);
	else
		printf("%s; in force from now on\n", said);
	state_close(&state);
	return status;
}

static int lower(struct admin *admin, const struct command *self,
		 const struct exemption *exemption)
{
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_open(admin, self, &status);

	if (!state)
		return status;
	if (!exemptions_lower(state, exemption->limit, exemption->key, &why))
		status = desk_fail_named(self, why);
	else
		puts(admin->is_json ? "{\"limits\":\"lowered\"}" :
				      "as the settings say again");
	state_close(&state);
	return status;
}

struct raising {
	char *limit, *span, *reason;
	int64_t most, times;
	gboolean is_undone;
};

/* A number for all limits at once would lower some. */
static int take_raise(const struct admin *admin, const struct command *self,
		      const struct raising *asked, struct exemption *out)
{
	const struct limit *limit = asked->limit ?
		limit_settings_find(admin->settings, asked->limit) : NULL;
	uint64_t most = (uint64_t)MAX(asked->most, 0);
	int64_t span_us = 0;

	if (asked->is_undone)
		return EX_OK;
	if ((asked->most > 0) == (asked->times > 0))
		return admin_fail(self, EX_USAGE, "needs --times N or "
			"--most N, or --undo");
	if (asked->most > 0 && !limit)
		return admin_fail(self, EX_USAGE,
				  "--most needs --limit NAME");
	if (limit && limit->count == LIMIT_BYTES)
		most /= 1024;
	if ((asked->most > 0 && most <= limit->most) || asked->times == 1)
		return admin_fail(self, EX_USAGE,
				  "that is no more than the settings let");
	if (asked->span && !admin_parse_span(asked->span, &span_us))
		return admin_fail(self, EX_USAGE, "--for: \"%s\" is no span; "
			"write 30min, 12h, 7d or never", asked->span);
	out->most = most;
	out->times = (uint64_t)MAX(asked->times, 0);
	out->expires_us = span_us ? clock_now_us() + span_us : 0;
	return EX_OK;
}

static int raise_one(struct admin *admin, const struct command *self,
		     const struct raising *asked, const char *word)
{
	g_autofree char *key = g_ascii_strdown(word, -1);
	struct exemption exemption = {
		.limit = asked->limit ? asked->limit : EXEMPTION_ALL,
		.key = key, .reason = asked->reason ? asked->reason : "",
	};
	int status = check_limit(admin, self, asked->limit);

	if (status == EX_OK)
		status = take_raise(admin, self, asked, &exemption);
	if (status != EX_OK)
		return status;
	return asked->is_undone ? lower(admin, self, &exemption) :
				  put(admin, self, &exemption, "raised");
}

static int run_raise(struct admin *admin, const struct command *self,
		     int argc, char **argv)
{
	struct raising asked = { .span = NULL };
	const GOptionEntry entries[] = {
		{ "limit", 'l', 0, G_OPTION_ARG_STRING, &asked.limit,
		  "This limit alone", "NAME" },
		{ "times", 't', 0, G_OPTION_ARG_INT64, &asked.times,
		  "To so many times what the settings say", "N" },
		{ "most", 'm', 0, G_OPTION_ARG_INT64, &asked.most,
		  "To so many (bytes are bytes)", "N" },
		{ "for", 'f', 0, G_OPTION_ARG_STRING, &asked.span,
		  "For so long (30min, 12h, 7d; never ends without)",
		  "SPAN" },
		{ "reason", 'r', 0, G_OPTION_ARG_STRING, &asked.reason,
		  "Why, for those who come after", "TEXT" },
		{ "undo", 'u', 0, G_OPTION_ARG_NONE, &asked.is_undone,
		  "As the settings say again", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && argc != 2)
		status = admin_fail(self, EX_USAGE, "needs one KEY");
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = raise_one(admin, self, &asked, argv[1]);
	g_free(asked.limit);
	g_free(asked.span);
	g_free(asked.reason);
	return status;
}

static int run_clear(struct admin *admin, const struct command *self,
		     int argc, char **argv)
{
	g_autofree char *limit = NULL, *reason = NULL, *key = NULL;
	const GOptionEntry entries[] = {
		{ "limit", 'l', 0, G_OPTION_ARG_STRING, &limit,
		  "This limit alone", "NAME" },
		{ "reason", 'r', 0, G_OPTION_ARG_STRING, &reason,
		  "Why, for those who come after", "TEXT" },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);
	struct exemption exemption = { .clear_us = clock_now_us() };

	if (status == EX_OK && argc != 2)
		status = admin_fail(self, EX_USAGE, "needs one KEY");
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = check_limit(admin, self, limit);
	if (status != EX_OK)
		return status;
	key = g_ascii_strdown(argv[1], -1);
	exemption.limit = limit ? limit : EXEMPTION_ALL;
	exemption.key = key;
	exemption.reason = reason ? reason : "";
	return put(admin, self, &exemption, "cleared");
}

#define KEYS "KEY is as limits show writes it: a login, an address, " \
	"192.0.2.0/24, a domain,\nor both of a pair with a comma between.\n"

static const struct command verbs[] = {
	{
		.name = "limits show",
		.arguments = "[--limit NAME] [KEY]",
		.summary = "What is counted, the fullest first",
		.examples = "  reevectl limits show alice\n" KEYS,
		.run = run_show,
	}, {
		.name = "limits top",
		.arguments = "[--limit NAME] [--count N]",
		.summary = "The keys that are nearest to their limits",
		.examples = "  reevectl limits top --count 5\n",
		.run = run_top,
	}, {
		.name = "limits raise",
		.arguments = "--times N|--most N|--undo [OPTION...] KEY",
		.summary = "Let a key have more, for a time",
		.examples =
		"  reevectl limits raise --times 5 --for 7d "
		"--reason \"newsletter\" alice\n"
		"  reevectl limits raise --limit account-messages "
		"--most 5000 alice\n"
		"  reevectl limits raise --undo alice\n" KEYS,
		.run = run_raise,
	}, {
		.name = "limits clear",
		.arguments = "[--limit NAME] [--reason TEXT] KEY",
		.summary = "Forget what was counted: the limit frees at once",
		.examples = "  reevectl limits clear alice\n" KEYS,
		.run = run_clear,
	},
};

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	return admin_run_verb(admin, self, verbs, COUNT_OF(verbs), argc, argv);
}

const struct command command_limits = {
	.name = "limits",
	.arguments = "show|top|raise|clear ...",
	.summary = "Who sends how much, and exceptions from limits",
	.run = run,
};
