#include <config.h>

#include "bulk/limitcheck.h"

#include "base/clock.h"
#include "bulk/bulk.h"
#include "bulk/bulkclock.h"
#include "bulk/counts.h"
#include "bulk/exemptions.h"
#include "bulk/limitkey.h"
#include "unit/store/sample.h"

#include <pthread.h>

#define SECOND INT64_C(1000000)
#define BEGAN_US (INT64_C(1700000000) * SECOND)

struct box {
	struct sample sample;
	struct state *state;
	struct bulk *bulk;
	struct session_facts session;
};

/* What bulk_open() asks for; the tests run one by one. */
static struct settings *current;

static struct settings *ref_current(void)
{
	return settings_ref(current);
}

static void begin(struct box *box, const char *text)
{
	clock_set_us(BEGAN_US);
	sample_begin(&box->sample, text);
	current = box->sample.settings;
	box->state = state_open(box->sample.dir, STATE_CREATE, NULL);
	assert_non_null(box->state);
	box->bulk = bulk_open(box->state, ref_current);
	box->session = (struct session_facts){ .messages = 1 };
	record_id_new(box->session.id);
}

static void end(struct box *box)
{
	bulk_close(&box->bulk);
	state_close(&box->state);
	sample_end(&box->sample);
	clock_set_us(0);
}

static void begin_message(struct box *box, struct transaction *tx,
			  const char *login)
{
	transaction_init(tx, box->sample.settings, &box->session);
	tx->bulk = box->bulk;
	tx->state = box->state;
	tx->direction = login ? DIRECTION_OUTBOUND : DIRECTION_INBOUND;
	tx->client.login = login;
	tx->client.kind = CLIENT_INET;
	assert_true(netaddr_parse(span_text("192.0.2.7"), &tx->client.addr));
	tx->is_enforced = true;
	tx->sender = mailaddr_parse(span_text("<Sender@A.example>"),
				    &tx->arena);
}

/* As session does it, with nobody else who refuses; whether it was accepted. */
static bool name_recipient(struct transaction *tx, const char *text)
{
	struct recipient *rcpt = transaction_add_recipient(tx);
	size_t findings = tx->findings->len;
	bool is_refused = false;

	rcpt->addr = mailaddr_parse(span_text(text), &tx->arena);
	limitcheck_recipient(tx);
	for (guint i = (guint)findings; i < tx->findings->len; i++) {
		const struct finding *finding = &g_array_index(
			tx->findings, struct finding, i);

		is_refused |= finding->demand >= ACTION_DEFER;
		rcpt->outcome.action = finding->demand;
	}
	if (is_refused)
		rcpt->state = RCPT_REFUSED_BY_US;
	limitcheck_after_recipient(tx);
	return !is_refused;
}

static void end_message(struct transaction *tx, enum ending ending,
			enum action action)
{
	tx->ending = ending;
	tx->outcome.action = action;
	limitcheck_end(tx);
	transaction_release(tx);
}

static uint64_t count_of(struct box *box, const char *name, const char *value)
{
	const struct limit *limit = limit_settings_find(
		box->sample.settings, name);
	struct counts_key key;
	struct arena arena;
	uint64_t count;

	assert_non_null(limit);
	arena_init(&arena);
	key = limitkey_counts(limit, value, &arena);
	count = counts_get(bulk_counts(box->bulk), &key, bulkclock_now_us());
	arena_release(&arena);
	return count;
}

#define RECIPIENTS "bulk { preset_limits = no; limits { " \
	"r { count = recipients; most = 5; } " \
	"m { key = [account, recipient-domain]; most = 2; } } }"

static void only_what_was_accepted_counts(void **state)
{
	static const struct {
		enum ending ending;
		enum action action;
		bool is_enforced;
		uint64_t want;
	} cases[] = {
		{ ENDING_COMPLETE, ACTION_ACCEPT, true, 2 },
		{ ENDING_COMPLETE, ACTION_TAG, true, 2 },
		{ ENDING_COMPLETE, ACTION_QUARANTINE, true, 2 },
		{ ENDING_COMPLETE, ACTION_DISCARD, true, 2 },
		{ ENDING_COMPLETE, ACTION_DEFER, true, 0 },
		{ ENDING_COMPLETE, ACTION_REJECT, true, 0 },
		{ ENDING_COMPLETE, ACTION_REJECT, false, 2 },
		{ ENDING_ABORTED, ACTION_NONE, true, 0 },
		{ ENDING_LOST, ACTION_NONE, true, 0 },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct transaction tx;
		struct box box;

		begin(&box, RECIPIENTS);
		begin_message(&box, &tx, "Alice");
		tx.is_enforced = cases[i].is_enforced;
		assert_true(name_recipient(&tx, "<a@x.example>"));
		assert_true(name_recipient(&tx, "<b@x.example>"));
		assert_int_equal(count_of(&box, "r", "alice"), 2);
		assert_int_equal(count_of(&box, "m", "alice,x.example"), 1);
		end_message(&tx, cases[i].ending, cases[i].action);
		assert_int_equal(count_of(&box, "r", "alice"), cases[i].want);
		assert_int_equal(count_of(&box, "m", "alice,x.example"),
				 cases[i].want / 2);
		end(&box);
	}
}

static void the_one_too_many_is_told_when(void **state)
{
	const struct finding *finding;
	struct transaction tx;
	struct box box;

	(void)state;
	begin(&box, RECIPIENTS);
	for (int i = 0; i < 2; i++) {
		begin_message(&box, &tx, "alice");
		assert_true(name_recipient(&tx, "<a@x.example>"));
		assert_true(name_recipient(&tx, "<b@y.example>"));
		end_message(&tx, ENDING_COMPLETE, ACTION_ACCEPT);
	}
	begin_message(&box, &tx, "alice");
	assert_true(name_recipient(&tx, "<c@z.example>"));
	assert_false(name_recipient(&tx, "<d@z.example>"));
	assert_int_equal(tx.findings->len, 1);
	finding = &g_array_index(tx.findings, struct finding, 0);
	assert_string_equal(finding->symbol, "BULK_LIMIT_R");
	assert_int_equal(finding->recipient, 2);
	assert_int_equal(finding->code, 451);
	/* 2023-11-14 22:13:20 is when it began; an hour later,
	 * at the latest. */
	assert_string_equal(finding->text, "limit r: 5 recipients in 1h; "
			    "it frees at 2023-11-14 23:11:16 UTC");
	end_message(&tx, ENDING_COMPLETE, ACTION_ACCEPT);
	assert_int_equal(count_of(&box, "r", "alice"), 5);
	clock_set_us(BEGAN_US + 3476 * SECOND);	/* 23:11:16 */
	begin_message(&box, &tx, "alice");
	assert_true(name_recipient(&tx, "<d@z.example>"));
	end_message(&tx, ENDING_COMPLETE, ACTION_ACCEPT);
	end(&box);
}

/* What another check or limit refuses is not counted by the others. */
static void a_refused_recipient_is_given_back(void **state)
{
	struct transaction tx;
	struct box box;

	(void)state;
	begin(&box, RECIPIENTS);
	for (int i = 0; i < 2; i++) {
		begin_message(&box, &tx, "bob");
		assert_true(name_recipient(&tx, "<a@x.example>"));
		end_message(&tx, ENDING_COMPLETE, ACTION_ACCEPT);
	}
	begin_message(&box, &tx, "bob");
	assert_false(name_recipient(&tx, "<a@x.example>"));
	assert_true(name_recipient(&tx, "<a@y.example>"));
	end_message(&tx, ENDING_COMPLETE, ACTION_ACCEPT);
	assert_int_equal(count_of(&box, "r", "bob"), 3);
	begin_message(&box, &tx, "bob");
	transaction_find(&tx, "OTHER", NULL)->demand = ACTION_REJECT;
	name_recipient(&tx, "<a@y.example>");
	assert_int_equal(count_of(&box, "r", "bob"), 3);
	end_message(&tx, ENDING_REFUSED, ACTION_REJECT);
	end(&box);
}

/* A message to many of one domain is one message to it, also when the first of
 * them was refused. */
static void a_message_is_one_for_each_domain(void **state)
{
	struct transaction tx;
	struct box box;

	(void)state;
	begin(&box, "bulk { preset_limits = no; limits { "
	      "m { key = recipient-domain; most = 9; } "
	      "b { key = recipient-domain; count = bytes; most = 9k; } "
	      "r { key = recipient; count = recipients; most = 1; } } }");
	begin_message(&box, &tx, "alice");
	tx.body_bytes = 5000;
	assert_true(name_recipient(&tx, "<a@x.example>"));
	assert_false(name_recipient(&tx, "<A@x.example>"));
	assert_true(name_recipient(&tx, "<b@x.example>"));
	assert_true(name_recipient(&tx, "<a@y.example>"));
	assert_int_equal(count_of(&box, "m", "x.example"), 1);
	assert_int_equal(count_of(&box, "m", "y.example"), 1);
	limitcheck_message(&tx);
	end_message(&tx, ENDING_COMPLETE, ACTION_ACCEPT);
	assert_int_equal(count_of(&box, "b", "x.example"), 5);
	assert_int_equal(count_of(&box, "b", "y.example"), 5);
	begin_message(&box, &tx, "alice");
	assert_false(name_recipient(&tx, "<a@z.example>") &&
		     name_recipient(&tx, "<a@z.example>"));
	assert_true(name_recipient(&tx, "<b@z.example>"));
	assert_int_equal(count_of(&box, "m", "z.example"), 1);
	end_message(&tx, ENDING_ABORTED, ACTION_NONE);
	assert_int_equal(count_of(&box, "m", "z.example"), 0);
	begin_message(&box, &tx, "alice");
	assert_false(name_recipient(&tx, "<b@x.example>"));
	assert_int_equal(count_of(&box, "m", "x.example"), 1);
	end_message(&tx, ENDING_REFUSED, ACTION_DEFER);
	end(&box);
}

/* No raise is asked for, or it is over: that costs nobody anything. */
static void operators_raise_and_clear(void **state)
{
	struct exemption exemption = {
		.limit = "r", .key = "alice", .most = 7,
		.expires_us = BEGAN_US + 10 * SECOND,
	};
	struct transaction tx;
	struct box box;
	GArray *none;

	(void)state;
	begin(&box, RECIPIENTS);
	begin_message(&box, &tx, "alice");
	for (int i = 0; i < 5; i++)
		assert_true(name_recipient(&tx, "<a@x.example>"));
	assert_false(name_recipient(&tx, "<a@x.example>"));
	assert_true(exemptions_put(box.state, &exemption, NULL));
	assert_true(name_recipient(&tx, "<a@x.example>"));
	clock_set_us(BEGAN_US + 11 * SECOND);
	assert_false(name_recipient(&tx, "<a@x.example>"));
	none = g_array_new(FALSE, FALSE, sizeof(struct exemption));
	assert_true(exemptions_settle(box.state, none, clock_now_us(), NULL));
	g_array_unref(none);
	assert_false(exemptions_lower(box.state, "r", "alice", NULL));
	exemption = (struct exemption){ .limit = EXEMPTION_ALL,
					.key = "alice", .clear_us = 1 };
	assert_true(exemptions_put(box.state, &exemption, NULL));
	for (int i = 0; i < 5; i++)
		assert_true(name_recipient(&tx, "<a@x.example>"));
	assert_false(name_recipient(&tx, "<a@x.example>"));
	end_message(&tx, ENDING_COMPLETE, ACTION_ACCEPT);
	end(&box);
}

/* A raise and a clear of one key do not undo each other. */
static void exemptions_are_joined(void **state)
{
	struct exemption raise = { .limit = "r", .key = "alice", .times = 3 };
	struct exemption clear = { .limit = "r", .key = "alice",
				   .clear_us = 9 };
	struct exemption found;
	GArray *done = g_array_new(FALSE, FALSE, sizeof(struct exemption));
	struct arena arena;
	struct box box;

	(void)state;
	begin(&box, "");
	/* Its timer would do what is to be cleared. */
	bulk_close(&box.bulk);
	arena_init(&arena);
	assert_true(exemptions_put(box.state, &raise, NULL));
	assert_true(exemptions_put(box.state, &clear, NULL));
	assert_true(exemptions_find(box.state, "r", "alice", 1, &arena,
				    &found));
	assert_int_equal(found.times, 3);
	assert_int_equal(found.clear_us, 9);
	/* Another clear came in between: that one is not done yet. */
	found.clear_us = 8;
	g_array_append_val(done, found);
	assert_true(exemptions_settle(box.state, done, 1, NULL));
	assert_true(exemptions_find(box.state, "r", "alice", 1, &arena,
				    &found));
	assert_int_equal(found.clear_us, 9);
	g_array_index(done, struct exemption, 0).clear_us = 9;
	assert_true(exemptions_settle(box.state, done, 1, NULL));
	assert_true(exemptions_find(box.state, "r", "alice", 1, &arena,
				    &found));
	assert_int_equal(found.clear_us, 0);
	assert_int_equal(found.times, 3);
	assert_true(exemptions_lower(box.state, "r", "alice", NULL));
	assert_false(exemptions_find(box.state, "r", "alice", 1, &arena,
				     &found));
	assert_false(exemptions_put(box.state, &(struct exemption){
		.limit = "r", .key = "" }, NULL));
	g_array_unref(done);
	arena_release(&arena);
	end(&box);
}

/* A limit that held something up is no reason for another, or for itself. */
static void limits_do_not_feed_each_other(void **state)
{
	struct transaction tx;
	struct box box;

	(void)state;
	begin(&box, "bulk { preset_limits = no; limits { "
	      "r { count = recipients; most = 1; } "
	      "d { count = deferred-messages; most = 1; } "
	      "e { count = refused-recipients; most = 9; action = reject; } "
	      "} }");
	begin_message(&box, &tx, "alice");
	assert_true(name_recipient(&tx, "<a@x.example>"));
	end_message(&tx, ENDING_COMPLETE, ACTION_ACCEPT);
	for (int i = 0; i < 5; i++) {
		begin_message(&box, &tx, "alice");
		assert_false(name_recipient(&tx, "<a@x.example>"));
		end_message(&tx, ENDING_REFUSED, ACTION_DEFER);
	}
	assert_int_equal(count_of(&box, "d", "alice"), 0);
	assert_int_equal(count_of(&box, "e", "alice"), 0);
	begin_message(&box, &tx, "bob");
	assert_true(name_recipient(&tx, "<a@x.example>"));
	end_message(&tx, ENDING_COMPLETE, ACTION_DEFER);
	assert_int_equal(count_of(&box, "d", "bob"), 1);
	begin_message(&box, &tx, "bob");
	assert_false(name_recipient(&tx, "<a@x.example>"));
	end_message(&tx, ENDING_REFUSED, ACTION_DEFER);
	end(&box);
}

static const struct {
	const char *text, *key, *login;
	bool is_concerned;
} concerns[] = {
	{ "key = account;", "alice", "Alice", true },
	{ "key = account;", "", NULL, false },
	{ "key = account; direction = inbound;", "", "alice", false },
	{ "key = client; direction = any;", "192.0.2.7", NULL, true },
	{ "key = network; direction = any;", "192.0.2.0/24", NULL, true },
	{ "key = network; direction = any; prefix4 = 16;", "192.0.0.0/16",
	  NULL, true },
	{ "key = client; direction = any; except = [192.0.2.0/25];", "", NULL,
	  false },
	{ "key = [account, client]; except = [bob];", "alice,192.0.2.7",
	  "alice", true },
	{ "key = [account, client]; except = [ALICE];", "", "alice", false },
	{ "key = sender; direction = any;", "sender@a.example", NULL, true },
	{ "key = sender; direction = any; except = [a.example];", "", NULL,
	  false },
	{ "key = sender; direction = any; except = [.example];", "", NULL,
	  false },
	{ "key = sender-domain; direction = any;", "a.example", NULL, true },
	{ "key = recipient; direction = any;", "r@b.example", NULL, true },
	{ "key = recipient-domain; direction = any; except = [b.example];", "",
	  NULL, false },
	{ "key = customer;", "acme", "x@ACME.example", true },
	{ "key = customer; direction = any;", "nets", NULL, true },
	{ "key = customer; except = [acme];", "", "x@acme.example", false },
};

static void keys_are_as_the_settings_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(concerns); i++) {
		g_autofree char *text = g_strdup_printf(
			"bulk { preset_limits = no; limits { t { most = 5; %s "
			"} } customers { acme { accounts = [\"@acme.example\"]"
			" } nets { networks = [192.0.2.0/24] } } }",
			concerns[i].text);
		struct transaction tx;
		struct box box;

		begin(&box, text);
		begin_message(&box, &tx, concerns[i].login);
		assert_true(name_recipient(&tx, "<R@B.example>"));
		if (count_of(&box, "t", concerns[i].key) !=
		    (uint64_t)concerns[i].is_concerned)
			fail_msg("%s", concerns[i].text);
		end_message(&tx, ENDING_COMPLETE, ACTION_ACCEPT);
		end(&box);
	}
}

struct race {
	struct box *box;
	int accepted;
};

static void *run_race(void *context)
{
	struct race *race = context;

	for (int i = 0; i < 20; i++) {
		struct transaction tx;

		begin_message(race->box, &tx, "alice");
		for (int n = 0; n < 10; n++)
			race->accepted += name_recipient(&tx, "<a@x.example>");
		end_message(&tx, ENDING_COMPLETE, ACTION_ACCEPT);
	}
	return NULL;
}

/* A hundred sessions at once: as many recipients as the limit lets, not one
 * more, while the timer saves. */
static void sessions_at_once_do_not_pass(void **state)
{
	struct race races[100];
	pthread_t threads[100];
	struct box box;
	int accepted = 0;

	(void)state;
	begin(&box, "bulk { preset_limits = no; snapshot = 1s; limits { "
	      "r { count = recipients; most = 5000; } } }");
	for (int i = 0; i < 100; i++) {
		races[i] = (struct race){ &box, 0 };
		assert_int_equal(pthread_create(&threads[i], NULL, run_race,
						&races[i]), 0);
	}
	for (int i = 0; i < 100; i++) {
		pthread_join(threads[i], NULL);
		accepted += races[i].accepted;
	}
	assert_int_equal(accepted, 5000);
	assert_int_equal(count_of(&box, "r", "alice"), 5000);
	end(&box);
}

/* At an orderly end all is on disk, and back at the next start. */
static void a_restart_forgets_nothing(void **state)
{
	struct transaction tx;
	struct box box;

	(void)state;
	begin(&box, RECIPIENTS);
	begin_message(&box, &tx, "alice");
	assert_true(name_recipient(&tx, "<a@x.example>"));
	end_message(&tx, ENDING_COMPLETE, ACTION_ACCEPT);
	bulk_close(&box.bulk);
	box.bulk = bulk_open(box.state, ref_current);
	assert_int_equal(count_of(&box, "r", "alice"), 1);
	end(&box);
}

static void without_bulk_all_is_let_through(void **state)
{
	struct transaction tx;
	struct box box;

	(void)state;
	begin(&box, RECIPIENTS);
	begin_message(&box, &tx, "alice");
	tx.bulk = NULL;
	for (int i = 0; i < 20; i++)
		assert_true(name_recipient(&tx, "<a@x.example>"));
	limitcheck_message(&tx);
	end_message(&tx, ENDING_COMPLETE, ACTION_ACCEPT);
	assert_int_equal(count_of(&box, "r", "alice"), 0);
	end(&box);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(only_what_was_accepted_counts),
	cmocka_unit_test(the_one_too_many_is_told_when),
	cmocka_unit_test(a_refused_recipient_is_given_back),
	cmocka_unit_test(a_message_is_one_for_each_domain),
	cmocka_unit_test(operators_raise_and_clear),
	cmocka_unit_test(exemptions_are_joined),
	cmocka_unit_test(limits_do_not_feed_each_other),
	cmocka_unit_test(keys_are_as_the_settings_say),
	cmocka_unit_test(sessions_at_once_do_not_pass),
	cmocka_unit_test(a_restart_forgets_nothing),
	cmocka_unit_test(without_bulk_all_is_let_through),
};

TAP_MAIN(tests)
