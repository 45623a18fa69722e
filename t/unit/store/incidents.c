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

/* Four, of which three were last seen at 2011 s. */
static void pages_are_read_by_time(struct state *store)
{
	struct seen seen = { 0 };

	assert_true(incidents_each_before(store, 2011 * SECOND, NULL, see,
					  &seen, NULL));
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.last.last_us, 1950 * SECOND);
	seen.count = 0;
	assert_true(incidents_each_before(store, INT64_MAX, "limit", see,
					  &seen, NULL));
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.last.last_us, 1950 * SECOND);
	seen.count = 0;
	assert_true(incidents_each_before(store, 2011 * SECOND, "virus", see,
					  &seen, NULL));
	assert_int_equal(seen.count, 0);
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
	pages_are_read_by_time(store);
	assert_true(incidents_expire(store, 2000 * SECOND + INCIDENTS_KEEP_US,
				     NULL));
	assert_int_equal(seen_in(store).count, 3);
	state_close(&store);
	sample_end(&sample);
}

/* Past the most that may wait, what is new is dropped; what is
 * there goes on. */
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

static bool see_key(const struct incident *incident, void *context)
{
	g_string_append_printf(context, "%s ", incident->key);
	return true;
}

static char *waiting_in(struct state *store)
{
	GString *keys = g_string_new("");

	assert_true(incidents_each_waiting(store, see_key, keys, NULL));
	return g_string_free(keys, FALSE);
}

static bool put_in_case(const struct incident *incident, void *context)
{
	struct state_txn *txn = state_begin_write(context, NULL);
	struct incident changed = *incident;

	changed.subject = (struct incident_subject){ LIST_CUSTOMER, "acme" };
	assert_non_null(txn);
	assert_true(incidents_set_in_case(txn, &changed, NULL));
	assert_true(state_commit(&txn, NULL));
	return false;
}

/* The first to begin first; those about nobody of ours, or whom no list can
 * have, are never in a case. */
static void what_is_to_be_in_a_case_waits(void **state)
{
	const struct incident_subject alice = { LIST_ACCOUNT, "alice" };
	struct sample sample;
	struct state *store;

	(void)state;
	log_set_level(LOG_ERR);
	sample_begin(&sample, "");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	incidents_note_about(alice, "limit", "second", "", SECOND, 30 * SECOND);
	incidents_note_about(alice, "limit", "first", "", SECOND, 20 * SECOND);
	incidents_note_about(alice, "limit", "third", "", SECOND, 90 * SECOND);
	incidents_note("limit", "strange", "", SECOND, SECOND);
	incidents_note_about((struct incident_subject){ LIST_ADDRESS, "x" },
			     "limit", "none", "", SECOND, SECOND);
	assert_true(incidents_flush(store, NULL));
	g_autofree char *all = waiting_in(store);
	assert_string_equal(all, "first second third ");
	assert_true(incidents_each_waiting(store, put_in_case, store, NULL));
	g_autofree char *rest = waiting_in(store);
	assert_string_equal(rest, "second third ");
	/* It goes on, and is in its case. */
	incidents_note_about(alice, "limit", "first", "", SECOND, 21 * SECOND);
	assert_true(incidents_flush(store, NULL));
	g_autofree char *same = waiting_in(store);
	assert_string_equal(same, "second third ");
	assert_int_equal(seen_in(store).count, 5);
	state_close(&store);
	sample_end(&sample);
}

/* What an older program left: rows alone. */
static void rows_without_an_index_get_one(void **state)
{
	const struct incident_subject alice = { LIST_ACCOUNT, "alice" };
	struct sample sample;
	struct state *store;
	struct span key, value;
	struct state_txn *txn;

	(void)state;
	log_set_level(LOG_ERR);
	sample_begin(&sample, "");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	for (int round = 0; round < 2; round++) {
		incidents_note_about(alice, "limit", "a", "", SECOND,
				     (100 * round + 5) * SECOND);
		incidents_note_about(alice, "limit", "b", "", SECOND,
				     (100 * round + 6) * SECOND);
		assert_true(incidents_flush(store, NULL));
		txn = state_begin_write(store, NULL);
		while (state_seek(txn, STATE_INCIDENT_TIMES, span_text(""),
				  &key, &value)) {
			g_autofree char *copy = g_memdup2(key.ptr, key.len);

			state_delete(txn, STATE_INCIDENT_TIMES,
				     span_of(copy, key.len));
		}
		assert_true(state_commit(&txn, NULL));
	}
	assert_int_equal(seen_in(store).count, 4);
	g_autofree char *all = waiting_in(store);
	assert_string_equal(all, "a b a b ");
	state_close(&store);
	sample_end(&sample);
}

static int in_table(struct state *store, enum state_table table)
{
	struct state_txn *txn = state_begin_read(store, NULL);
	int count = (int)state_count(txn, table);

	state_end(&txn);
	return count;
}

static void the_old_go_in_batches(void **state)
{
	struct sample sample;
	struct state *store;
	int64_t then = 100 * SECOND + INCIDENTS_KEEP_US;

	(void)state;
	log_set_level(LOG_ERR);
	sample_begin(&sample, "");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	for (int i = 0; i < INCIDENTS_EXPIRED_MOST + 20; i++) {
		g_autofree char *key = g_strdup_printf("%d", i);

		incidents_note("limit", key, "", SECOND,
			       i < INCIDENTS_EXPIRED_MOST + 10 ?
			       99 * SECOND : 100 * SECOND);
		if (i == 5000)
			assert_true(incidents_flush(store, NULL));
	}
	assert_true(incidents_flush(store, NULL));
	assert_true(incidents_expire(store, then, NULL));
	assert_int_equal(in_table(store, STATE_INCIDENTS), 20);
	assert_true(incidents_expire(store, then, NULL));
	assert_true(incidents_expire(store, then, NULL));
	assert_int_equal(in_table(store, STATE_INCIDENTS), 10);
	assert_int_equal(in_table(store, STATE_INCIDENT_TIMES), 20);
	state_close(&store);
	sample_end(&sample);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_is_to_be_in_a_case_waits),
	cmocka_unit_test(rows_without_an_index_get_one),
	cmocka_unit_test(the_old_go_in_batches),
	cmocka_unit_test(what_goes_on_is_one),
	cmocka_unit_test(waiting_has_an_end),
};

TAP_MAIN(tests)
