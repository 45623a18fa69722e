#include <config.h>

#include "admin/recordsdays.h"

#include "admin/table.h"
#include "base/clock.h"
#include "settings/global.h"
#include "store/day.h"
#include "store/holds.h"
#include "store/segment.h"
#include "store/space.h"
#include "store/storeerror.h"
#include "store/storesettings.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <sysexits.h>

/* The holds, to name those that keep a day. */
struct named_range {
	char *name;
	struct day_range range;
};

struct listing {
	const struct admin *admin;
	const struct command *self;
	char *dir;			/* state_dir/records */
	GArray *holds;			/* of struct named_range */
	struct table *table;
	uint64_t records, bytes;	/* of all days */
	int status;
};

struct day_row {
	const struct space_day *day;
	bool is_newest, is_read;
	struct segment_facts facts;	/* when it could be read */
	int64_t expires_us;
};

static void free_range(gpointer memory)
{
	g_free(((struct named_range *)memory)->name);
}

static void take_hold(const struct hold *hold, void *context)
{
	struct named_range one = {
		g_strdup(hold->name), { hold->since_day, hold->until_day },
	};

	g_array_append_val(context, one);
}

static GPtrArray *names_of(const struct listing *listing, int64_t day)
{
	GPtrArray *names = g_ptr_array_new();

	for (guint i = 0; i < listing->holds->len; i++) {
		const struct named_range *one = &g_array_index(
			listing->holds, struct named_range, i);

		if (day >= one->range.since && day <= one->range.until)
			g_ptr_array_add(names, one->name);
	}
	return names;
}

/* A day that has no seal, though another began, waits for its own. */
static const char *state_of(const struct day_row *row)
{
	return row->day->is_sealed ? "sealed" :
	       row->facts.is_sealed ? "seal lost" :
	       row->is_newest ? "open" : "closed";
}

static void print_json(const struct day_row *row, const char *day,
		       const GPtrArray *names)
{
	json_t *holds = json_array();
	json_t *object;

	for (guint i = 0; i < names->len; i++)
		json_array_append_new(holds, json_string(
			g_ptr_array_index(names, i)));
	object = json_pack("{s:s, s:I, s:s, s:o}", "day", day, "bytes",
			   (json_int_t)row->day->bytes, "state", state_of(row),
			   "holds", holds);
	if (!object)
		return;
	if (row->is_read)
		json_object_set_new(object, "records",
				    json_integer((json_int_t)row->facts.count));
	if (row->day->is_held && !row->day->is_wholly_held)
		json_object_set_new(object, "held_in_part", json_true());
	if (!row->day->is_wholly_held)
		json_object_set_new(object, "expires_us",
				    json_integer(row->expires_us));
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void add_number(struct table *table, bool is_known, uint64_t value)
{
	if (is_known)
		table_add(table, TABLE_PLAIN, "%" PRIu64, value);
	else
		table_add(table, TABLE_BAD, "?");
}

static void add_size(struct table *table, uint64_t bytes)
{
	g_autofree char *size = g_format_size_full(bytes,
						   G_FORMAT_SIZE_IEC_UNITS);

	table_add(table, TABLE_PLAIN, "%s", size);
}

static void add_row(struct table *table, const struct day_row *row,
		    const char *day, GPtrArray *names)
{
	g_autofree char *expires = admin_format_time(row->expires_us);
	g_autofree char *holds = NULL;
	bool is_part = row->day->is_held && !row->day->is_wholly_held;
	g_autofree char *all = NULL;

	g_ptr_array_add(names, NULL);
	all = g_strjoinv(", ", (char **)names->pdata);
	holds = g_strconcat(all, is_part ? " (in part)" : NULL, NULL);
	table_add(table, TABLE_PLAIN, "%s", day);
	add_number(table, row->is_read, row->facts.count);
	add_size(table, row->day->bytes);
	table_add(table, row->facts.is_sealed && !row->day->is_sealed ?
		  TABLE_BAD : TABLE_PLAIN, "%s", state_of(row));
	table_add(table, TABLE_PLAIN, "%s", row->day->is_wholly_held ? "" :
		  expires);
	table_add(table, TABLE_PLAIN, "%s", holds);
}

/* One that expired meanwhile is no failure. */
static bool read_facts(struct listing *listing, int64_t day,
		       struct segment_facts *facts)
{
	g_autofree char *path = day_path(listing->dir, day);
	g_autoptr(GError) why = NULL;
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, &why);
	bool is_read = segment && segment_facts(segment, facts, &why);

	segment_close(&segment);
	if (!is_read && g_file_test(path, G_FILE_TEST_EXISTS))
		listing->status = admin_fail(listing->self, EX_DATAERR, "%s",
					     why->message);
	return is_read;
}

static void list_day(struct listing *listing, const struct space_day *day,
		     bool is_newest)
{
	const struct store_settings *store = store_settings_of(
		listing->admin->settings);
	g_autoptr(GPtrArray) names = names_of(listing, day->day);
	struct day_row row = {
		.day = day, .is_newest = is_newest,
		.expires_us = day_begin_us(day->day + 1) +
			      store->keep_ms * 1000,
	};
	char text[DAY_TEXT_MAX];

	row.is_read = read_facts(listing, day->day, &row.facts);
	listing->records += row.facts.count;
	listing->bytes += day->bytes;
	day_format(day->day, text);
	if (listing->admin->is_json)
		print_json(&row, text, names);
	else
		add_row(listing->table, &row, text, names);
}

static void list_days(struct listing *listing, const GArray *days)
{
	static const char *const titles[] = {
		"day", "records", "size", "state", "goes", "on hold for", NULL,
	};

	listing->table = table_new(titles);
	for (guint i = 0; i < days->len; i++)
		list_day(listing, &g_array_index(days, struct space_day, i),
			 i + 1 == days->len);
	table_add(listing->table, TABLE_PLAIN, "all");
	add_number(listing->table, true, listing->records);
	add_size(listing->table, listing->bytes);
	for (int i = 0; i < 3; i++)
		table_add(listing->table, TABLE_PLAIN, "%s", "");
	if (!listing->admin->is_json)
		table_print(listing->table);
	table_free(listing->table);
}

/* NULL with error. Without a state there are no holds. */
static GArray *read_days(const char *state_dir, const char *dir, GArray *holds,
			 GError **error)
{
	g_autoptr(GError) why = NULL;
	struct state *state = state_open(state_dir, STATE_EXISTING, &why);
	GArray *days = NULL;

	if (state ? holds_each(state, take_hold, holds, &why) :
	    g_error_matches(why, STORE_ERROR, STORE_ERROR_MISSING))
		days = space_days(dir, state, error);
	else
		g_propagate_error(error, g_steal_pointer(&why));
	state_close(&state);
	return days;
}

static int list(const struct admin *admin, const struct command *self)
{
	const char *state_dir = global_settings_of(admin->settings)->state_dir;
	g_autofree char *dir = g_build_filename(state_dir, "records", NULL);
	g_autoptr(GArray) holds = g_array_new(FALSE, FALSE,
					      sizeof(struct named_range));
	g_autoptr(GArray) days = NULL;
	g_autoptr(GError) why = NULL;
	struct listing listing = { .admin = admin, .self = self, .dir = dir,
				   .holds = holds };

	g_array_set_clear_func(holds, free_range);
	days = read_days(state_dir, dir, holds, &why);
	if (!days)
		return admin_fail(self, EX_UNAVAILABLE, "%s", why->message);
	list_days(&listing, days);
	return listing.status;
}

int recordsdays_run(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	const GOptionEntry entries[] = {
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object a line", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK)
		status = admin_take_no_words(self, argc, argv);
	if (status == EX_OK)
		status = admin_load(admin);
	return status == EX_OK ? list(admin, self) : status;
}
