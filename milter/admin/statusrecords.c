#include <config.h>

#include "admin/statusrecords.h"

#include "settings/global.h"
#include "store/day.h"
#include "store/daycheck.h"
#include "store/sealkey.h"
#include "store/space.h"
#include "store/storesettings.h"

#include <inttypes.h>
#include <string.h>

static int64_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "-";
}

static void take_disk(const struct store_settings *store,
		      const struct diskuse *disk, json_t *records)
{
	enum diskuse_level level = diskuse_level(disk, store, DISKUSE_FINE);

	json_object_set_new(records, "disk_free_bytes",
			    json_integer((json_int_t)disk->free_bytes));
	json_object_set_new(records, "disk_bytes", json_integer(
		(json_int_t)(disk->used_bytes + disk->free_bytes)));
	json_object_set_new(records, "disk_percent",
			    json_integer(diskuse_percent(disk)));
	json_object_set_new(records, "disk_warning",
			    json_integer(store->disk_warning_percent));
	json_object_set_new(records, "disk_limit",
			    json_integer(store->disk_limit_percent));
	json_object_set_new(records, "disk_level",
			    json_string(diskuse_level_word(level)));
}

/* Of the days' files, at first sight. */
static void take_problems(const char *dir, json_t *records)
{
	g_autoptr(GArray) days = day_list(dir, NULL);
	json_t *all = json_array();

	for (guint i = 0; days && i < days->len; i++) {
		int64_t day = g_array_index(days, int64_t, i);
		const char *problem = daycheck_problem(dir, day);
		char text[DAY_TEXT_MAX];

		if (problem)
			json_array_append_new(all, json_pack("{s:s, s:s}",
				"day", day_format(day, text), "problem",
				problem));
	}
	json_object_set_new(records, "bad_days", all);
}

/* From the files, so that it holds without a daemon, too. */
static void take_space(const struct admin *admin, json_t *records)
{
	const struct global_settings *global =
		global_settings_of(admin->settings);
	g_autofree char *dir = g_build_filename(global->state_dir, "records", NULL);
	struct state *state = state_open(global->state_dir, STATE_EXISTING,
					 NULL);
	struct space space;
	char day[DAY_TEXT_MAX];

	if (!space_of_records(dir, store_settings_of(admin->settings)->keep_ms,
			      state, &space, NULL))
		space.days = 0;
	state_close(&state);
	if (!space.days)
		return;
	json_object_set_new(records, "days", json_integer(space.days));
	json_object_set_new(records, "days_on_hold",
			    json_integer(space.held_days));
	json_object_set_new(records, "days_partly_on_hold",
			    json_integer(space.thinned_days));
	take_problems(dir, records);
	json_object_set_new(records, "oldest", json_string(
		day_format(space.oldest_day, day)));
	json_object_set_new(records, "bytes",
			    json_integer((json_int_t)space.bytes));
	json_object_set_new(records, "newest_bytes",
			    json_integer((json_int_t)space.newest_bytes));
	take_disk(store_settings_of(admin->settings), &space.disk, records);
	if (!space.has_next)
		return;
	json_object_set_new(records, "expires", json_string(
		day_format(space.next_day, day)));
	json_object_set_new(records, "expires_us", json_integer(space.next_us));
}

static void add_space(struct table *table, const json_t *records)
{
	g_autofree char *all = g_format_size_full(
		(guint64)number(records, "bytes"), G_FORMAT_SIZE_IEC_UNITS);
	g_autofree char *newest = g_format_size_full(
		(guint64)number(records, "newest_bytes"),
		G_FORMAT_SIZE_IEC_UNITS);
	g_autofree char *left = g_format_size_full(
		(guint64)number(records, "disk_free_bytes"),
		G_FORMAT_SIZE_IEC_UNITS);
	g_autofree char *when = admin_format_time(
		number(records, "expires_us"));
	g_autofree char *partly = number(records, "days_partly_on_hold") ?
		g_strdup_printf(", %" PRId64 " in part", number(
			records, "days_partly_on_hold")) : NULL;

	if (!json_object_get(records, "days"))
		return;
	table_add(table, TABLE_PLAIN, "records on disk");
	table_add(table, TABLE_PLAIN, "%" PRId64 " days since %s, %" PRId64
		  " on hold%s; %s, the newest day %s; %s free",
		  number(records, "days"), text(records, "oldest"),
		  number(records, "days_on_hold"), partly ? partly : "", all,
		  newest, left);
	if (!json_object_get(records, "expires"))
		return;
	table_add(table, TABLE_PLAIN, "records go next");
	table_add(table, TABLE_PLAIN, "%s, at %s", text(records, "expires"),
		  when);
}

/* has_room is the daemon's: one of an older version does not say. */
static void add_disk(struct table *table, const json_t *records)
{
	bool is_full = json_is_false(json_object_get(records, "has_room"));
	bool is_fine = !is_full &&
		       strcmp(text(records, "disk_level"), "fine") == 0;

	if (!json_object_get(records, "disk_percent"))
		return;
	table_add(table, TABLE_PLAIN, "disk of records");
	table_add(table, is_fine ? TABLE_GOOD : TABLE_BAD,
		  "%s%" PRId64 "%% in use%s; warning at %" PRId64 "%%, limit "
		  "at %" PRId64 "%%", is_fine ? "" : "NEARLY FULL: ",
		  number(records, "disk_percent"),
		  is_full ? ": NO ROOM FOR MORE MAIL" : "",
		  number(records, "disk_warning"),
		  number(records, "disk_limit"));
	if (!number(records, "days_dropped"))
		return;
	table_add(table, TABLE_PLAIN, "days dropped");
	table_add(table, TABLE_BAD, "%" PRId64 " before their term was over, "
		  "since the start: see reevectl audit list",
		  number(records, "days_dropped"));
}

static void add_problems(struct table *table, const json_t *bad_days)
{
	g_autoptr(GString) all = g_string_new(NULL);
	size_t i;
	json_t *one;

	json_array_foreach(bad_days, i, one)
		g_string_append_printf(all, "%s%s %s", i ? ", " : "",
				       text(one, "day"), text(one, "problem"));
	if (!all->len)
		return;
	table_add(table, TABLE_PLAIN, "days damaged");
	table_add(table, TABLE_BAD, "%zu: %s (reevectl records verify; "
		  "restore)", json_array_size(bad_days), all->str);
}

static void add_clock(struct table *table, const json_t *records)
{
	if (!json_object_get(records, "ahead_day"))
		return;
	table_add(table, TABLE_PLAIN, "records go to");
	table_add(table, TABLE_BAD, "%s, a day to come: the clock was ahead, "
		  "or is wrong now", text(records, "ahead_day"));
}

/* That somebody else may note it. */
static void take_seal_key(const struct admin *admin, json_t *records)
{
	g_autofree char *key = sealkey_read_public(
		global_settings_of(admin->settings)->state_dir, NULL);

	if (key)
		json_object_set_new(records, "seal_key", json_string(key));
}

void statusrecords_take(const struct admin *admin, json_t *records)
{
	take_space(admin, records);
	take_seal_key(admin, records);
}

void statusrecords_print(struct table *table, const json_t *records)
{
	add_clock(table, records);
	add_space(table, records);
	add_problems(table, json_object_get(records, "bad_days"));
	if (json_object_get(records, "seal_key")) {
		table_add(table, TABLE_PLAIN, "seal key");
		table_add(table, TABLE_PLAIN, "%s", text(records, "seal_key"));
	}
	add_disk(table, records);
}
