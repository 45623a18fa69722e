#include <config.h>

#include "cases/statecheck.h"

#include "store/lists.h"
#include "unit/store/sample.h"

#define READERS_MAX 10000

/* Takes all the slots that readers have. */
static GPtrArray *use_up(struct state *state)
{
	GPtrArray *taken = g_ptr_array_new();
	struct state_txn *txn;

	while (taken->len < READERS_MAX &&
	       (txn = state_begin_read(state, NULL)))
		g_ptr_array_add(taken, txn);
	return taken;
}

static void give_back(GPtrArray *taken)
{
	for (guint i = 0; i < taken->len; i++) {
		struct state_txn *txn = g_ptr_array_index(taken, i);

		state_end(&txn);
	}
	g_ptr_array_unref(taken);
}

static bool is_suspended(struct transaction *tx)
{
	return lists_find(tx->state, LIST_SUSPENDED, LIST_ACCOUNT,
			  span_text("eve"), 100, &tx->arena, NULL);
}

static const struct {
	const char *settings;
	enum action demand;
} cases[] = {
	{ "", ACTION_DEFER },
	{ "records { on_failure = accept }", ACTION_NONE },
};

static void run(const char *settings, enum action demand)
{
	const struct list_entry eve = {
		.which = LIST_SUSPENDED, .kind = LIST_ACCOUNT,
		.value = "eve", .reason = "7", .operator_name = "o",
	};
	struct session_facts session = { .messages = 1 };
	struct transaction tx;
	struct sample sample;
	GPtrArray *taken;

	sample_begin(&sample, settings);
	transaction_init(&tx, sample.settings, &session);
	tx.state = state_open(sample.dir, STATE_CREATE, NULL);
	assert_true(lists_add(tx.state, &eve, NULL));
	assert_true(is_suspended(&tx));
	statecheck_sender(&tx);
	assert_int_equal(tx.findings->len, 0);
	taken = use_up(tx.state);
	assert_false(is_suspended(&tx));
	statecheck_sender(&tx);
	give_back(taken);
	assert_int_equal(tx.findings->len, 1);
	assert_int_equal(g_array_index(tx.findings, struct finding, 0).demand,
			 demand);
	state_close(&tx.state);
	transaction_release(&tx);
	sample_end(&sample);
}

static void who_may_be_suspended_is_deferred(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		run(cases[i].settings, cases[i].demand);
}

/* A value that says nothing may have been a suspension. */
static void a_damaged_entry_is_told(void **unused)
{
	static const char key[] = { LIST_SUSPENDED, LIST_ACCOUNT,
				    'e', 'v', 'e' };
	struct sample sample;
	struct arena arena;
	struct state *state;
	struct state_txn *txn;

	(void)unused;
	sample_begin(&sample, "");
	arena_init(&arena);
	state = state_open(sample.dir, STATE_CREATE, NULL);
	txn = state_begin_write(state, NULL);
	assert_true(state_put(txn, STATE_LISTS, span_of(key, sizeof key),
			      span_text("\xff\xff"), NULL));
	assert_true(state_commit(&txn, NULL));
	assert_false(lists_find(state, LIST_SUSPENDED, LIST_ACCOUNT,
				span_text("bob"), 100, &arena, NULL));
	assert_false(state_is_in_doubt(state));
	assert_false(lists_find(state, LIST_SUSPENDED, LIST_ACCOUNT,
				span_text("eve"), 100, &arena, NULL));
	assert_true(state_is_in_doubt(state));
	state_close(&state);
	arena_release(&arena);
	sample_end(&sample);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(who_may_be_suspended_is_deferred),
	cmocka_unit_test(a_damaged_entry_is_told),
};

TAP_MAIN(tests)
