#include <config.h>

#include "admin/admin.h"

#include "admin/desk.h"
#include "admin/table.h"
#include "base/clock.h"
#include "bulk/campaigns.h"
#include "bulk/countsnapshot.h"
#include "bulk/likeness.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define TOP_PRESET 20

struct row {
	struct campaign campaign;
	uint64_t counts[LIKENESS_COUNTS];
};

struct query {
	GHashTable *by_id;		/* id -> index + 1 */
	GArray *rows;			/* of struct row */
};

static void see_campaign(const struct campaign *campaign, void *context)
{
	struct query *query = context;
	struct row row = { .campaign = *campaign };

	for (int i = 0; i < LIKENESS_COUNTS; i++)
		row.counts[i] = campaign->only[i] != 0;
	g_array_append_val(query->rows, row);
	g_hash_table_insert(query->by_id, g_memdup2(&campaign->id,
						    sizeof campaign->id),
			    GUINT_TO_POINTER(query->rows->len));
}

static void see_count(const struct countsnapshot_entry *seen, void *context)
{
	struct query *query = context;
	enum likeness_count count;
	uint64_t id;
	guint index;

	if (!likeness_read_key(&seen->key, &id, &count))
		return;
	index = GPOINTER_TO_UINT(g_hash_table_lookup(query->by_id, &id));
	if (index)
		g_array_index(query->rows, struct row, index - 1)
			.counts[count] = seen->count;
}

static uint64_t size_of(const struct row *row)
{
	return MAX(row->counts[LIKENESS_MESSAGES],
		   row->counts[LIKENESS_RECIPIENTS]);
}

static int larger_first(const void *left, const void *right)
{
	uint64_t a = size_of(left), b = size_of(right);

	return a > b ? -1 : a < b;
}

static void print_json(const struct row *row)
{
	g_autofree char *id = g_strdup_printf("%016" PRIx64,
					      row->campaign.id);
	json_t *object = json_pack("{s:s, s:s, s:b, s:I, s:I}", "campaign", id,
		"subject", row->campaign.subject,
		"file", row->campaign.print.is_exact,
		"first_us", (json_int_t)row->campaign.first_us,
		"last_us", (json_int_t)row->campaign.last_us);

	if (!object)
		return;
	for (int i = 0; i < LIKENESS_COUNTS; i++)
		json_object_set_new(object, likeness_word(
			(enum likeness_count)i), json_integer(
			(json_int_t)row->counts[i]));
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void add_row(struct table *table, const struct row *row)
{
	g_autofree char *last = admin_format_time(row->campaign.last_us);

	table_add(table, TABLE_PLAIN, "%016" PRIx64, row->campaign.id);
	for (int i = 0; i < LIKENESS_COUNTS; i++)
		table_add(table, TABLE_PLAIN, "%" PRIu64, row->counts[i]);
	table_add(table, TABLE_PLAIN, "%s", last);
	table_add(table, TABLE_PLAIN, "%s%s",
		  row->campaign.print.is_exact ? "file, " : "",
		  row->campaign.subject);
}

static void print_rows(const struct admin *admin, const GArray *rows,
		       guint most)
{
	static const char *const titles[] = {
		"campaign", "messages", "senders", "addresses", "networks",
		"recipients", "last", "subject", NULL,
	};
	struct table *table = table_new(titles);

	for (guint i = 0; i < MIN(rows->len, most); i++) {
		const struct row *row = &g_array_index(rows, struct row, i);

		if (admin->is_json)
			print_json(row);
		else
			add_row(table, row);
	}
	if (!admin->is_json)
		table_print(table);
	table_free(table);
}

/* The snapshot may be some seconds old. */
static int top(struct admin *admin, const struct command *self, guint most)
{
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_open(admin, self, &status);
	struct query query;

	if (!state)
		return status;
	query.rows = g_array_new(FALSE, FALSE, sizeof(struct row));
	query.by_id = g_hash_table_new_full(g_int64_hash, g_int64_equal,
					    g_free, NULL);
	if (!campaigns_each(state, see_campaign, &query, &why) ||
	    !countsnapshot_each(state, STATE_COUNTS, clock_now_us(), see_count,
				&query, &why))
		status = admin_fail(self, EX_UNAVAILABLE, "%s", why->message);
	g_array_sort(query.rows, larger_first);
	if (status == EX_OK)
		print_rows(admin, query.rows, most);
	g_array_unref(query.rows);
	g_hash_table_unref(query.by_id);
	state_close(&state);
	return status;
}

static int run_top(struct admin *admin, const struct command *self, int argc,
		   char **argv)
{
	int most = TOP_PRESET;
	const GOptionEntry entries[] = {
		{ "count", 'n', 0, G_OPTION_ARG_INT, &most, "So many (20)",
		  "N" },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && (argc > 1 || most < 1))
		status = admin_fail(self, EX_USAGE,
				    "takes --count N, from 1 on");
	if (status == EX_OK)
		status = admin_load(admin);
	return status == EX_OK ? top(admin, self, (guint)most) : status;
}

static const struct command verbs[] = {
	{
		.name = "bulk top",
		.arguments = "[--count N]",
		.summary = "Messages that are alike, the most first",
		.examples = "  reevectl bulk top\n"
			    "  reevectl --json bulk top --count 100\n",
		.run = run_top,
	},
};

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	return admin_run_verb(admin, self, verbs, COUNT_OF(verbs), argc, argv);
}

const struct command command_bulk = {
	.name = "bulk",
	.arguments = "top ...",
	.summary = "Campaigns under way: messages that are alike",
	.run = run,
};
