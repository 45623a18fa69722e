#include <config.h>

#include "admin/admin.h"

#include "admin/dmarcadmin.h"
#include "admin/reportabuse.h"
#include "admin/reportauthority.h"
#include "admin/reportmonthly.h"
#include "admin/reportusers.h"

static const struct command verbs[] = {
	{
		.name = "report abuse",
		.arguments = "[OPTION...] RECORD...|CASE",
		.summary = "A report about messages, for those whom they came "
			   "from",
		.examples = "  reevectl report abuse 0K2V9PB1XG4ZQ --to "
			    "abuse@example.net\n"
			    "  reevectl report abuse --redact 2026-0001 --to "
			    "abuse@example.net --dry-run\n"
			    "  reevectl report abuse --format xarf "
			    "0K2V9PB1XG4ZQ >report.json\n",
		.run = reportabuse_run,
	}, {
		.name = "report authority",
		.arguments = "[OPTION...] CASE",
		.summary = "All about a case: what, who, when, with proofs",
		.examples = "  reevectl report authority 2026-0001\n"
			    "  reevectl report authority --format zip -o "
			    "case.zip 2026-0001\n"
			    "  reevectl report authority --to "
			    "police@example.gov --done 2026-0001\n",
		.run = reportauthority_run,
	}, {
		.name = "report monthly",
		.arguments = "[OPTION...] [YYYY-MM]",
		.summary = "The figures of a month: duties, complaints, mail",
		.examples = "  reevectl report monthly\n"
			    "  reevectl report monthly --format html -o "
			    "2026-11.html 2026-11\n",
		.run = reportmonthly_run,
	}, {
		.name = "report users",
		.arguments = "[OPTION...]",
		.summary = "The list of customers, or what changed in it",
		.examples = "  reevectl report users --format csv -o "
			    "customers.csv\n"
			    "  reevectl report users --since 2026-11-01\n",
		.run = reportusers_run,
	}, {
		.name = "report dmarc",
		.arguments = "[OPTION...]",
		.summary = "DMARC aggregate reports, to the domains that ask "
			   "for them",
		.examples = "  reevectl report dmarc --dry-run\n"
			    "  reevectl report dmarc --day 2026-11-23 -o "
			    "/tmp\n"
			    "  reevectl report dmarc --send\n",
		.run = dmarcadmin_run,
	},
};

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	return admin_run_verb(admin, self, verbs, COUNT_OF(verbs), argc, argv);
}

const struct command command_report = {
	.name = "report",
	.arguments = "abuse|authority|dmarc|monthly|users ...",
	.summary = "Reports in standard formats",
	.run = run,
};
