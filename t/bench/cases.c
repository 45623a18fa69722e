/*
 * cases.c - what a large desk costs:
 *
 *	cases [CUSTOMERS [INCIDENTS [CASES [FOLDER]]]]
 *
 * Writes CUSTOMERS (100,000) with two networks (of 21 lengths), an IPv6
 * network, three accounts and a domain each into a new state in FOLDER (a
 * temporary one), all in one transaction as `reevectl customer import` does;
 * then prints what a look-up takes by account, by address and by domain, of one
 * thread and of four, of strangers likewise, and what reading a page of 100,
 * one customer, and all of them takes. Then INCIDENTS (1,000,000), CASES that
 * go on and as many complaints (10,000) join them, and it is measured what a
 * message asks of the lists that cases make, and what each list command takes
 * from its start to its end.
 */
#include <config.h>

#include "caseload.h"
#include "cases/customerbook.h"

#include <glib/gstdio.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_UPS 200000
#define THREADS 4
#define PAGE 100
#define LENGTHS 20

static unsigned customers = 100000, incidents = 1000000, cases = 10000;
static struct state *state;

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

static struct customer_entry *make(unsigned i, struct arena *arena)
{
	struct customer_entry *entry = arena_new(arena, struct customer_entry);
	struct { enum customer_field field; char *text; } words[] = {
		{ CUSTOMER_FIELD_ID, arena_printf(arena, "customer%u", i) },
		{ CUSTOMER_FIELD_NAME, arena_printf(arena, "Customer %u", i) },
		{ CUSTOMER_FIELD_CONTACTS, arena_printf(arena,
			"abuse@c%u.example", i) },
		{ CUSTOMER_FIELD_NETWORKS, arena_printf(arena,
			"10.%u.%u.%u/28 100.%u.%u.%u/25 2001:db8:%x:%x::/64",
			i >> 12 & 255, i >> 4 & 255, (i & 15) << 4,
			i >> 9, i >> 1 & 255, (i & 1) << 7, i >> 8,
			i & 255) },
		{ CUSTOMER_FIELD_ACCOUNTS, arena_printf(arena,
			"a%u b%u @c%u.example", i, i, i) },
		{ CUSTOMER_FIELD_DOMAINS, arena_printf(arena, "c%u.example",
						       i) },
	};

	customerentry_init(entry);
	if (i < LENGTHS)
		words[3].text = arena_printf(arena, "%s %u.0.0.0/%u",
					     words[3].text, 200 + i, 8 + i);
	for (size_t j = 0; j < G_N_ELEMENTS(words); j++)
		BUG_IF(!customerentry_set(entry, words[j].field,
					  words[j].text, arena, NULL));
	return entry;
}

static void fill(void)
{
	g_autoptr(GPtrArray) entries = g_ptr_array_new();
	const struct customer_editor editor = { "bench", 1 };
	g_autoptr(GError) why = NULL;
	struct arena arena;
	int64_t began_us;

	arena_init(&arena);
	for (unsigned i = 0; i < customers; i++)
		g_ptr_array_add(entries, make(i, &arena));
	began_us = g_get_monotonic_time();
	if (!customerbook_put(state, entries, false, &editor, &why)) {
		fprintf(stderr, "%s\n", why->message);
		exit(1);
	}
	printf("%u customers written in %.2f s\n", customers,
	       seconds(began_us));
	arena_release(&arena);
}

/* One of the ways in which a message is whose. */
struct way {
	const char *name;
	bool has_account, has_addr4, has_addr6, has_domain, is_strange;
};

static const struct way ways[] = {
	{ "account", true, true, false, false, false },
	{ "account by its domain", true, true, false, false, true },
	{ "IPv4 address", false, true, false, false, false },
	{ "IPv6 address", false, false, true, false, false },
	{ "domain, behind an address", false, true, false, true, true },
	{ "nobody's", false, true, false, true, true },
};

static const char *look_up(const struct way *way, unsigned i,
			   struct arena *arena)
{
	bool is_nobody = way == &ways[G_N_ELEMENTS(ways) - 1];
	struct netaddr addr = { .family = NETADDR_IP4, .bytes = {
		[10] = 0xFF, 0xFF, way->is_strange ? 192 : 10,
		(uint8_t)(i >> 12), (uint8_t)(i >> 4),
		(uint8_t)((i & 15) << 4 | 3) } };
	char account[60], domain[60];

	if (way->has_addr6)
		addr = (struct netaddr){ NETADDR_IP6, { 0x20, 1, 0xd, 0xb8,
			(uint8_t)(i >> 16), (uint8_t)(i >> 8), 0, (uint8_t)i,
			[15] = 1 } };
	g_snprintf(account, sizeof account, way->is_strange ?
		   "x@c%u.example" : "b%u", i);
	g_snprintf(domain, sizeof domain, is_nobody ? "mail.x%u.example" :
		   "c%u.example", i);
	return customerbook_find(state, way->has_account ? account : NULL,
				 way->has_addr4 || way->has_addr6 ? &addr :
				 NULL, way->has_domain ? domain : NULL, arena);
}

static void *look_ups(void *data)
{
	const struct way *way = data;
	bool is_nobody = way == &ways[G_N_ELEMENTS(ways) - 1];
	GRand *random = g_rand_new_with_seed(7);
	struct arena arena;

	arena_init(&arena);
	for (int n = 0; n < LOOK_UPS; n++) {
		unsigned i = (unsigned)g_rand_int_range(random, 0,
							(int)customers);
		const char *found = look_up(way, i, &arena);

		if (is_nobody ? found != NULL :
				!found || (unsigned)atoi(found + 8) != i) {
			fprintf(stderr, "%s %u: %s\n", way->name, i, found);
			exit(1);
		}
		arena_reset(&arena);
	}
	arena_release(&arena);
	g_rand_free(random);
	return NULL;
}

static void measure(const struct way *way)
{
	double one = cpu_seconds();
	pthread_t threads[THREADS];
	int64_t began_us;

	look_ups((void *)way);
	one = cpu_seconds() - one;
	began_us = g_get_monotonic_time();
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, look_ups, (void *)way);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("look-up by %s: %.2f us of CPU; four threads: %.0f a second\n",
	       way->name, one * 1e6 / LOOK_UPS,
	       THREADS * LOOK_UPS / seconds(began_us));
}

static bool count(const struct customer_entry *entry, void *context)
{
	unsigned *left = context;

	(void)entry;
	return --*left > 0;
}

static void measure_lists(void)
{
	unsigned page = PAGE, all = customers + 1;
	struct customer_entry entry;
	struct arena arena;
	int64_t began_us = g_get_monotonic_time();
	double times[3];

	arena_init(&arena);
	BUG_IF(!customerbook_each(state, "customer5", count, &page, NULL));
	times[0] = seconds(began_us);
	began_us = g_get_monotonic_time();
	BUG_IF(!customerbook_get(state, "customer7", &arena, &entry));
	times[1] = seconds(began_us);
	began_us = g_get_monotonic_time();
	BUG_IF(!customerbook_each(state, NULL, count, &all, NULL));
	times[2] = seconds(began_us);
	printf("a page of %d: %.2f ms; one: %.3f ms; all: %.0f ms\n", PAGE,
	       times[0] * 1e3, times[1] * 1e3, times[2] * 1e3);
	arena_release(&arena);
}

int main(int argc, char **argv)
{
	g_autofree char *dir = argc > 4 ? g_strdup(argv[4]) :
			       g_dir_make_tmp("cases-XXXXXX", NULL);
	g_autofree char *file = g_build_filename(dir, STATE_FILE, NULL);
	g_autofree char *lock = g_strconcat(file, "-lock", NULL);
	g_autoptr(GError) why = NULL;

	if (argc > 1)
		customers = (unsigned)CLAMP(atoi(argv[1]), 10, 1 << 17);
	if (argc > 2)
		incidents = (unsigned)CLAMP(atoi(argv[2]), 0, 1000000);
	if (argc > 3)
		cases = (unsigned)CLAMP(atoi(argv[3]), 4, 1000000);
	setvbuf(stdout, NULL, _IOLBF, 0);
	state = state_open(dir, STATE_CREATE, &why);
	if (!state) {
		fprintf(stderr, "%s\n", why->message);
		return 1;
	}
	fill();
	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++)
		measure(&ways[i]);
	measure_lists();
	caseload_fill(state, incidents, cases, cases);
	caseload_measure_lists(state, cases);
	state_close(&state);
	caseload_measure_commands(dir, argv[0]);
	if (argc > 4)
		return 0;
	g_unlink(file);
	g_unlink(lock);
	return g_rmdir(dir) != 0;
}
