/* reevectl.c - the desk's tool: finds the subcommand and runs it */
#include <config.h>

#include "admin/admin.h"
#include "base/log.h"
#include "catalog.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const struct command *const commands[] = {
	&command_check, &command_status, &command_reload, &command_try,
	&command_records, &command_customer, &command_complaint,
	&command_case, &command_alert, &command_list, &command_limits,
	&command_bulk, &command_greylist,
	&command_incidents, &command_report, &command_audit, &command_evidence,
	&command_dkim, &command_rules, &command_relay_probe,
	&command_backup, &command_restore, &command_submit,
};

static void print_usage(FILE *out)
{
	fputs("usage: reevectl [-c FILE] [--json] COMMAND ...\n\n"
	      "  -c FILE  settings (" CATALOG_DEFAULT_FILE ")\n"
	      "  --json   one JSON object a line, for programs\n\n"
	      "Commands (reevectl COMMAND --help tells more):\n", out);
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		fprintf(out, "  %-12s %s\n", commands[i]->name,
			commands[i]->summary);
	fputs("\nExit status: 0 done, 64 usage, 65 bad data, 69 unavailable, "
	      "75 try again,\n77 not permitted, 78 bad settings. "
	      "See reevectl(8).\n", out);
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static bool is_help(const char *word)
{
	return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 ||
	       strcmp(word, "-h") == 0;
}

/* Options before the command; index of the command's name, or -1. */
static int take_options(struct admin *admin, int argc, char **argv)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && !is_help(argv[i]); i++) {
		if (strcmp(argv[i], "--json") == 0)
			admin->is_json = true;
		else if (strcmp(argv[i], "-c") == 0 && i + 1 < argc)
			admin->settings_file = argv[++i];
		else
			return -1;
	}
	return i < argc ? i : -1;
}

int main(int argc, char **argv)
{
	struct admin admin = { .groups = catalog };
	const struct command *command;
	int at, status;

	setlocale(LC_ALL, "");
	log_open(LOG_TARGET_STDERR, LOG_WARNING);
	if (access(CATALOG_DEFAULT_FILE, F_OK) == 0)
		admin.settings_file = CATALOG_DEFAULT_FILE;
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		puts("reevectl " PACKAGE_VERSION);
		return EX_OK;
	}
	at = take_options(&admin, argc, argv);
	if (at < 0) {
		print_usage(stderr);
		return EX_USAGE;
	}
	if (is_help(argv[at])) {
		print_usage(stdout);
		return EX_OK;
	}
	command = find(argv[at]);
	if (!command) {
		fprintf(stderr, "reevectl: no command \"%s\"; "
			"reevectl help lists them\n", argv[at]);
		return EX_USAGE;
	}
	admin.command = command->name;
	status = command->run(&admin, command, argc - at, argv + at);
	g_clear_pointer(&admin.settings, settings_unref);
	g_free(admin.records_from);
	return status < 0 ? EX_OK : status;
}
