/*
 * storebench.c - what records cost to write, to keep, to find and to forget:
 *
 *	storebench PHASE [-d DAYS] [-r RECORDS] [-s SEED] [-g GROUP]
 *		   [-q QUERIES] [-w WRITERS] [-a RECORDS] [-k KIND] FOLDER
 *
 * The phases work on FOLDER one after the other, and can be repeated but for
 * make and expire:
 *
 *	make	DAYS (2) days of RECORDS (20,000) each, by segment_append() in
 *		transactions of GROUP (10,000)
 *	days	the same, but each is sealed when it is over: less disk. Goes on
 *		behind what is sealed already, so that it can be cut off
 *	append	records (-a, 20,000) by WRITERS (64) threads through
 *		recorder_commit(), at the end of the last day
 *	fresh	the same in a new day
 *	size	bytes a record on disk
 *	seal	all days but the last
 *	sealing	as fresh, in a day behind that of fresh, while the housekeeper
 *		seals what is not sealed yet
 *	verify	chains and seals, by as many threads as processors
 *	warm	searches for 100 results, QUERIES (50) of each kind, over all
 *		days
 *	cold	the same after the files were dropped from the page cache; with
 *		-k only searches of one kind
 *	expire	the oldest day is removed
 *
 * A line for each figure: "name value unit"; of what writers wait for p50 and
 * p99; those of searches have p50, p99 and the greatest time in ms, then found
 * and read records on average.
 */
#include <config.h>

#include "storesample.h"

#include "base/clock.h"
#include "catalog.h"
#include "store/chain.h"
#include "store/day.h"
#include "store/housekeeper.h"
#include "store/recorder.h"
#include "store/recordid.h"
#include "store/search.h"
#include "store/sealwrite.h"
#include "store/state.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_DAY 20000
#define RESULTS 100
#define MAP_BYTES (INT64_C(64) << 30)

static struct {
	int days, records, seed, group, queries, writers, appended;
	char *kind;
} options = { 2, 20000, 1, 10000, 50, 64, 20000, NULL };
static const char *folder, *records_dir;
static struct settings *settings;

static G_GNUC_NORETURN void die(const char *what)
{
	fprintf(stderr, "storebench: %s\n", what);
	exit(1);
}

static double seconds(int64_t began_us)
{
	return (double)(g_get_monotonic_time() - began_us) / 1e6;
}

static void make_number(struct storesample *sample, uint64_t number)
{
	uint64_t of_day = (uint64_t)options.records;

	storesample_make(sample, (uint64_t)options.seed, number,
		day_begin_us(FIRST_DAY + (int64_t)(number / of_day)) +
		(int64_t)(number % of_day) * (DAY_US / (int64_t)of_day));
}

static struct packed_record *pack(uint64_t number)
{
	struct storesample sample;

	make_number(&sample, number);
	return storesample_pack(&sample, settings);
}

/* make */

static struct segment *open_day(int day, const struct segment_head *before)
{
	g_autofree char *path = day_path(records_dir, FIRST_DAY + day);
	g_autoptr(GError) why = NULL;
	struct segment *segment;

	if (!segment_create(path, before, &why))
		die(why->message);
	segment = segment_open(path, SEGMENT_WRITE, MAP_BYTES, &why);
	if (!segment)
		die(why->message);
	return segment;
}

static void append(struct segment *segment, GPtrArray *group)
{
	g_autoptr(GError) why = NULL;

	if (group->len && !segment_append(segment,
			(struct packed_record *const *)group->pdata,
			group->len, &why))
		die(why->message);
	g_ptr_array_set_size(group, 0);
}

static void free_record(void *record)
{
	recordform_free(record);
}

static void seal_day(int64_t day, struct seal *seal_out)
{
	g_autoptr(GError) why = NULL;
	struct sealkey *key = sealkey_ensure(folder, &why) ?
			      sealkey_open(folder, &why) : NULL;
	const struct sealwrite how = {
		.records_dir = records_dir, .key = key, .day = day,
		.now_us = clock_now_us(),
	};

	if (!key || !sealwrite_day(&how, seal_out, &why))
		die(why->message);
	sealkey_close(&key);
}

/* False: there is none. */
static bool has_sealed(int day, struct segment_facts *facts_out)
{
	g_autofree char *path = day_path(records_dir, FIRST_DAY + day);
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, NULL);
	struct segment_facts facts;
	bool is_sealed = segment && segment_facts(segment, &facts, NULL) &&
			 facts.is_sealed;

	segment_close(&segment);
	if (is_sealed)
		*facts_out = facts;
	return is_sealed;
}

static void make_days(bool is_sealing)
{
	g_autoptr(GPtrArray) group = g_ptr_array_new_with_free_func(
		free_record);
	struct segment_facts facts = { .count = 0 };
	int64_t began_us = g_get_monotonic_time();
	uint64_t number = 0;

	if (g_mkdir_with_parents(records_dir, 0700) != 0)
		die("the folder cannot be made");
	for (int day = 0; day < options.days; day++) {
		struct segment *segment;

		if (is_sealing && has_sealed(day, &facts)) {
			number += (uint64_t)options.records;
			continue;
		}
		segment = open_day(day, &facts.head);
		for (int i = 0; i < options.records; i++) {
			g_ptr_array_add(group, pack(number++));
			if ((int)group->len == options.group)
				append(segment, group);
		}
		append(segment, group);
		if (!segment_facts(segment, &facts, NULL))
			die("no facts");
		segment_close(&segment);
		if (is_sealing && day < options.days - 1) {
			struct seal seal;

			seal_day(FIRST_DAY + day, &seal);
		}
	}
	printf("make %.0f records/s\n", (double)number / seconds(began_us));
}

static void run_make(void)
{
	make_days(false);
}

static void run_days(void)
{
	make_days(true);
}

/* append, fresh */

struct writing {
	struct recorder *recorder;
	struct packed_record **records;
	double *waited_ms;
	atomic_int next;
};

static void *write_some(void *context)
{
	struct writing *writing = context;
	int i;

	while ((i = atomic_fetch_add(&writing->next, 1)) < options.appended) {
		int64_t began_us = g_get_monotonic_time();

		if (!recorder_commit(writing->recorder, writing->records[i]))
			die("a record could not be written");
		writing->waited_ms[i] = seconds(began_us) * 1e3;
	}
	return NULL;
}

static double run_writers(struct writing *writing)
{
	g_autofree pthread_t *threads = g_new0(pthread_t,
					       (gsize)options.writers);
	int64_t began_us = g_get_monotonic_time();

	for (int i = 0; i < options.writers; i++)
		if (pthread_create(&threads[i], NULL, write_some, writing))
			die("no thread");
	for (int i = 0; i < options.writers; i++)
		pthread_join(threads[i], NULL);
	return seconds(began_us);
}

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void write_in_day(const char *name, int day, bool is_sealing)
{
	struct writing writing = {
		.records = g_new0(struct packed_record *,
				  (gsize)options.appended),
		.waited_ms = g_new0(double, (gsize)options.appended),
	};
	struct state *state = state_open(folder, STATE_CREATE, NULL);
	struct housekeeper *keeper = NULL;
	g_autoptr(GError) why = NULL;
	struct recorder_stats stats;
	double took;

	for (int i = 0; i < options.appended; i++)
		writing.records[i] = pack((uint64_t)options.days *
					  (uint64_t)options.records +
					  (uint64_t)i);
	clock_set_us(day_begin_us(FIRST_DAY + day) + DAY_US - 1);
	writing.recorder = recorder_open(folder, settings, &why);
	if (!writing.recorder || !state)
		die(why ? why->message : "no state");
	if (is_sealing)
		keeper = housekeeper_open(folder, settings, state, &why);
	if (is_sealing && !keeper)
		die(why->message);
	took = run_writers(&writing);
	recorder_stats(writing.recorder, &stats);
	recorder_close(&writing.recorder, 10000);
	housekeeper_close(&keeper);
	state_close(&state);
	qsort(writing.waited_ms, (size_t)options.appended,
	      sizeof *writing.waited_ms, by_number);
	printf("%s_wait %.3f %.3f ms\n", name,
	       writing.waited_ms[options.appended / 2],
	       writing.waited_ms[options.appended / 100 * 99]);
	g_free(writing.records);
	g_free(writing.waited_ms);
	printf("%s %.0f records/s\n%s_group %.0f records\n", name,
	       options.appended / took, name,
	       (double)stats.committed / (double)MAX(stats.groups, 1));
}

static void run_append(void)
{
	write_in_day("append", options.days - 1, false);
}

static void run_fresh(void)
{
	write_in_day("fresh", options.days, false);
}

static void run_sealing(void)
{
	write_in_day("sealing", options.days + 1, true);
}

/* seal, verify */

static void run_seal(void)
{
	g_autoptr(GArray) days = day_list(records_dir, NULL);
	int64_t began_us = clock_monotonic_us();
	uint64_t records = 0, bytes = 0;

	for (guint i = 0; days && i + 1 < days->len; i++) {
		struct seal seal;

		seal_day(g_array_index(days, int64_t, i), &seal);
		records += seal.records;
		bytes += seal.bytes;
	}
	printf("seal %.0f records/s\nsealed %.1f bytes/record\n",
	       (double)records / seconds(began_us),
	       (double)bytes / (double)MAX(records, 1));
}

static void run_verify(void)
{
	const struct chain_query query = {
		.since_day = INT64_MIN, .until_day = INT64_MAX,
	};
	g_autoptr(GError) why = NULL;
	int64_t began_us = g_get_monotonic_time();
	g_autoptr(GArray) days = chain_verify(records_dir, &query, &why);
	uint64_t records = 0;

	if (!days)
		die(why->message);
	for (guint i = 0; i < days->len; i++) {
		const struct chain_day *day = &g_array_index(
			days, struct chain_day, i);

		if (day->problem)
			die(day->problem);
		records += day->records;
	}
	printf("verify %.0f records/s\n",
	       (double)records / seconds(began_us));
}

/* size */

static void run_size(void)
{
	g_autoptr(GArray) days = day_list(records_dir, NULL);
	uint64_t count = 0, bytes = 0;

	for (guint i = 0; days && i < days->len; i++) {
		g_autofree char *path = day_path(records_dir, g_array_index(
				days, int64_t, i));
		struct segment *segment = segment_open(path, SEGMENT_READ, 0,
						       NULL);
		struct segment_facts facts;
		struct stat file;

		if (!segment || !segment_facts(segment, &facts, NULL) ||
		    stat(path, &file) != 0)
			die("a day cannot be read");
		count += facts.count;
		bytes += (uint64_t)file.st_blocks * 512;
		segment_close(&segment);
	}
	printf("records %" PRIu64 " records\nsize %.1f bytes/record\n", count,
	       (double)bytes / (double)MAX(count, 1));
}

/* warm, cold */

/* Asks for what the sample has; texts live as long as it. */
typedef void ask_fn(struct search_query *query,
		    const struct storesample *sample);

static void set_client(struct search_query *query,
		       const struct storesample *sample, unsigned bits)
{
	struct netaddr addr;

	BUG_IF(!netaddr_parse(span_text(sample->client), &addr));
	query->client = network_around(&addr, (uint8_t)bits);
}

static void ask_client(struct search_query *query,
		       const struct storesample *sample)
{
	set_client(query, sample, 128);
}

static void ask_network(struct search_query *query,
			const struct storesample *sample)
{
	set_client(query, sample, 120);
}

static void ask_account(struct search_query *query,
			const struct storesample *sample)
{
	query->account = *sample->account ? sample->account :
					    "user7@example.org";
}

static void ask_sender(struct search_query *query,
		       const struct storesample *sample)
{
	query->sender = sample->sender;
}

static void ask_sender_domain(struct search_query *query,
			      const struct storesample *sample)
{
	const char *at = strchr(sample->sender, '@');

	query->sender = at ? at : "<>";
}

static void ask_prefix(struct search_query *query,
		       const struct storesample *sample)
{
	static _Thread_local char text[64];

	g_snprintf(text, sizeof text, "%.6s*", sample->recipients[0]);
	query->recipient = text;
}

static void ask_recipient(struct search_query *query,
			  const struct storesample *sample)
{
	query->recipient = sample->recipients[0];
}

static void ask_domain(struct search_query *query,
		       const struct storesample *sample)
{
	query->domain = strchr(sample->recipients[0], '@') + 1;
}

static void ask_message_id(struct search_query *query,
			   const struct storesample *sample)
{
	query->message_id = sample->message_id;
}

static void ask_queue_id(struct search_query *query,
			 const struct storesample *sample)
{
	query->queue_id = sample->queue_id;
}

static void ask_subject(struct search_query *query,
			const struct storesample *sample)
{
	query->subject = sample->subject;
}

static void ask_symbol(struct search_query *query,
		       const struct storesample *sample)
{
	(void)sample;
	query->symbol = "CUSTOM_PAYROLL";
}

static void ask_nobody(struct search_query *query,
		       const struct storesample *sample)
{
	(void)sample;
	query->sender = "nobody@nowhere.example";
}

static void ask_hour(struct search_query *query,
		     const struct storesample *sample)
{
	query->since_us = sample->time_us - DAY_US / 24;
	query->until_us = sample->time_us;
}

static void ask_client_refused(struct search_query *query,
			       const struct storesample *sample)
{
	ask_client(query, sample);
	query->has_action = true;
	query->action = ACTION_REJECT;
}

static void ask_from_to(struct search_query *query,
			const struct storesample *sample)
{
	ask_sender_domain(query, sample);
	ask_recipient(query, sample);
}

static void ask_network_symbol(struct search_query *query,
			       const struct storesample *sample)
{
	set_client(query, sample, 112);
	query->symbol = "DNSLIST_CLIENT";
}

static void ask_recipient_hour(struct search_query *query,
			       const struct storesample *sample)
{
	ask_recipient(query, sample);
	ask_hour(query, sample);
}

static const struct { const char *name; ask_fn *ask; } kinds[] = {
	{ "address", ask_client },
	{ "network", ask_network },
	{ "account", ask_account },
	{ "sender", ask_sender },
	{ "sender-domain", ask_sender_domain },
	{ "recipient", ask_recipient },
	{ "recipient-prefix", ask_prefix },
	{ "domain", ask_domain },
	{ "message-id", ask_message_id },
	{ "queue-id", ask_queue_id },
	{ "subject", ask_subject },
	{ "rare-symbol", ask_symbol },
	{ "nobody", ask_nobody },
	{ "hour", ask_hour },
	{ "address+refused", ask_client_refused },
	{ "domain+recipient", ask_from_to },
	{ "network+symbol", ask_network_symbol },
	{ "recipient+hour", ask_recipient_hour },
};

/* What is mapped is not dropped: so no file is open here meanwhile. */
static void drop_from_cache(void)
{
	g_autoptr(GArray) days = day_list(records_dir, NULL);

	for (guint i = 0; days && i < days->len; i++) {
		g_autofree char *path = day_path(records_dir, g_array_index(
				days, int64_t, i));
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd >= 0) {
			posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
			close(fd);
		}
	}
}

static bool count_hit(const struct search_hit *hit, void *context)
{
	(void)hit;
	(void)context;
	return true;
}

/* A message of any day. */
static void make_any(struct storesample *sample, uint64_t *number)
{
	uint64_t all = (uint64_t)options.days * (uint64_t)options.records;

	do {
		*number = *number * UINT64_C(6364136223846793005) +
			  UINT64_C(1442695040888963407);
		make_number(sample, (*number >> 20) % all);
	} while (sample->is_session);
}

static gint by_time(gconstpointer a, gconstpointer b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void tell(const char *phase, const char *name, double *times_ms,
		 uint64_t found, uint64_t looked_at)
{
	int count = options.queries;

	qsort(times_ms, (size_t)count, sizeof *times_ms, by_time);
	printf("%s.%s %.3f %.3f %.3f ms %.1f found %.1f read\n", phase, name,
	       times_ms[count / 2], times_ms[(count - 1) * 99 / 100],
	       times_ms[count - 1], (double)found / count,
	       (double)looked_at / count);
	fflush(stdout);
}

static void search_kind(const char *phase, size_t kind, bool is_cold)
{
	g_autofree double *times_ms = g_new0(double, (gsize)options.queries);
	uint64_t found = 0, looked_at = 0, number = (uint64_t)options.seed;

	for (int i = 0; i < options.queries; i++) {
		struct search_query query = {
			.kind = RECORD_MESSAGE, .limit = RESULTS,
		};
		struct search_result result;
		struct storesample sample;
		int64_t began_us;

		make_any(&sample, &number);
		kinds[kind].ask(&query, &sample);
		if (is_cold)
			drop_from_cache();
		began_us = g_get_monotonic_time();
		if (!search_run(folder, &query, count_hit, NULL, &result,
				NULL) || result.problems->len)
			die("a search failed");
		times_ms[i] = seconds(began_us) * 1e3;
		found += result.found;
		looked_at += result.looked_at;
		search_result_release(&result);
	}
	tell(phase, kinds[kind].name, times_ms, found, looked_at);
}

static void search_kinds(const char *phase, bool is_cold)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (!options.kind || !strcmp(options.kind, kinds[i].name))
			search_kind(phase, i, is_cold);
}

static void run_warm(void)
{
	search_kinds("warm", false);
}

static void run_cold(void)
{
	search_kinds("cold", true);
}

/* expire */

static void run_expire(void)
{
	g_autoptr(GArray) days = day_list(records_dir, NULL);
	g_autoptr(GError) why = NULL;
	int64_t began_us;

	if (!days || days->len < 2)
		die("there must be two days");
	began_us = g_get_monotonic_time();
	if (!day_remove(records_dir, g_array_index(days, int64_t, 0), &why))
		die(why->message);
	printf("expire %.3f ms\n", seconds(began_us) * 1e3);
}

static const struct { const char *name; void (*run)(void); } phases[] = {
	{ "make", run_make }, { "days", run_days },
	{ "append", run_append }, { "fresh", run_fresh },
	{ "seal", run_seal }, { "sealing", run_sealing },
	{ "verify", run_verify }, { "size", run_size },
	{ "warm", run_warm }, { "cold", run_cold },
	{ "expire", run_expire },
};

static void parse(int *argc, char ***argv)
{
	const GOptionEntry entries[] = {
		{ "days", 'd', 0, G_OPTION_ARG_INT, &options.days, "", "N" },
		{ "records", 'r', 0, G_OPTION_ARG_INT, &options.records, "",
		  "N" },
		{ "seed", 's', 0, G_OPTION_ARG_INT, &options.seed, "", "N" },
		{ "group", 'g', 0, G_OPTION_ARG_INT, &options.group, "", "N" },
		{ "queries", 'q', 0, G_OPTION_ARG_INT, &options.queries, "",
		  "N" },
		{ "writers", 'w', 0, G_OPTION_ARG_INT, &options.writers, "",
		  "N" },
		{ "appended", 'a', 0, G_OPTION_ARG_INT, &options.appended, "",
		  "N" },
		{ "kind", 'k', 0, G_OPTION_ARG_STRING, &options.kind, "",
		  "KIND" },
		G_OPTION_ENTRY_NULL,
	};
	GOptionContext *context = g_option_context_new("PHASE FOLDER");
	g_autoptr(GError) why = NULL;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, argc, argv, &why))
		die(why->message);
	g_option_context_free(context);
	if (*argc != 3 || options.days < 1 || options.records < 1 ||
	    options.queries < 1 || options.group < 1 || options.writers < 1)
		die("a phase and a folder are needed; see storebench.c");
}

int main(int argc, char **argv)
{
	g_autofree char *dir = NULL;

	parse(&argc, &argv);
	folder = argv[2];
	records_dir = dir = g_build_filename(folder, "records", NULL);
	settings = settings_parse("storebench", span_text(
		"records { keep = 36500d }"), catalog, NULL);
	BUG_IF(!settings);
	for (size_t i = 0; i < COUNT_OF(phases); i++) {
		if (strcmp(argv[1], phases[i].name) != 0)
			continue;
		phases[i].run();
		settings_unref(settings);
		return 0;
	}
	die("no such phase; see storebench.c");
}
