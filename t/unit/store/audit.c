#include <config.h>

#include "store/audit.h"

#include "unit/store/sample.h"

#define ENTRIES 5

static struct state *open_filled(struct sample *sample)
{
	struct state *state;

	sample_begin(sample, "");
	state = state_open(sample->dir, STATE_CREATE, NULL);
	assert_non_null(state);
	for (int i = 1; i <= ENTRIES; i++) {
		g_autofree char *reason = g_strdup_printf("case %d", i);
		const struct audit_entry entry = {
			.when_us = i, .operator_name = "ann",
			.action = "records search",
			.subject = i == 3 ? "" : "--from x", .reason = reason,
		};

		assert_true(audit_note(state, &entry, NULL));
	}
	return state;
}

static void close_all(struct sample *sample, struct state *state)
{
	state_close(&state);
	sample_end(sample);
}

static bool take(const struct audit_entry *entry, void *context)
{
	int *count = context;
	g_autofree char *reason = g_strdup_printf("case %d", ++*count);

	assert_int_equal(entry->sequence, *count);
	assert_int_equal(entry->when_us, *count);
	assert_string_equal(entry->operator_name, "ann");
	assert_string_equal(entry->subject, *count == 3 ? "" : "--from x");
	assert_string_equal(entry->reason, reason);
	return *count < 4;
}

static void entries_are_read(void **unused)
{
	struct sample sample;
	struct state *state = open_filled(&sample);
	int count = 0;

	(void)unused;
	assert_true(audit_each(state, take, &count, NULL));
	assert_int_equal(count, 4);
	close_all(&sample, state);
}

static void long_texts_are_cut(void **unused)
{
	struct sample sample;
	struct state *state = open_filled(&sample);
	g_autofree char *large = g_strnfill(100000, 'x'), *problem = NULL;
	const struct audit_entry entry = { .subject = large };
	uint64_t count;

	(void)unused;
	assert_true(audit_note(state, &entry, NULL));
	assert_true(audit_verify(state, &count, &problem, NULL));
	assert_null(problem);
	assert_int_equal(count, ENTRIES + 1);
	close_all(&sample, state);
}

static char *key_of(uint64_t sequence)
{
	uint64_t big = GUINT64_TO_BE(sequence);

	return g_memdup2(&big, sizeof big);
}

/* Removes, or changes one byte of, an entry. */
static void tamper(struct state *state, uint64_t sequence, bool is_removed)
{
	struct state_txn *txn = state_begin_write(state, NULL);
	g_autofree char *key = key_of(sequence), *bytes = NULL;
	struct span at = span_of(key, sizeof sequence), value;

	assert_true(state_find(txn, STATE_AUDIT, at, &value));
	bytes = g_memdup2(value.ptr, value.len);
	if (is_removed) {
		assert_true(state_delete(txn, STATE_AUDIT, at));
	} else {
		char *name = memmem(bytes, value.len, "ann", 3);

		assert_non_null(name);
		*name = 'b';
		assert_true(state_put(txn, STATE_AUDIT, at,
				      span_of(bytes, value.len), NULL));
	}
	assert_true(state_commit(&txn, NULL));
}

static void changes_are_told(void **unused)
{
	static const struct {
		uint64_t sequence;
		bool is_removed;
		const char *what;
	} cases[] = {
		{ 2, false, "entry 3 or the one before it was changed" },
		{ ENTRIES, false, "entry 5, the last, is not what was written" },
		{ 1, true, "entry 1 was removed" },
		{ 3, true, "entry 3 was removed" },
		{ ENTRIES, true, "entry 5 was removed" },
	};

	(void)unused;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct sample sample;
		struct state *state = open_filled(&sample);
		g_autofree char *problem = NULL;
		uint64_t count;

		assert_true(audit_verify(state, &count, &problem, NULL));
		assert_null(problem);
		assert_int_equal(count, ENTRIES);
		tamper(state, cases[i].sequence, cases[i].is_removed);
		assert_true(audit_verify(state, &count, &problem, NULL));
		assert_non_null(problem);
		assert_string_equal(problem, cases[i].what);
		close_all(&sample, state);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(entries_are_read),
	cmocka_unit_test(long_texts_are_cut),
	cmocka_unit_test(changes_are_told),
};

TAP_MAIN(tests)
