#include <config.h>

#include "admin/admin.h"

#include "admin/auditlog.h"
#include "base/clock.h"
#include "settings/global.h"
#include "store/backuplist.h"
#include "store/day.h"
#include "store/restore.h"
#include "store/state.h"
#include "store/storesettings.h"

#include <inttypes.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

struct words {
	char *target, *day, *reason;
};

/* Whom what root restores is to belong to: whom an empty folder belongs to that
 * is there, else the daemon's user. */
static int find_owner(const struct admin *admin, const struct command *self,
		      struct restore_order *order)
{
	const char *user = global_settings_of(admin->settings)->user;
	const struct passwd *found;
	struct stat there;

	order->user = geteuid();
	order->group = getegid();
	if (geteuid() != 0)
		return EX_OK;
	if (stat(order->target, &there) == 0 && there.st_uid != 0) {
		order->user = there.st_uid;
		order->group = there.st_gid;
		return EX_OK;
	}
	found = getpwnam(user);
	if (!found)
		return admin_fail(self, EX_CONFIG, "user = \"%s\": no such "
				  "user; make it first, what is restored is "
				  "to be its own", user);
	order->user = found->pw_uid;
	order->group = found->pw_gid;
	return EX_OK;
}

/* The newest back-up, or the newest that has the day. Free it. */
static char *choose(const struct command *self, const char *dir, int64_t day,
		    int *status_out)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GPtrArray) paths = backuplist_find(dir, &why);
	g_autofree char *file = NULL;
	char text[DAY_TEXT_MAX];

	if (!paths) {
		*status_out = admin_fail_store(self, why);
		return NULL;
	}
	if (day == RESTORE_ALL_DAYS)
		return g_strdup(g_ptr_array_index(paths, 0));
	file = g_strdup_printf("records/%s.mdb", day_format(day, text));
	for (guint i = 0; i < paths->len; i++) {
		const char *path = g_ptr_array_index(paths, i);
		struct manifest *manifest = backuplist_manifest(path, NULL);
		bool is_there = manifest && manifest_find(manifest, file);

		manifest_free(manifest);
		if (is_there)
			return g_strdup(path);
	}
	*status_out = admin_fail(self, EX_DATAERR, "%s: no back-up has %s",
				 dir, text);
	return NULL;
}

static void print_restored(const struct admin *admin,
			   const struct restore_order *order,
			   const struct restore_result *result)
{
	g_autofree char *size = g_format_size(result->bytes);
	json_t *object;

	if (!admin->is_json) {
		printf("%s: %" PRIu64 " files, %s, from %s: all there, "
		       "unchanged\n", order->target, result->files, size,
		       order->backup);
		return;
	}
	object = json_pack("{s:s, s:s, s:I, s:I}", "path", order->target,
			   "backup", order->backup, "files",
			   (json_int_t)result->files, "bytes",
			   (json_int_t)result->bytes);
	if (!object)
		return;
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

/* A live state that stays knows of it, too. */
static int note_live(const struct admin *admin, const struct command *self,
		     const struct audit_entry *entry)
{
	g_autofree char *live = g_build_filename(
		global_settings_of(admin->settings)->state_dir, STATE_FILE,
		NULL);

	if (!g_file_test(live, G_FILE_TEST_EXISTS))
		return EX_OK;
	return auditlog_note(admin, self, entry->subject, entry->reason);
}

static int restore(struct admin *admin, const struct command *self,
		   const char *dir, const struct words *words, int64_t day)
{
	g_autofree char *operator_name = admin_operator();
	const struct audit_entry entry = {
		.when_us = clock_now_us(), .operator_name = operator_name,
		.action = self->name, .subject = dir,
		.reason = words->reason ? words->reason : "",
	};
	struct restore_order order = {
		.target = words->target ? words->target :
			global_settings_of(admin->settings)->state_dir,
		.day = day, .audit = &entry,
		.keep_ms = store_settings_of(admin->settings)->keep_ms,
	};
	int status = find_owner(admin, self, &order);
	g_autofree char *backup = status == EX_OK ?
		choose(self, dir, day, &status) : NULL;
	struct restore_result result;
	g_autoptr(GError) why = NULL;

	if (status == EX_OK)
		status = note_live(admin, self, &entry);
	if (status != EX_OK)
		return status;
	order.backup = backup;
	if (!restore_run(&order, &result, &why))
		return admin_fail_store(self, why);
	print_restored(admin, &order, &result);
	return EX_OK;
}

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	struct words words = { .target = NULL };
	int64_t day = RESTORE_ALL_DAYS;
	const GOptionEntry entries[] = {
		{ "state-dir", 0, 0, G_OPTION_ARG_FILENAME, &words.target,
		  "To this folder (state_dir of the settings)", "DIR" },
		{ "day", 0, 0, G_OPTION_ARG_STRING, &words.day,
		  "Only the records of this day, to look at them", "DAY" },
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &words.reason,
		  "What for", "TEXT" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && argc != 2)
		status = admin_fail(self, EX_USAGE, "one back-up is needed, "
				    "or a folder of them");
	if (status == EX_OK)
		status = admin_take_day(self, "--day", words.day, &day);
	if (status == EX_OK && words.day && !words.target)
		status = admin_fail(self, EX_USAGE, "--day needs --state-dir: "
				    "a day alone is no state for the daemon");
	if (status == EX_OK)
		status = admin_load_settings(admin);
	if (status == EX_OK)
		status = restore(admin, self, argv[1], &words, day);
	g_free(words.target);
	g_free(words.day);
	g_free(words.reason);
	return status;
}

const struct command command_restore = {
	.name = "restore",
	.arguments = "[OPTION...] DIR",
	.summary = "Make a state directory from a back-up",
	.examples = "  reevectl restore /mnt/backup/mailreeve\n"
		    "  reevectl restore --day 2026-11-03 --state-dir "
		    "/tmp/old /mnt/backup/mailreeve\n"
		    "  reevectl records search --state-dir /tmp/old --from "
		    "alice@example.org\n",
	.run = run,
};
