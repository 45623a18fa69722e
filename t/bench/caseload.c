#include <config.h>

#include "caseload.h"

#include "base/log.h"
#include "cases/casebook.h"
#include "cases/complaintbook.h"
#include "store/incidents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define LOOK_UPS 200000
#define RUNS 9
#define MOMENT INT64_C(1000000)
#define NOW (INT64_C(1795780800) * 1000000)	/* 2026-11-27T12:00Z */

static double seconds(int64_t began_us)
{
	return (double)(g_get_monotonic_time() - began_us) / 1e6;
}

/* Of this thread, whatever else the machine does. */
static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Of the children that have ended. */
static double children_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void need(bool is_good, GError *why)
{
	if (is_good)
		return;
	fprintf(stderr, "%s\n", why->message);
	exit(1);
}

static void fill_incidents(struct state *state, unsigned count)
{
	static const char *const kinds[] = {
		"limit", "limit", "limit", "limit", "limit", "complaint",
		"harvest", "virus",
	};
	int64_t began_us = g_get_monotonic_time();
	int64_t apart_us = count ? INCIDENTS_KEEP_US / count : 0;
	GError *why = NULL;

	for (unsigned i = 0; i < count; i++) {
		char key[60], text[120];

		g_snprintf(key, sizeof key, "account-messages user%u", i);
		g_snprintf(text, sizeof text, "account user%u: more than 100 "
			   "messages within 1 h, limit account-messages", i);
		incidents_note(kinds[i % G_N_ELEMENTS(kinds)], key, text,
			       MOMENT, NOW - i * apart_us);
		if (i % INCIDENTS_WAITING_MAX == INCIDENTS_WAITING_MAX - 1)
			need(incidents_flush(state, &why), why);
	}
	need(incidents_flush(state, &why), why);
	printf("%u incidents written in %.2f s\n", count, seconds(began_us));
}

static void go_on(struct state *state, const struct case_settings *settings,
		  struct case_facts *facts, unsigned steps,
		  struct arena *arena)
{
	static const enum case_command commands[] = {
		CASE_COMMAND_WARN, CASE_COMMAND_WATCH, CASE_COMMAND_SUSPEND,
	};
	GError *why = NULL;

	for (unsigned i = 0; i < steps; i++) {
		const struct case_change change = { .step = {
			NOW + i, commands[i], 0, "bench", "a step" } };

		need(casebook_change(state, settings, facts->id, &change,
				     facts, arena, &why), why);
	}
}

static void fill_cases(struct state *state, unsigned count)
{
	g_autoptr(GPtrArray) workdays = g_ptr_array_new();
	struct calendar_words words = { "UTC", "09:00-17:00", workdays, NULL };
	struct case_settings settings = {
		.warn_days = 1, .cut_days = 2, .suspend_ms = 1800000,
		.report_ms = 86400000, .watch_ms = 86400000 * INT64_C(10),
		.quiet_ms = 3600000, .strikes = 2,
	};
	int64_t began_us = g_get_monotonic_time();
	GError *why = NULL;
	struct arena arena;

	g_ptr_array_add(workdays, (char *)"mon");
	settings.calendar = calendar_new(&words, &why);
	need(settings.calendar, why);
	arena_init(&arena);
	for (unsigned i = 0; i < count; i++) {
		const struct case_step step = { NOW, CASE_COMMAND_OPEN, 0,
						"bench", "what happened" };
		struct case_facts facts = {
			.kind = CASE_KIND_SPAM, .severity = 1,
			.subject_kind = LIST_ACCOUNT,
			.subject = arena_printf(&arena, "user%u", i),
			.contact = "abuse@customer.example",
		};

		need(casebook_open(state, &settings, &facts, &step, &arena,
				   &why), why);
		go_on(state, &settings, &facts, i % 4, &arena);
		arena_reset(&arena);
	}
	arena_release(&arena);
	calendar_free(settings.calendar);
	printf("%u cases, with their steps, in %.2f s\n", count,
	       seconds(began_us));
}

static void fill_complaints(struct state *state, unsigned count)
{
	int64_t began_us = g_get_monotonic_time();
	GError *why = NULL;

	for (unsigned i = 0; i < count; i++) {
		g_autofree char *id = g_strdup_printf("m%u@ours.example", i);
		struct complaint_entry entry = {
			.complaint = { .kind = "abuse", .form = COMPLAINT_ARF,
				.reporter = "fbl@far.example",
				.reporter_domain = "far.example",
				.agent = "bench/1", .subject = "Buy now",
				.message_id = id, .sender = "", .recipient = "",
				.original = span_text("Subject: Buy now\n") },
			.match = { .how = "", .account = "", .client = "",
				   .customer = "" },
			.operator_name = "", .note = "",
			.first_us = NOW + i, .last_us = NOW + i, .count = 1,
		};
		enum complaint_outcome outcome;

		need(complaintbook_add(state, &entry, INT64_MAX, &outcome,
				       &why), why);
	}
	printf("%u complaints in %.2f s\n", count, seconds(began_us));
}

void caseload_fill(struct state *state, unsigned incidents, unsigned cases,
		   unsigned complaints)
{
	log_set_level(LOG_ERR);
	fill_incidents(state, incidents);
	fill_cases(state, cases);
	fill_complaints(state, complaints);
}

/* As suspensioncheck_sender() does for the message of a customer of ours. */
static bool ask(struct state *state, enum list_which which, unsigned i,
		struct arena *arena)
{
	const struct netaddr addr = { NETADDR_IP4, { [10] = 0xFF, 0xFF, 10,
		(uint8_t)(i >> 12), (uint8_t)(i >> 4), (uint8_t)i } };
	struct list_entry entry;
	char account[40], sender[60];

	g_snprintf(account, sizeof account, "user%u", i);
	g_snprintf(sender, sizeof sender, "a@c%u.example", i);
	return lists_find_client(state, which, &addr, NOW, arena, &entry) ||
	       lists_find(state, which, LIST_ACCOUNT, span_text(account), NOW,
			  arena, &entry) ||
	       lists_find(state, which, LIST_CUSTOMER, span_text(sender + 2),
			  NOW, arena, &entry) ||
	       lists_find(state, which, LIST_SENDER, span_text(sender), NOW,
			  arena, &entry) ||
	       lists_find(state, which, LIST_DOMAIN, span_text(sender + 2),
			  NOW, arena, &entry);
}

void caseload_measure_lists(struct state *state, unsigned cases)
{
	static const char *const words[] = { "nobody's", "suspended ones'" };
	struct arena arena;

	arena_init(&arena);
	for (unsigned is_on = 0; is_on < 2; is_on++) {
		double began = cpu_seconds();

		for (unsigned n = 0; n < LOOK_UPS; n++) {
			unsigned i = is_on ? n * 4 % cases / 4 * 4 + 3 :
					     cases + n;

			ask(state, LIST_WATCHED, i, &arena);
			BUG_IF(ask(state, LIST_SUSPENDED, i, &arena) !=
			       (is_on && i < cases));
			arena_reset(&arena);
		}
		printf("both lists of cases, for %s messages: %.2f us of CPU\n",
		       words[is_on], (cpu_seconds() - began) * 1e6 / LOOK_UPS);
	}
	arena_release(&arena);
}

static int by_time(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

static void run(const char *tool, const char *settings, const char *words)
{
	g_auto(GStrv) all = NULL;
	g_autofree char *line = g_strdup_printf("%s -c %s %s", tool, settings,
						words);
	double times[RUNS], began = children_seconds();

	all = g_strsplit(line, " ", -1);
	for (int i = 0; i < RUNS; i++) {
		int64_t began_us = g_get_monotonic_time();
		GError *why = NULL;

		need(g_spawn_sync(NULL, all, NULL, G_SPAWN_STDOUT_TO_DEV_NULL |
				  G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL,
				  NULL, NULL, &why), why);
		times[i] = seconds(began_us);
	}
	qsort(times, RUNS, sizeof *times, by_time);
	printf("reevectl %s: %.1f ms of CPU; took %.1f ms (worst of %d: "
	       "%.1f)\n", words, (children_seconds() - began) / RUNS * 1e3,
	       times[RUNS / 2] * 1e3, RUNS, times[RUNS - 1] * 1e3);
}

void caseload_measure_commands(const char *dir, const char *self)
{
	static const char *const commands[] = {
		"--version", "customer list", "customer list --after customer5",
		"customer show --client-ip 10.1.2.3", "case list",
		"case list --state suspended", "case due", "case show 2026-0007",
		"incidents", "incidents --kind virus", "complaint list",
		"complaint list --unmatched", "list watched", "list warned",
		"list suspended",
	};
	g_autofree char *folder = g_path_get_dirname(self);
	g_autofree char *tool = g_build_filename(folder, "..", "..", "reevectl",
						 NULL);
	g_autofree char *settings = g_build_filename(dir, "mailreeve.conf",
						     NULL);
	g_autofree char *text = g_strdup_printf("state_dir = \"%s\"\n", dir);
	GError *why = NULL;

	need(g_file_set_contents(settings, text, -1, &why), why);
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		run(tool, settings, commands[i]);
	remove(settings);
}
