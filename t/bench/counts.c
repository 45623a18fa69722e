/*
 * counts.c - what counting a million keys costs:
 *
 *	counts [KEYS [FOLDER]]
 *
 * Fills a table with KEYS live keys (1,000,000) that have a few amounts each,
 * and prints memory by the process's own measure and the table's; then look-ups
 * a second of one thread and of four, of keys at random; what the eight
 * look-ups of a message take together; in FOLDER (a temporary one), how long a
 * snapshot of all takes, one of what changed in 100,000 more look-ups, one that
 * finds nothing, and reading it; and what eight limits cost a message, with
 * their keys and the timer's work.
 */
#include <config.h>

#include "bulk/counts.h"
#include "bulk/countsnapshot.h"
#include "bulk/bulk.h"
#include "bulk/limitcheck.h"
#include "catalog.h"

#include <glib/gstdio.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define NOW_US INT64_C(1700000000000000)
#define LOOK_UPS 2000000
#define THREADS 4
#define OF_A_MESSAGE 8

static uint64_t keys = 1000000;

static struct counts_key key_of(char *text, size_t size, uint64_t number)
{
	int len = g_snprintf(text, size, "account-messages%cuser%" PRIu64
			     "@example.org", 0, number);

	return (struct counts_key){ COUNTS_AMOUNT, 3600,
				    span_of(text, (size_t)len) };
}

static double rss_mib(void)
{
	g_autofree char *text = NULL;
	const char *at = g_file_get_contents("/proc/self/status", &text, NULL,
					     NULL) ?
			 strstr(text, "VmRSS:") : NULL;

	return at ? (double)atoll(at + 6) / 1024 : 0;
}

static double seconds(int64_t began_us)
{
	return (double)(g_get_monotonic_time() - began_us) / 1e6;
}

static void fill(struct counts *counts)
{
	double before = rss_mib(), took;
	int64_t began_us = g_get_monotonic_time();
	struct counts_stats stats;
	char text[100];

	for (int round = 0; round < 3; round++)
		for (uint64_t i = 0; i < keys; i++) {
			struct counts_key key = key_of(text, sizeof text, i);

			counts_add(counts, &key, 1,
				   NOW_US + round * INT64_C(300000000));
		}
	took = seconds(began_us);
	counts_stats(counts, &stats);
	printf("%" PRIu64 " keys: %.0f MiB more in the process, %.0f MiB by "
	       "the table's own measure; filled at %.0f a second\n",
	       stats.entries, rss_mib() - before,
	       (double)stats.bytes / (1 << 20), (double)(3 * keys) / took);
}

/* A simple generator: the random numbers must not cost more than what they are
 * for. */
static uint64_t next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (*seed >> 33) % keys;
}

static void *look(void *context)
{
	struct counts *counts = context;
	uint64_t seed = (uintptr_t)&counts;
	char text[100];

	for (int i = 0; i < LOOK_UPS / THREADS; i++) {
		struct counts_key key = key_of(text, sizeof text, next(&seed));

		counts_take(counts, &key, 1, 1000000, NOW_US + 600000000);
	}
	return NULL;
}

static void look_ups(struct counts *counts)
{
	pthread_t threads[THREADS];
	int64_t began_us = g_get_monotonic_time();
	double took;

	look(counts);
	took = seconds(began_us);
	printf("one thread: %.0f look-ups a second, %.2f us a message of %d\n",
	       LOOK_UPS / THREADS / took,
	       took * 1e6 / (LOOK_UPS / THREADS) * OF_A_MESSAGE, OF_A_MESSAGE);
	began_us = g_get_monotonic_time();
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, look, counts) != 0)
			abort();
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("%d threads: %.0f look-ups a second\n", THREADS,
	       LOOK_UPS / seconds(began_us));
}

static void save(struct counts *counts, struct state *state, const char *what)
{
	int64_t began_us = g_get_monotonic_time();
	g_autoptr(GError) why = NULL;
	uint64_t pages;

	if (!countsnapshot_save(counts, state, STATE_COUNTS, &pages, &why)) {
		fprintf(stderr, "%s\n", why->message);
		exit(1);
	}
	printf("snapshot of %s: %" PRIu64 " pages in %.2f s\n", what, pages,
	       seconds(began_us));
}

static void change(struct counts *counts, int times)
{
	uint64_t seed = 7;
	char text[100];

	for (int i = 0; i < times; i++) {
		struct counts_key key = key_of(text, sizeof text, next(&seed));

		counts_add(counts, &key, 1, NOW_US + 600000000);
	}
}

static void snapshots(struct counts *counts, const char *dir)
{
	g_autofree char *path = g_build_filename(dir, STATE_FILE, NULL);
	g_autoptr(GError) why = NULL;
	struct state *state = state_open(dir, STATE_CREATE, &why);
	struct counts *again = counts_new(keys * 2);
	struct counts_stats stats;
	uint64_t damaged = 0;
	int64_t began_us;
	GStatBuf facts;

	if (!state) {
		fprintf(stderr, "%s\n", why->message);
		exit(1);
	}
	save(counts, state, "all");
	change(counts, 1000);
	save(counts, state, "1,000 that changed");
	change(counts, 100000);
	save(counts, state, "100,000 that changed");
	save(counts, state, "nothing");
	if (g_stat(path, &facts) == 0)
		printf("on disk: %.0f MiB\n",
		       (double)facts.st_blocks / 2048);
	began_us = g_get_monotonic_time();
	if (!countsnapshot_load(again, state, STATE_COUNTS,
				NOW_US + 600000000, &damaged, &why))
		fprintf(stderr, "%s\n", why->message);
	counts_stats(again, &stats);
	printf("read in %.2f s: %" PRIu64 " keys, %" PRIu64 " pages damaged\n",
	       seconds(began_us), stats.entries, damaged);
	counts_free(again);
	state_close(&state);
}

/* One limit of each kind of key, and of each thing that is counted. */
static const char settings_text[] =
	"bulk { preset_limits = no; exempt = []; limits {"
	"a { key = client; most = 1G; direction = any }"
	"b { key = network; count = recipients; most = 1G; direction = any }"
	"c { key = account; count = recipients; most = 1G; direction = any }"
	"d { key = account; count = distinct-recipients; most = 1G; "
	"direction = any }"
	"e { key = sender; count = bytes; most = 1G; direction = any }"
	"f { key = sender-domain; most = 1G; direction = any }"
	"g { key = [client, recipient-domain]; most = 1G; direction = any }"
	"h { key = recipient; most = 1G; direction = any } } }";

static struct settings *all_settings;

static struct settings *ref_settings(void)
{
	return settings_ref(all_settings);
}

static void check_message(struct bulk *bulk, uint64_t *seed)
{
	struct session_facts session = { .messages = 1 };
	struct recipient *rcpt;
	struct transaction tx;
	char text[100];

	session.client.kind = CLIENT_INET;
	session.client.addr = (struct netaddr){ NETADDR_IP4, {
		[10] = 0xff, 0xff, 198, 18, (uint8_t)next(seed),
		(uint8_t)next(seed) } };
	session.client.login = "alice";
	transaction_init(&tx, all_settings, &session);
	tx.bulk = bulk;
	tx.direction = DIRECTION_OUTBOUND;
	tx.sender = mailaddr_parse(span_text("<a@example.org>"), &tx.arena);
	rcpt = transaction_add_recipient(&tx);
	g_snprintf(text, sizeof text, "<user%" PRIu64 "@remote.example>",
		   next(seed) % 100000);
	rcpt->addr = mailaddr_parse(span_text(text), &tx.arena);
	if (bulk) {
		limitcheck_recipient(&tx);
		limitcheck_after_recipient(&tx);
		limitcheck_message(&tx);
		tx.ending = ENDING_COMPLETE;
		limitcheck_end(&tx);
	}
	transaction_release(&tx);
}

/* Beside the same without bulk: to make the message takes time, too. */
static void messages(const char *dir)
{
	struct state *state = state_open(dir, STATE_CREATE, NULL);
	struct bulk *bulk;
	double took[2];

	all_settings = settings_parse("bench", span_text(settings_text),
				      catalog, NULL);
	if (!state || !all_settings)
		exit(1);
	bulk = bulk_open(state, ref_settings);
	for (int with = 1; with >= 0; with--) {
		int64_t began_us = g_get_monotonic_time();
		uint64_t seed = 1;

		for (int i = 0; i < 200000; i++)
			check_message(with ? bulk : NULL, &seed);
		took[with] = seconds(began_us);
	}
	printf("%d limits on: %.2f us a message, keys and all\n",
	       OF_A_MESSAGE, (took[1] - took[0]) / 200000 * 1e6);
	bulk_close(&bulk);
	settings_unref(all_settings);
	state_close(&state);
}

int main(int argc, char **argv)
{
	g_autofree char *dir = argc > 2 ? g_strdup(argv[2]) :
				g_dir_make_tmp("counts-XXXXXX", NULL);
	struct counts *counts;

	if (argc > 1)
		keys = g_ascii_strtoull(argv[1], NULL, 10);
	if (!keys || !dir) {
		fprintf(stderr, "usage: counts [KEYS [FOLDER]]\n");
		return 2;
	}
	counts = counts_new(keys * 2);
	fill(counts);
	look_ups(counts);
	snapshots(counts, dir);
	counts_free(counts);
	messages(dir);
	if (argc <= 2) {
		g_autofree char *file = g_build_filename(dir, STATE_FILE, NULL);
		g_autofree char *lock = g_strconcat(file, "-lock", NULL);

		g_unlink(file);
		g_unlink(lock);
		g_rmdir(dir);
	}
	return 0;
}
