#include <config.h>

#include "admin/admin.h"

#include "admin/statusqueues.h"
#include "admin/statusrecords.h"
#include "base/clock.h"
#include "base/pidfile.h"
#include "settings/global.h"

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

/* Only where there were any. */
static void add_alerts(struct table *table, const json_t *alerts)
{
	int64_t lost = number(alerts, "given_up") + number(alerts, "dropped");
	int64_t waiting = number(alerts, "waiting");

	if (!lost && !waiting && !number(alerts, "delivered"))
		return;
	table_add(table, TABLE_PLAIN, "alerts");
	table_add(table, lost ? TABLE_BAD : TABLE_PLAIN, "%" PRId64
		  " delivered, %" PRId64 " wait, %" PRId64 " were lost",
		  number(alerts, "delivered"), waiting, lost);
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
	statusrecords_print(table, records);
	statusqueues_print(table, status);
	add_content(table, json_object_get(status, "content"));
	add_dns_lists(table, json_object_get(status, "dns_lists"));
	add_alerts(table, json_object_get(status, "alerts"));
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
	statusrecords_take(admin, json_object_get(status, "records"));
	statusqueues_take(admin, status);
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

/* The daemon says in its status file how the reload ended: with many rules that
 * are new to it this takes seconds. */
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
				  "no daemon runs on %s", global_settings_of(
					  admin->settings)->state_dir);
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
