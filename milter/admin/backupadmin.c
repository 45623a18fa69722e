#include <config.h>

#include "admin/admin.h"

#include "admin/auditlog.h"
#include "admin/table.h"
#include "settings/global.h"
#include "store/backup.h"
#include "store/backuplist.h"
#include "store/hex.h"
#include "store/restore.h"
#include "store/storesettings.h"

#include <inttypes.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static void print_json(json_t *object)
{
	if (!object)
		return;
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void print_made(const struct admin *admin, const char *dir,
		       const struct backup_result *made)
{
	g_autofree char *all = g_format_size(made->bytes);
	g_autofree char *new = g_format_size(made->copied_bytes);
	g_autofree char *path = g_build_filename(dir, made->name, NULL);
	g_autofree char *head = hex_format(made->head.sha256,
					   RECORD_HASH_BYTES);

	if (admin->is_json)
		print_json(json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:i, s:I, "
			"s:s}", "name", made->name, "path", path, "files",
			(json_int_t)made->files, "bytes",
			(json_int_t)made->bytes, "copied",
			(json_int_t)made->copied, "copied_bytes",
			(json_int_t)made->copied_bytes, "removed",
			(int)made->removed, "sequence",
			(json_int_t)made->head.sequence, "head",
			head));
	else
		printf("%s: %" PRIu64 " files, %s, up to record %" PRIu64
		       "; %" PRIu64 " of them, %s, are new or changed\n", path,
		       made->files, all, made->head.sequence, made->copied,
		       new);
	if (!admin->is_json && made->removed)
		printf("%u old ones were removed\n", made->removed);
}

/* Root has become the owner of the state by now. */
static void tell_who_writes(const struct command *self, const char *dir)
{
	const struct passwd *user = getpwuid(geteuid());

	if (access(dir, W_OK | X_OK) != 0)
		fprintf(stderr, "reevectl %s: make a folder %s that belongs to "
			"%s, the owner of the state directory\n", self->name,
			dir, user ? user->pw_name : "who is");
}

static int make(const struct admin *admin, const struct command *self,
		const char *dir, unsigned keep)
{
	const struct backup_order order = {
		.state_dir = global_settings_of(admin->settings)->state_dir,
		.dir = dir, .keep = keep,
	};
	struct backup_result made;
	g_autoptr(GError) why = NULL;
	bool is_done = backup_make(&order, &made, &why);
	int status = EX_OK;

	if (made.name)
		print_made(admin, dir, &made);
	if (!is_done) {
		status = admin_fail_store(self, why);
		tell_who_writes(self, dir);
	}
	backup_result_release(&made);
	return status;
}

static int run_make(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	g_autofree char *reason = NULL;
	int keep = 0;
	const GOptionEntry entries[] = {
		{ "keep", 0, 0, G_OPTION_ARG_INT, &keep,
		  "Then remove all but the newest so many (0: none)", "N" },
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &reason, "What for",
		  "TEXT" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && argc != 2)
		status = admin_fail(self, EX_USAGE, "one folder is needed, "
				    "that of the back-ups");
	if (status == EX_OK && keep < 0)
		status = admin_fail(self, EX_USAGE, "--keep: 1 or more, or 0 "
				    "for all");
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, argv[1], reason);
	return status == EX_OK ?
	       make(admin, self, argv[1], (unsigned)keep) : status;
}

static void print_verified(const struct admin *admin, const char *path,
			   const struct manifest *manifest,
			   const GPtrArray *problems)
{
	for (guint i = 0; i < problems->len; i++) {
		const char *what = g_ptr_array_index(problems, i);

		if (admin->is_json)
			print_json(json_pack("{s:s, s:b, s:s}", "path", path,
					     "whole", 0, "problem", what));
		else
			puts(what);
	}
	if (problems->len)
		return;
	if (admin->is_json)
		print_json(json_pack("{s:s, s:b, s:I}", "path", path, "whole",
			1, "files", (json_int_t)manifest->files->len));
	else
		printf("%s: %u files, records up to %" PRIu64 ": all there, "
		       "unchanged\n", path, manifest->files->len,
		       manifest->head.sequence);
}

static int verify_one(const struct admin *admin, const struct command *self,
		      const char *path)
{
	g_autoptr(GPtrArray) problems = NULL;
	g_autoptr(GError) why = NULL;
	struct manifest *manifest = restore_verify(path,
		store_settings_of(admin->settings)->keep_ms, &problems, &why);

	if (!manifest)
		return admin_fail_store(self, why);
	print_verified(admin, path, manifest, problems);
	manifest_free(manifest);
	return problems->len ? EX_DATAERR : EX_OK;
}

/* What is left of paths when only the newest is asked for. */
static GPtrArray *find(const struct command *self, const char *dir, bool is_all,
		       int *status_out)
{
	g_autoptr(GError) why = NULL;
	GPtrArray *paths = backuplist_find(dir, &why);

	if (!paths)
		*status_out = admin_fail_store(self, why);
	else if (!is_all)
		g_ptr_array_set_size(paths, 1);
	return paths;
}

static int run_verify(struct admin *admin, const struct command *self,
		      int argc, char **argv)
{
	g_autoptr(GPtrArray) paths = NULL;
	gboolean is_all = FALSE;
	const GOptionEntry entries[] = {
		{ "all", 0, 0, G_OPTION_ARG_NONE, &is_all,
		  "All of the folder, and not only the newest", NULL },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object a line", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv), one;

	if (status == EX_OK && argc != 2)
		status = admin_fail(self, EX_USAGE, "one back-up is needed, "
				    "or a folder of them");
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		paths = find(self, argv[1], is_all, &status);
	for (guint i = 0; paths && i < paths->len; i++) {
		one = verify_one(admin, self, g_ptr_array_index(paths, i));
		status = status == EX_OK ? one : status;
	}
	return status;
}

static int list_one(const struct admin *admin, const struct command *self,
		    const char *path, struct table *table)
{
	g_autoptr(GError) why = NULL;
	struct manifest *manifest = backuplist_manifest(path, &why);
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *size = NULL;
	uint64_t bytes = 0;

	if (!manifest)
		return admin_fail_store(self, why);
	for (guint i = 0; i < manifest->files->len; i++)
		bytes += ((const struct manifest_file *)g_ptr_array_index(
			manifest->files, i))->bytes;
	size = g_format_size(bytes);
	if (admin->is_json)
		print_json(json_pack("{s:s, s:s, s:I, s:I, s:I, s:s}", "name",
			name, "path", path, "files",
			(json_int_t)manifest->files->len, "bytes",
			(json_int_t)bytes, "sequence",
			(json_int_t)manifest->head.sequence, "program",
			manifest->program));
	table_add(table, TABLE_PLAIN, "%s", name);
	table_add(table, TABLE_PLAIN, "%u", manifest->files->len);
	table_add(table, TABLE_PLAIN, "%s", size);
	table_add(table, TABLE_PLAIN, "%" PRIu64, manifest->head.sequence);
	table_add(table, TABLE_PLAIN, "%s", manifest->program);
	manifest_free(manifest);
	return EX_OK;
}

static int run_list(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	static const char *const titles[] = {
		"back-up", "files", "size", "up to record", "made by", NULL,
	};
	g_autoptr(GPtrArray) paths = NULL;
	const GOptionEntry entries[] = {
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object a line", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv), one;
	struct table *table;

	if (status == EX_OK && argc != 2)
		status = admin_fail(self, EX_USAGE, "one folder is needed");
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		paths = find(self, argv[1], true, &status);
	if (!paths)
		return status;
	table = table_new(titles);
	for (guint i = 0; i < paths->len; i++) {
		one = list_one(admin, self, g_ptr_array_index(paths, i),
			       table);
		status = status == EX_OK ? one : status;
	}
	if (!admin->is_json)
		table_print(table);
	table_free(table);
	return status;
}

static const struct command verbs[] = {
	{
		.name = "backup verify",
		.arguments = "[OPTION...] DIR",
		.summary = "Look whether a back-up is what was written",
		.examples = "  reevectl backup verify /mnt/backup/mailreeve\n",
		.run = run_verify,
	}, {
		.name = "backup list",
		.arguments = "[--json] DIR",
		.summary = "The back-ups of a folder, newest first",
		.examples = "  reevectl backup list /mnt/backup/mailreeve\n",
		.run = run_list,
	},
};

/* A folder of such a name is written ./verify. */
static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (g_str_equal(word, "verify") || g_str_equal(word, "list"))
		return admin_run_verb(admin, self, verbs, COUNT_OF(verbs),
				      argc, argv);
	return run_make(admin, self, argc, argv);
}

const struct command command_backup = {
	.name = "backup",
	.arguments = "[OPTION...] DIR | verify ... | list ...",
	.summary = "Copy records, evidence and state while mail flows",
	.examples = "  reevectl backup --keep 14 /mnt/backup/mailreeve\n"
		    "  reevectl backup verify /mnt/backup/mailreeve\n"
		    "  reevectl backup list /mnt/backup/mailreeve\n",
	.run = run,
};
