#include <config.h>

#include "admin/limitsshow.h"

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

/* One line of the tables; texts live in struct looking's arena. */
struct row {
	const struct limit *limit;
	const char *value;
	uint64_t count, most;
	int64_t ends_us, raised_until_us;
	bool is_raised;
};

struct looking {
	const struct limitsshow_query *query;
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
	struct looking *on = context;
	const struct limitsshow_query *query = on->query;
	const char *name, *value;
	struct row row = { .count = seen->count, .ends_us = seen->ends_us };

	if (!limitkey_split(seen->key.bytes, &on->arena, &name, &value))
		return;
	row.limit = limit_settings_find(query->admin->settings, name);
	row.value = value;
	if (!row.limit || seen->key.window_s != row.limit->window_s ||
	    (query->limit && strcmp(query->limit, name) != 0) ||
	    (query->key && !has_key(value, query->key)))
		return;
	row.most = row.limit->most;
	g_array_append_val(on->rows, row);
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

static void print_rows(const struct looking *on, guint most)
{
	bool is_json = on->query->admin->is_json;
	static const char *const titles[] = {
		"limit", "key", "count", "most", "all over at", "terms", NULL,
	};
	struct table *table = table_new(titles);

	for (guint i = 0; i < MIN(on->rows->len, most); i++) {
		const struct row *row = &g_array_index(on->rows, struct row,
						       i);

		if (is_json)
			print_json(row);
		else
			add_row(table, row);
	}
	if (!is_json)
		table_print(table);
	table_free(table);
}

/* What operators made of limits, also of keys that count nothing now. */
struct listing {
	const struct limitsshow_query *query;
	struct table *table;
	bool is_any;
};

/* In bytes, where bytes are counted. */
static uint64_t raised_to(const struct limitsshow_query *query,
			  const struct exemption *exemption)
{
	const struct limit *limit = limit_settings_find(
		query->admin->settings, exemption->limit);

	return limit ? in_units(limit, exemption->most) : exemption->most;
}

static void list_json(const struct limitsshow_query *query,
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
	const struct limitsshow_query *query = listing->query;
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

static void print_exceptions(const struct limitsshow_query *query,
			     struct state *state)
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

static int look(struct looking *on, struct state *state,
		const struct command *self)
{
	g_autoptr(GError) why = NULL;

	if (!countsnapshot_each(state, STATE_COUNTS, clock_now_us(), see, on,
				&why))
		return admin_fail_store(self, why);
	for (guint i = 0; i < on->rows->len; i++) {
		struct row *row = &g_array_index(on->rows, struct row, i);

		lift(row, state, row->limit->name, &on->arena);
		lift(row, state, EXEMPTION_ALL, &on->arena);
	}
	g_array_sort(on->rows, fuller_first);
	return EX_OK;
}

int limitsshow_print(const struct limitsshow_query *query,
		     const struct command *self, guint most)
{
	struct looking on = { .query = query };
	int status = EX_OK;
	struct state *state = desk_open(query->admin, self, &status);

	if (!state)
		return status;
	arena_init(&on.arena);
	on.rows = g_array_new(FALSE, FALSE, sizeof(struct row));
	status = look(&on, state, self);
	if (status == EX_OK)
		print_rows(&on, most);
	if (status == EX_OK && query->is_with_exceptions)
		print_exceptions(query, state);
	g_array_unref(on.rows);
	arena_release(&on.arena);
	state_close(&state);
	return status;
}
