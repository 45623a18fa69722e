#include <config.h>

#include "store/incidents.h"

#include "base/log.h"

#include "unit/store/sample.h"

#define SECOND INT64_C(1000000)

struct seen {
	int count;
	struct incident last;
	char text[100];
};

static bool see(const struct incident *incident, void *context)
{
	struct seen *seen = context;

	seen->count++;
	seen->last = *incident;
	g_strlcpy(seen->text, incident->text, sizeof seen->text);
	return true;
}

static struct seen seen_in(struct state *store)
{
	struct seen seen = { 0 };

	assert_true(incidents_each(store, see, &seen, NULL));
	return seen;
}

static void what_goes_on_is_one(void **state)
{
	struct sample sample;
	struct state *store;
	struct seen seen;

	(void)state;
	sample_begin(&sample, "");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	assert_true(incidents_flush(store, NULL));
	for (int i = 0; i < 1000; i++)
		incidents_note("limit", "alice", "first", 60 * SECOND,
			       1000 * SECOND + i);
	assert_true(incidents_flush(store, NULL));
	for (int i = 1; i < 20; i++) {
		incidents_note("limit", "alice", "later", 60 * SECOND,
			       (1000 + i * 50) * SECOND);
		assert_true(incidents_flush(store, NULL));
	}
	seen = seen_in(store);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.last.count, 1019);
	assert_int_equal(seen.last.first_us, 1000 * SECOND);
	assert_int_equal(seen.last.last_us, 1950 * SECOND);
	assert_string_equal(seen.text, "later");
	/* Quiet for longer than that: another one. */
	incidents_note("limit", "alice", "again", 60 * SECOND, 2011 * SECOND);
	incidents_note("limit", "alic", "other", 60 * SECOND, 2011 * SECOND);
	incidents_note("virus", "alice", "other", 60 * SECOND, 2011 * SECOND);
	assert_true(incidents_flush(store, NULL));
	assert_int_equal(seen_in(store).count, 4);
	assert_true(incidents_expire(store, 2000 * SECOND + INCIDENTS_KEEP_US,
				     NULL));
	assert_int_equal(seen_in(store).count, 3);
	state_close(&store);
	sample_end(&sample);
}

/* Past the most that may wait, what is new is dropped; what is there goes on. */
static void waiting_has_an_end(void **state)
{
	struct sample sample;
	struct state *store;

	(void)state;
	log_set_level(LOG_ERR);
	sample_begin(&sample, "");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	for (int i = 0; i < INCIDENTS_WAITING_MAX + 5; i++) {
		g_autofree char *key = g_strdup_printf("%d", i);

		incidents_note("limit", key, "", SECOND, SECOND);
	}
	incidents_note("limit", "0", "", SECOND, SECOND);
	assert_true(incidents_flush(store, NULL));
	assert_int_equal(seen_in(store).count, INCIDENTS_WAITING_MAX);
	state_close(&store);
	sample_end(&sample);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_goes_on_is_one),
	cmocka_unit_test(waiting_has_an_end),
};

TAP_MAIN(tests)
