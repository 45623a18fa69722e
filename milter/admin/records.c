#include <config.h>

#include "admin/admin.h"

#include "admin/auditlog.h"
#include "admin/recordjson.h"
#include "admin/recordprint.h"
#include "admin/recordquery.h"
#include "admin/recordsdays.h"
#include "admin/recordserase.h"
#include "admin/recordshold.h"
#include "admin/recordshow.h"
#include "admin/recordsproof.h"
#include "admin/recordstats.h"
#include "admin/recordsverify.h"
#include "base/clock.h"
#include "store/search.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define FOLLOW_POLL_US 200000
#define STATS_PRESET_US (INT64_C(7) * 86400 * G_USEC_PER_SEC)

struct printing {
	const struct admin *admin;
	bool is_csv;
	struct recordprint *print;
};

static bool take_hit(const struct search_hit *hit, void *context)
{
	struct printing *printing = context;

	if (printing->admin->is_json) {
		json_t *object = recordjson_record(hit->record, hit->sequence);

		json_dumpf(object, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(object);
	} else {
		recordprint_add(printing->print, hit->record);
	}
	return !ferror(stdout);
}

static int search(const struct admin *admin, const struct command *self,
		  const struct search_query *query, bool is_csv)
{
	struct printing printing = { .admin = admin, .is_csv = is_csv };
	struct search_result result;
	g_autoptr(GError) why = NULL;
	bool is_done;

	printing.print = recordprint_new(is_csv);
	is_done = search_run(admin_records_from(admin), query, take_hit,
			     &printing, &result, &why);
	if (!admin->is_json)
		recordprint_end(printing.print);
	recordprint_free(printing.print);
	if (is_done && result.is_cut && !admin->is_json && !is_csv)
		fprintf(stderr, "%" G_GUINT64_FORMAT " shown; there may be "
			"more: add --cursor %" G_GUINT64_FORMAT ", or "
			"--limit 0 for all\n", result.found, result.last);
	return recordquery_end(self, is_done, &result, why);
}

/* What is done with a query. */
typedef int query_fn(const struct admin *admin, const struct command *self,
		     const struct search_query *query, bool is_csv);

static int run_query(struct admin *admin, const struct command *self,
		     int argc, char **argv, enum recordquery_use use,
		     query_fn *then)
{
	g_autofree char *asked = g_strjoinv(" ", argv + 1);
	struct recordquery asking;
	int status = recordquery_parse(&asking, admin, self, use, argc, argv);

	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, asked, asking.reason);
	if (status == EX_OK)
		status = then(admin, self, &asking.query, asking.is_csv);
	recordquery_release(&asking);
	return status;
}

static int run_search(struct admin *admin, const struct command *self,
		      int argc, char **argv)
{
	return run_query(admin, self, argc, argv, RECORDQUERY_SEARCH, search);
}

static bool count_hit(const struct search_hit *hit, void *context)
{
	recordstats_add(context, hit->record);
	return true;
}

static int print_stats(const struct admin *admin, const struct command *self,
		       const struct search_query *query, bool is_csv)
{
	struct recordstats *stats = recordstats_new();
	struct search_query all = *query;
	struct search_result result;
	g_autoptr(GError) why = NULL;
	bool is_done;

	(void)is_csv;
	all.limit = 0;
	if (!all.since_us && !all.until_us)
		all.since_us = clock_now_us() - STATS_PRESET_US;
	is_done = search_run(admin_records_from(admin), &all, count_hit, stats,
			     &result, &why);
	if (is_done)
		recordstats_print(stats, (unsigned)query->limit,
				  admin->is_json);
	recordstats_free(stats);
	return recordquery_end(self, is_done, &result, why);
}

static int run_stats(struct admin *admin, const struct command *self,
		     int argc, char **argv)
{
	return run_query(admin, self, argc, argv, RECORDQUERY_STATS,
			 print_stats);
}

/* The sequence goes on even when a hit is not printed. */
struct following {
	struct printing printing;
	uint64_t sequence;
};

static bool follow_hit(const struct search_hit *hit, void *context)
{
	struct following *following = context;

	following->sequence = hit->sequence;
	return take_hit(hit, &following->printing);
}

static int follow(const struct admin *admin, const struct command *self,
		  int count)
{
	struct following following = { .printing = { .admin = admin } };
	g_autoptr(GError) why = NULL;
	uint64_t shown = 0;

	if (!search_last_sequence(admin_records_from(admin),
				  &following.sequence, &why))
		return admin_fail(self, EX_UNAVAILABLE, "%s", why->message);
	following.printing.print = recordprint_new(false);
	recordprint_stream(following.printing.print);
	while (!ferror(stdout) && (!count || shown < (uint64_t)count)) {
		struct search_result result;
		uint64_t left = count ? (uint64_t)count - shown : 0;
		bool is_done = search_after(admin_records_from(admin),
					    following.sequence, left,
					    follow_hit, &following, &result,
					    &why);

		shown += result.found;
		fflush(stdout);
		if (!is_done || result.problems->len) {
			recordprint_free(following.printing.print);
			return recordquery_end(self, is_done, &result, why);
		}
		search_result_release(&result);
		g_usleep(FOLLOW_POLL_US);
	}
	recordprint_free(following.printing.print);
	return EX_OK;
}

static int run_follow(struct admin *admin, const struct command *self,
		      int argc, char **argv)
{
	g_autofree char *reason = NULL;
	int count = 0;
	const GOptionEntry entries[] = {
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &reason,
		  RECORDQUERY_REASON_HELP, "TEXT" },
		{ "count", 'n', 0, G_OPTION_ARG_INT, &count,
		  "End after so many records", "N" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object a line", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK)
		status = admin_take_no_words(self, argc, argv);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, "", reason);
	return status == EX_OK ? follow(admin, self, count) : status;
}

static const struct command verbs[] = {
	{
		.name = "records search",
		.arguments = "[OPTION...]",
		.summary = "Find records; all that is given must hold",
		.examples =
		"  reevectl records search --from alice@example.org --since 7d\n"
		"  reevectl records search --client-ip 192.0.2.0/24 "
		"--verdict reject\n"
		"  reevectl records search --queue-id 4XyZ12 --json\n"
		"  reevectl records search --from 'news*@example.net' "
		"--subject 'free offer'\n"
		"  reevectl records search --domain example.net "
		"--limit 0 --csv >all.csv\n",
		.run = run_search,
	}, {
		.name = "records show",
		.arguments = "[OPTION...] ID",
		.summary = "Tell all that one record says, in words",
		.examples = "  reevectl records show 0K2V9PB1XG4ZQ\n"
			    "  reevectl records show --json 0K2V9PB1XG4ZQ | "
			    "jq .auth\n",
		.run = recordshow_run,
	}, {
		.name = "records follow",
		.arguments = "[OPTION...]",
		.summary = "Show records as they are written",
		.examples = "  reevectl records follow\n"
			    "  reevectl records follow --json | jq .sender\n",
		.run = run_follow,
	}, {
		.name = "records stats",
		.arguments = "[OPTION...]",
		.summary = "Count messages by day, verdict, direction, sender, "
			   "network and finding",
		.examples = "  reevectl records stats --since 30d\n"
			    "  reevectl records stats --from @example.net "
			    "--verdict reject --limit 0\n",
		.run = run_stats,
	}, {
		.name = "records days",
		.arguments = "[--json]",
		.summary = "What each day takes on the disk, and when it goes",
		.examples = "  reevectl records days\n"
			    "  reevectl records days --json | jq .bytes\n",
		.run = recordsdays_run,
	}, {
		.name = "records hold",
		.arguments = "add|list|release ...",
		.summary = "Keep records whatever their term",
		.run = recordshold_run,
	}, {
		.name = "records erase",
		.arguments = "[OPTION...] --reason TEXT",
		.summary = "Take a person's words out of sealed records",
		.examples = "  reevectl records erase --rcpt joe@example.org "
			    "--reason 'request of 2026-11-20' --dry-run\n",
		.run = recordserase_run,
	}, {
		.name = "records verify",
		.arguments = "[OPTION...]",
		.summary = "Look whether records were changed, removed, added "
			   "or moved",
		.examples = "  reevectl records verify\n"
			    "  reevectl records verify --since 7d --anchors "
			    "/mnt/notary/anchors\n",
		.run = recordsverify_run,
	}, {
		.name = "records anchor",
		.arguments = "",
		.summary = "Print the hash of all records, for somebody else "
			   "to keep",
		.examples = "  reevectl records anchor | mail -s anchor "
			    "notary@example.net\n",
		.run = recordsverify_anchor,
	}, {
		.name = "records proof",
		.arguments = "[OPTION...] ID",
		.summary = "Prove that a record was among its day's, to one "
			   "who sees no other",
		.examples = "  reevectl records proof 0K2V9PB1XG4ZQ >proof.json"
			    "\n",
		.run = recordsproof_run,
	},
};

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	return admin_run_verb(admin, self, verbs, COUNT_OF(verbs), argc, argv);
}

const struct command command_records = {
	.name = "records",
	.arguments = "search|show|follow|stats|days|hold|erase|verify|anchor|proof "
		     "...",
	.summary = "Find and show records: who sent what, when, what was done",
	.run = run,
};
