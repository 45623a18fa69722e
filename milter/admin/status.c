#include <config.h>

#include "admin/admin.h"

#include "admin/table.h"
#include "base/clock.h"
#include "base/pidfile.h"
#include "settings/global.h"
#include "store/day.h"
#include "store/sealkey.h"
#include "store/space.h"
#include "store/storesettings.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define RELOAD_WAIT_US (10 * G_USEC_PER_SEC)
#define RELOAD_LONGEST_US (180 * G_USEC_PER_SEC)

static char *in_state_dir(const struct admin *admin, const char *name)
{
	return g_build_filename(
		global_settings_of(admin->settings)->state_dir, name, NULL);
}

static pid_t daemon_pid(const struct admin *admin)
{
	g_autofree char *path = in_state_dir(admin, GLOBAL_PID_FILE);

	return pidfile_owner(path);
}

/* NULL when the daemon never ran here, or the file is not readable. */
static json_t *read_status(const struct admin *admin)
{
	g_autofree char *path = in_state_dir(admin, GLOBAL_STATUS_FILE);

	return json_load_file(path, 0, NULL);
}

static int64_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "-";
}

static void row(struct table *table, const char *name, const char *value)
{
	table_add(table, TABLE_PLAIN, "%s", name);
	table_add(table, TABLE_PLAIN, "%s", value);
}

static void add_left_out(struct table *table, const json_t *names)
{
	g_autoptr(GString) all = g_string_new(NULL);
	size_t i;
	json_t *name;

	json_array_foreach(names, i, name)
		g_string_append_printf(all, "%s%s", i ? ", " : "",
				       json_string_value(name));
	if (!all->len)
		return;
	table_add(table, TABLE_PLAIN, "rules left out");
	table_add(table, TABLE_BAD, "%s: run into limits too often", all->str);
}

static void add_rules(struct table *table, const json_t *rules)
{
	g_autofree char *read = admin_format_time(number(rules, "read_us"));

	table_add(table, TABLE_PLAIN, "content rules");
	table_add(table, TABLE_PLAIN, "%" PRId64 " of %" PRId64 " run, "
		  "%" PRId64 " not supported, from %" PRId64 " files, %s",
		  number(rules, "run"), number(rules, "rules"),
		  number(rules, "not_supported"), number(rules, "files"),
		  json_is_true(json_object_get(rules, "one_pass")) ?
		  "in one pass" : "one by one");
	row(table, "rules read", read);
	add_left_out(table, json_object_get(rules, "left_out"));
}

static void add_clamd(struct table *table, const json_t *clamd)
{
	bool is_bad = strcmp(text(clamd, "state"), "failed") == 0;
	g_autofree char *asked = admin_format_time(number(clamd, "asked_us"));

	table_add(table, TABLE_PLAIN, "clamd");
	if (!number(clamd, "asked_us"))
		table_add(table, TABLE_PLAIN, "%s: not asked yet",
			  text(clamd, "socket"));
	else
		table_add(table, is_bad ? TABLE_BAD : TABLE_GOOD,
			  "%s: %s%s, %s", text(clamd, "socket"),
			  is_bad ? "FAILED: " : "answered",
			  is_bad ? text(clamd, "why") : "", asked);
}

static void add_content(struct table *table, const json_t *content)
{
	const json_t *keywords = json_object_get(content, "keywords");
	size_t i;
	json_t *clamd;

	/* A daemon of an older version says nothing of it. */
	if (!content)
		return;
	add_rules(table, json_object_get(content, "rules"));
	if (number(keywords, "lists")) {
		table_add(table, TABLE_PLAIN, "keyword lists");
		table_add(table, TABLE_PLAIN, "%" PRId64 " with %" PRId64
			  " phrases", number(keywords, "lists"),
			  number(keywords, "phrases"));
	}
	json_array_foreach(json_object_get(content, "clamd"), i, clamd)
		add_clamd(table, clamd);
}

static void add_dns_lists(struct table *table, const json_t *lists)
{
	size_t i;
	json_t *list;

	json_array_foreach(lists, i, list) {
		const char *trouble = text(list, "trouble");

		table_add(table, TABLE_PLAIN, "dns list");
		table_add(table, *trouble ? TABLE_BAD : TABLE_GOOD, "%s: %s%s",
			  text(list, "zone"), *trouble ? "NOT USED: " :
			  "answers", trouble);
	}
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

/* From the files, so that it holds without a daemon, too. */
static void take_space(const struct admin *admin, json_t *records)
{
	const struct global_settings *global =
		global_settings_of(admin->settings);
	g_autofree char *dir = in_state_dir(admin, "records");
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

	if (!json_object_get(records, "days"))
		return;
	table_add(table, TABLE_PLAIN, "records on disk");
	table_add(table, TABLE_PLAIN, "%" JSON_INTEGER_FORMAT " days since %s, "
		  "%" JSON_INTEGER_FORMAT " on hold; %s, the newest day %s; %s "
		  "free", (json_int_t)number(records, "days"),
		  text(records, "oldest"),
		  (json_int_t)number(records, "days_on_hold"), all, newest,
		  left);
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

static void print_people(const json_t *status, pid_t pid)
{
	static const char *const titles[] = { "what", "value", NULL };
	struct table *table = table_new(titles);
	json_t *records = json_object_get(status, "records");
	bool is_well = json_is_true(json_object_get(records, "healthy"));
	g_autofree char *began = admin_format_time(number(status, "began_us"));
	g_autofree char *read = admin_format_time(
		number(status, "settings_read_us"));
	const char *key;
	json_t *value;

	table_add(table, TABLE_PLAIN, "daemon");
	if (pid)
		table_add(table, TABLE_GOOD, "runs as process %ld, version %s",
			  (long)pid, text(status, "version"));
	else
		table_add(table, TABLE_BAD, "does not run");
	row(table, "listens on", text(status, "listen"));
	row(table, "mode", text(status, "mode"));
	row(table, "started", began);
	row(table, "settings read", read);
	if (json_is_true(json_object_get(status, "reloading")))
		row(table, "reload", "under way");
	if (json_object_get(status, "reload_error"))
		row(table, "last reload failed", text(status, "reload_error"));
	table_add(table, TABLE_PLAIN, "records");
	table_add(table, is_well ? TABLE_GOOD : TABLE_BAD, "%s%s",
		  is_well ? "written" : "CANNOT BE WRITTEN: ",
		  is_well ? "" : text(records, "error"));
	add_clock(table, records);
	add_space(table, records);
	if (json_object_get(records, "seal_key"))
		row(table, "seal key", text(records, "seal_key"));
	add_disk(table, records);
	add_content(table, json_object_get(status, "content"));
	add_dns_lists(table, json_object_get(status, "dns_lists"));
	json_object_foreach(json_object_get(status, "counters"), key, value) {
		table_add(table, TABLE_PLAIN, "%s", key);
		table_add(table, TABLE_PLAIN, "%" JSON_INTEGER_FORMAT,
			  json_integer_value(value));
	}
	table_print(table);
	table_free(table);
}

static int run_status(struct admin *admin, const struct command *self,
		      int argc, char **argv)
{
	int exit_status = admin_parse(self, NULL, &argc, &argv);
	json_t *status;
	pid_t pid;

	if (exit_status == EX_OK)
		exit_status = admin_take_no_words(self, argc, argv);
	if (exit_status == EX_OK)
		exit_status = admin_load(admin);
	if (exit_status != EX_OK)
		return exit_status;
	pid = daemon_pid(admin);
	status = read_status(admin);
	if (!status)
		return admin_fail(self, EX_UNAVAILABLE,
			"no daemon has run on %s (or it cannot be read; "
			"try sudo -u %s reevectl status)",
			global_settings_of(admin->settings)->state_dir,
			global_settings_of(admin->settings)->user);
	json_object_set_new(status, "running", json_boolean(pid != 0));
	take_space(admin, json_object_get(status, "records"));
	take_seal_key(admin, json_object_get(status, "records"));
	if (admin->is_json) {
		json_dumpf(status, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		print_people(status, pid);
	}
	json_decref(status);
	return pid ? EX_OK : EX_UNAVAILABLE;
}

/* Reloads that have ended; whether one is under way. */
static int64_t reloads_of(const struct admin *admin, bool *is_busy_out)
{
	json_t *status = read_status(admin);
	int64_t count = number(status, "reloads") +
			number(status, "reload_failures");

	*is_busy_out = json_is_true(json_object_get(status, "reloading"));
	json_decref(status);
	return count;
}

/* The daemon says in its status file how the reload ended: with many rules that are
 * new to it this takes seconds. */
static int wait_for_reload(const struct admin *admin,
			   const struct command *self, int64_t wanted)
{
	int64_t began_us = clock_monotonic_us();
	bool is_busy;

	while (reloads_of(admin, &is_busy) < wanted) {
		int64_t spent_us = clock_monotonic_us() - began_us;

		if (spent_us > (is_busy ? RELOAD_LONGEST_US : RELOAD_WAIT_US))
			return admin_fail(self, EX_TEMPFAIL,
				"asked, but the daemon has not said in %d s "
				"how it went; see its log",
				(int)(spent_us / G_USEC_PER_SEC));
		g_usleep(50000);
	}
	json_t *status = read_status(admin);
	bool is_failed = json_object_get(status, "reload_error") != NULL;
	g_autofree char *why = g_strdup(text(status, "reload_error"));

	json_decref(status);
	if (is_failed)
		return admin_fail(self, EX_CONFIG,
				  "%s; the old settings stay", why);
	puts(admin->is_json ? "{\"reload\":\"ok\"}" : "reloaded");
	return EX_OK;
}

static int run_reload(struct admin *admin, const struct command *self,
		      int argc, char **argv)
{
	int status = admin_parse(self, NULL, &argc, &argv);
	int64_t before;
	bool is_busy;
	pid_t pid;

	if (status == EX_OK)
		status = admin_take_no_words(self, argc, argv);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status != EX_OK)
		return status;
	pid = daemon_pid(admin);
	if (!pid)
		return admin_fail(self, EX_UNAVAILABLE,
				  "no daemon runs on %s",
				  global_settings_of(admin->settings)->state_dir);
	before = reloads_of(admin, &is_busy);
	if (kill(pid, SIGUSR1) != 0)
		return admin_fail(self, EX_NOPERM, "process %ld: %s",
				  (long)pid, g_strerror(errno));
	/* That which is under way may have read before the last change. */
	return wait_for_reload(admin, self, before + 1 + is_busy);
}

const struct command command_status = {
	.name = "status",
	.arguments = "",
	.summary = "Show whether the daemon runs, and its figures",
	.examples = "  reevectl status\n"
		    "  reevectl --json status | jq .counters\n",
	.run = run_status,
};

const struct command command_reload = {
	.name = "reload",
	.arguments = "",
	.summary = "Have the daemon read its settings anew, drop no session",
	.examples = "  reevectl reload\n",
	.run = run_reload,
};
