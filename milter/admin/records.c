#include <config.h>

#include "admin/admin.h"

#include "admin/auditlog.h"
#include "admin/recordjson.h"
#include "admin/recordprint.h"
#include "admin/recordstats.h"
#include "admin/recordsdays.h"
#include "admin/recordshold.h"
#include "admin/recordsverify.h"
#include "base/clock.h"
#include "store/recordid.h"
#include "store/search.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define FOLLOW_POLL_US 200000
#define DEFAULT_LIMIT 100
#define REASON_HELP "What for: reevectl audit tells it"
#define STATS_TOP 10
#define STATS_PRESET_US (INT64_C(7) * 86400 * G_USEC_PER_SEC)

/* The words of `records search` as given. */
struct words {
	char *since, *until, *client, *account, *from, *rcpt, *domain;
	char *message_id, *queue_id, *verdict, *symbol, *session, *kind;
	char *direction, *reason;
	int limit;
	gboolean is_csv;
};

static void print_problems(const struct command *self,
			   const struct search_result *result)
{
	for (guint i = 0; i < result->problems->len; i++)
		admin_fail(self, 0, "%s", (const char *)g_ptr_array_index(
				result->problems, i));
}

/* How a search ended, as an exit status: an answer that is not whole says so. */
static int end_search(const struct command *self, bool is_done,
		      struct search_result *result, GError *why)
{
	int status = EX_OK;

	if (!is_done) {
		status = admin_fail(self, EX_UNAVAILABLE, "%s", why->message);
	} else if (result->problems->len) {
		print_problems(self, result);
		status = EX_DATAERR;
	}
	search_result_release(result);
	return status;
}

static int take_times(const struct command *self, const struct words *words,
		      struct search_query *query)
{
	static const char form[] = "is no time; write 2026-11-23, "
				   "2026-11-23T10:00, today or 7d (ago)";

	if (words->since && !admin_parse_time(words->since, &query->since_us))
		return admin_fail(self, EX_USAGE, "--since: \"%s\" %s",
				  words->since, form);
	if (words->until && !admin_parse_time(words->until, &query->until_us))
		return admin_fail(self, EX_USAGE, "--until: \"%s\" %s",
				  words->until, form);
	return EX_OK;
}

static bool find_word(const char *word, const char *(*word_of)(unsigned),
		      unsigned count, unsigned *index_out)
{
	for (unsigned i = 0; i < count; i++)
		if (g_ascii_strcasecmp(word, word_of(i)) == 0) {
			*index_out = i;
			return true;
		}
	return false;
}

static const char *action_word_at(unsigned i)
{
	return action_word((enum action)i);
}

static const char *direction_word_at(unsigned i)
{
	return direction_word((enum direction)i);
}

static const char *kind_word_at(unsigned i)
{
	return recordview_kind_word((enum record_kind)i);
}

static int take_kinds(const struct command *self, const struct words *words,
		      struct search_query *query)
{
	unsigned index;

	if (words->verdict) {
		if (!find_word(words->verdict, action_word_at,
			       ACTION_DISCARD + 1, &index))
			return admin_fail(self, EX_USAGE, "--verdict: one of "
				"none, accept, tag, quarantine, defer, "
				"reject, discard");
		query->has_action = true;
		query->action = (enum action)index;
		query->kind = RECORD_MESSAGE;
	}
	if (words->direction) {
		if (!find_word(words->direction, direction_word_at,
			       DIRECTION_LOCAL + 1, &index))
			return admin_fail(self, EX_USAGE, "--direction: one "
				"of inbound, outbound, local");
		query->direction = (enum direction)index;
	}
	if (words->kind) {
		if (!find_word(words->kind, kind_word_at, RECORD_SESSION + 1,
			       &index))
			return admin_fail(self, EX_USAGE,
				"--kind: one of any, message, session");
		query->kind = (enum record_kind)index;
	}
	return EX_OK;
}

/* Domains are looked for as the records have them. */
static char *domain_form(const char *domain)
{
	struct arena arena;
	char *form;

	arena_init(&arena);
	const char *ascii = mailaddr_domain_ascii(span_text(domain), &arena);

	form = g_strdup(ascii ? ascii : domain);
	arena_release(&arena);
	return form;
}

static char *address_form(const char *address)
{
	const char *at = strrchr(address, '@');
	g_autofree char *domain = at ? domain_form(at + 1) : NULL;

	if (!at)
		return g_strdup(address);
	return g_strdup_printf("%.*s@%s", (int)(at - address), address,
			       domain);
}

static void replace(char **word, char *(*form)(const char *))
{
	char *fresh;

	if (!*word)
		return;
	fresh = form(*word);
	g_free(*word);
	*word = fresh;
}

static int make_query(const struct command *self, struct words *words,
		      struct search_query *query)
{
	g_autoptr(GError) why = NULL;
	int status;

	replace(&words->from, address_form);
	replace(&words->rcpt, address_form);
	replace(&words->domain, domain_form);
	*query = (struct search_query){
		.account = words->account, .sender = words->from,
		.recipient = words->rcpt, .domain = words->domain,
		.message_id = words->message_id,
		.queue_id = words->queue_id, .symbol = words->symbol,
		.kind = RECORD_MESSAGE,
		.limit = (uint64_t)MAX(words->limit, 0),
	};
	if (words->client && !network_parse(span_text(words->client),
					    &query->client, &why))
		return admin_fail(self, EX_USAGE, "--client-ip: %s",
				  why->message);
	if (words->session && !record_id_parse(span_text(words->session),
					       &query->session))
		return admin_fail(self, EX_USAGE,
				  "--session: \"%s\" is no id",
				  words->session);
	status = take_times(self, words, query);
	return status ? status : take_kinds(self, words, query);
}

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
	is_done = search_run(admin_records_from(admin), query, take_hit, &printing,
			     &result, &why);
	if (!admin->is_json)
		recordprint_end(printing.print);
	recordprint_free(printing.print);
	if (is_done && query->limit && result.found == query->limit &&
	    !admin->is_json && !is_csv)
		fprintf(stderr, "%" G_GUINT64_FORMAT " shown; there may be "
			"more (--limit 0 shows all)\n", query->limit);
	return end_search(self, is_done, &result, why);
}

static void free_words(struct words *words)
{
	char **all[] = {
		&words->since, &words->until, &words->client,
		&words->account, &words->from, &words->rcpt, &words->domain,
		&words->message_id, &words->queue_id, &words->verdict,
		&words->symbol, &words->session, &words->kind,
		&words->direction, &words->reason,
	};

	for (size_t i = 0; i < COUNT_OF(all); i++)
		g_clear_pointer(all[i], g_free);
}

#define WORD(name, field, what, arg) \
	{ name, 0, 0, G_OPTION_ARG_STRING, &words.field, what, arg }
#define WORD_ENTRY(...) (GOptionEntry)WORD(__VA_ARGS__)

/* What is done with a query. */
typedef int query_fn(const struct admin *admin, const struct command *self,
		     const struct search_query *query, bool is_csv);

static int run_query(struct admin *admin, const struct command *self,
		     int argc, char **argv, query_fn *then, int limit)
{
	g_autofree char *asked = g_strjoinv(" ", argv + 1);
	struct words words = { .limit = limit };
	struct search_query query;
	const GOptionEntry entries[] = {
		WORD("since", since, "Ended at or after", "TIME"),
		WORD("until", until, "Ended before", "TIME"),
		WORD("client-ip", client, "Client address or network", "CIDR"),
		WORD("account", account, "Login", "NAME"),
		WORD("from", from, "Envelope sender, or @DOMAIN", "ADDRESS"),
		WORD("rcpt", rcpt, "A recipient, or @DOMAIN", "ADDRESS"),
		WORD("domain", domain, "Domain of the sender or a recipient",
		     "DOMAIN"),
		WORD("message-id", message_id, "Message-ID", "ID"),
		WORD("queue-id", queue_id, "The MTA's queue id", "ID"),
		WORD("session", session, "Id of the session", "ID"),
		WORD("verdict", verdict, "accept, tag, quarantine, defer, "
		     "reject, discard or none", "ACTION"),
		WORD("symbol", symbol, "A finding", "SYMBOL"),
		WORD("direction", direction, "inbound, outbound or local",
		     "WORD"),
		{ "limit", 'n', 0, G_OPTION_ARG_INT, &words.limit,
		  then == search ? "At most so many, newest first (100; 0: "
				   "all)" :
				   "Of senders, networks and findings the "
				   "most frequent (10; 0: all)", "N" },
		WORD("reason", reason, REASON_HELP, "TEXT"),
		RECORDS_FROM_ENTRY(admin),
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object a line", NULL },
		/* Of a search alone, and so behind what ends the others. */
		then == search ? WORD_ENTRY("kind", kind, "message (preset), "
					    "session or any", "WORD") :
				 (GOptionEntry)G_OPTION_ENTRY_NULL,
		{ "csv", 0, 0, G_OPTION_ARG_NONE, &words.is_csv,
		  "Comma-separated, with a line of titles", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && argc > 1)
		status = admin_fail(self, EX_USAGE, "\"%s\": what is that? "
				    "Options begin with --", argv[1]);
	if (status == EX_OK)
		status = make_query(self, &words, &query);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, asked, words.reason);
	if (status == EX_OK)
		status = then(admin, self, &query, words.is_csv);
	free_words(&words);
	return status;
}

static int run_search(struct admin *admin, const struct command *self,
		      int argc, char **argv)
{
	return run_query(admin, self, argc, argv, search, DEFAULT_LIMIT);
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
	is_done = search_run(admin_records_from(admin), &all, count_hit, stats, &result,
			     &why);
	if (is_done)
		recordstats_print(stats, (unsigned)query->limit,
				  admin->is_json);
	recordstats_free(stats);
	return end_search(self, is_done, &result, why);
}

static int run_stats(struct admin *admin, const struct command *self,
		     int argc, char **argv)
{
	return run_query(admin, self, argc, argv, print_stats, STATS_TOP);
}

static bool show_hit(const struct search_hit *hit, void *context)
{
	const struct admin *admin = context;
	json_t *object = recordjson_record(hit->record, hit->sequence);

	json_dumpf(object, stdout, admin->is_json ? JSON_COMPACT :
						    JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
	return true;
}

static int run_show(struct admin *admin, const struct command *self,
		    int argc, char **argv)
{
	struct search_query query = { .limit = 1 };
	struct search_result result;
	g_autoptr(GError) why = NULL;
	g_autofree char *reason = NULL;
	const GOptionEntry entries[] = {
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &reason, REASON_HELP,
		  "TEXT" },
		RECORDS_FROM_ENTRY(admin),
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "On one line", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);
	uint64_t found;
	bool is_done;

	if (status != EX_OK)
		return status;
	if (argc != 2)
		return admin_fail(self, EX_USAGE, "one record id is needed");
	if (!record_id_parse(span_text(argv[1]), &query.id))
		return admin_fail(self, EX_USAGE, "\"%s\" is no record id; "
				  "it has 13 letters and digits", argv[1]);
	status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, argv[1], reason);
	if (status != EX_OK)
		return status;
	is_done = search_run(admin_records_from(admin), &query, show_hit, admin,
			     &result, &why);
	found = result.found;
	status = end_search(self, is_done, &result, why);
	if (status == EX_OK && !found)
		return admin_fail(self, EX_DATAERR, "no record %s", argv[1]);
	return status;
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

	if (!search_last_sequence(admin_records_from(admin), &following.sequence,
				  &why))
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
			return end_search(self, is_done, &result, why);
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
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &reason, REASON_HELP,
		  "TEXT" },
		{ "count", 'n', 0, G_OPTION_ARG_INT, &count,
		  "End after so many records", "N" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object a line", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);

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
		"  reevectl records search --domain example.net "
		"--limit 0 --csv >all.csv\n",
		.run = run_search,
	}, {
		.name = "records show",
		.arguments = "[OPTION...] ID",
		.summary = "Show all of one record",
		.examples = "  reevectl records show 0K2V9PB1XG4ZQ\n",
		.run = run_show,
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
	},
};

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	return admin_run_verb(admin, self, verbs, COUNT_OF(verbs), argc, argv);
}

const struct command command_records = {
	.name = "records",
	.arguments = "search|show|follow|stats|days|hold|verify|anchor ...",
	.summary = "Find and show records: who sent what, when, what was done",
	.run = run,
};
