/* mailreeve.c - the daemon: options in, exit status out */
#include <config.h>

#include "catalog.h"
#include "content/contentcheck.h"
#include "session/daemon.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

static const char usage[] =
	"usage: mailreeve [-f] [-c FILE] [-t]\n"
	"  -c FILE  settings (" CATALOG_DEFAULT_FILE ")\n"
	"  -f       stay in the foreground, log to standard error\n"
	"  -t       check the settings and exit: 0, or 78 and file:line: what\n"
	"  -V       print the version\n"
	"See mailreeve(8).\n";

/* The presets do when nobody named a file and there is none. */
static const char *choose_file(const char *given)
{
	if (given)
		return given;
	return access(CATALOG_DEFAULT_FILE, F_OK) == 0 ?
	       CATALOG_DEFAULT_FILE : NULL;
}

static int check(const char *file)
{
	g_autoptr(GError) why = NULL;
	struct settings *settings = settings_load(file, catalog, &why);
	int status = EX_OK;

	if (!settings || !contentcheck_load(settings, &why)) {
		fprintf(stderr, "%s\n", why->message);
		status = EX_CONFIG;
	}
	settings_unref(settings);
	return status;
}

int main(int argc, char **argv)
{
	struct daemon_options options = { .groups = catalog };
	const char *given = NULL;
	bool is_check = false;
	int option;

	while ((option = getopt(argc, argv, "c:fthV")) != -1)
		switch (option) {
		case 'c':
			given = optarg;
			break;
		case 'f':
			options.is_foreground = true;
			break;
		case 't':
			is_check = true;
			break;
		case 'V':
			puts("mailreeve " PACKAGE_VERSION);
			return EX_OK;
		case 'h':
			fputs(usage, stdout);
			return EX_OK;
		default:
			fputs(usage, stderr);
			return EX_USAGE;
		}
	if (optind < argc) {
		fputs(usage, stderr);
		return EX_USAGE;
	}
	options.settings_file = choose_file(given);
	return is_check ? check(options.settings_file) : daemon_run(&options);
}
