#include <config.h>

#include "admin/admin.h"

#include <stdio.h>
#include <sysexits.h>

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	gboolean is_show = FALSE;
	const GOptionEntry entries[] = {
		{ "show", 's', 0, G_OPTION_ARG_NONE, &is_show,
		  "Print every setting with its value", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);

	if (status != EX_OK)
		return status;
	if (argc > 2)
		return admin_fail(self, EX_USAGE, "one FILE at most");
	if (argc == 2)
		admin->settings_file = argv[1];
	status = admin_load(admin);
	if (status != EX_OK)
		return status;
	if (is_show) {
		g_autofree char *text = settings_format(admin->settings);

		fputs(text, stdout);
	} else if (admin->is_json) {
		puts("{\"settings\":\"ok\"}");
	} else {
		printf("%s: the settings are good\n",
		       admin->settings_file ?: "(no file, presets)");
	}
	return EX_OK;
}

const struct command command_check = {
	.name = "check",
	.arguments = "[FILE]",
	.summary = "Check the settings, or show them all",
	.examples = "  reevectl check\n"
		    "  reevectl check /tmp/new.conf\n"
		    "  reevectl check --show | less\n",
	.run = run,
};
