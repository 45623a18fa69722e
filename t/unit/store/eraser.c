#include <config.h>

#include "store/eraser.h"

#include "store/chain.h"
#include "store/day.h"
#include "store/erasure.h"
#include "store/holds.h"
#include "store/recordview.h"
#include "store/sealfiles.h"
#include "store/sealwrite.h"
#include "store/storeerror.h"
#include "unit/store/sample.h"

#define FIRST_DAY 20000
#define RECORDS 300		/* a day; there are two sealed ones and an
				 * open one */

struct place {
	struct sample sample;
	char *dir;
	struct state *state;
};

/* Every tenth is alice's, and every 15th bob's. */
static struct packed_record *record_of(const struct place *place, unsigned n)
{
	const struct sample_mail mail = {
		.client = n % 10 ? "192.0.2.1" : "192.0.2.77",
		.account = n % 10 ? NULL : "alice",
		.from = n % 10 ? "<carol@example.net>" : "<alice@example.net>",
		.to = n % 15 ? "<dave@example.org>" : "<bob@example.org>",
		.message_id = n % 10 ? "<c@example.net>" : "<a@example.net>",
		.queue_id = n % 10 ? "CAROL" : "ALICE",
		.action = n % 10 ? ACTION_ACCEPT : ACTION_REJECT,
	};

	return sample_pack(&place->sample, &mail);
}

/* Sealed when there is a key. head: of the day before, and then of this. */
static void write_day(const struct place *place, int64_t day,
		      struct packed_record **records, size_t count,
		      struct segment_head *head, const struct sealkey *key)
{
	g_autofree char *path = day_path(place->dir, day);
	const struct sealwrite how = {
		.records_dir = place->dir, .day = day, .key = key,
	};
	struct segment_facts facts;
	struct segment *segment;
	struct seal seal;

	assert_true(segment_create(path, head, NULL));
	segment = segment_open(path, SEGMENT_WRITE, 1 << 26, NULL);
	assert_true(segment_append(segment, records, count, NULL));
	for (size_t i = 0; i < count; i++)
		recordform_free(records[i]);
	assert_true(segment_facts(segment, &facts, NULL));
	*head = facts.head;
	segment_close(&segment);
	if (key)
		assert_true(sealwrite_day(&how, &seal, NULL));
}

static struct sealkey *begin_place(struct place *place)
{
	sample_begin(&place->sample, "");
	place->dir = g_build_filename(place->sample.dir, "records", NULL);
	g_mkdir(place->dir, 0700);
	place->state = state_open(place->sample.dir, STATE_CREATE, NULL);
	assert_true(sealkey_ensure(place->sample.dir, NULL));
	return sealkey_open(place->sample.dir, NULL);
}

static void begin(struct place *place)
{
	struct segment_head head = { .sequence = 0 };
	struct sealkey *key = begin_place(place);

	for (int64_t day = FIRST_DAY; day < FIRST_DAY + 3; day++) {
		struct packed_record *records[RECORDS];

		clock_set_us(day_begin_us(day) + 1000000);
		for (unsigned n = 0; n < RECORDS; n++)
			records[n] = record_of(place, n);
		write_day(place, day, records, RECORDS, &head,
			  day < FIRST_DAY + 2 ? key : NULL);
	}
	sealkey_close(&key);
}

static void end(struct place *place)
{
	clock_set_us(0);
	state_close(&place->state);
	g_free(place->dir);
	sample_end(&place->sample);
}

static bool is_anywhere(const Reeve__Record *record, const char *word)
{
	g_autofree uint8_t *bytes = g_malloc(
		reeve__record__get_packed_size(record));
	size_t len = reeve__record__pack(record, bytes);

	return memmem(bytes, len, word, strlen(word)) != NULL;
}

struct looking {
	const char *word;		/* that must not be there */
	unsigned erased, count;
};

static bool look(const struct search_hit *hit, void *context)
{
	struct looking *looking = context;

	looking->count++;
	if (hit->record->erased) {
		looking->erased++;
		assert_false(is_anywhere(hit->record, looking->word));
		assert_true(hit->record->id != 0);
		if (strcmp(looking->word, "alice") == 0)
			assert_int_equal(recordview_action(hit->record),
					 ACTION_REJECT);
	}
	return true;
}

static struct looking search(const struct place *place,
			     const struct search_query *query,
			     const char *word)
{
	struct looking looking = { .word = word };
	struct search_result result;

	assert_true(search_run(place->sample.dir, query, look, &looking,
			       &result, NULL));
	assert_int_equal(result.problems->len, 0);
	search_result_release(&result);
	return looking;
}

static void expect_whole(const struct place *place, unsigned erased)
{
	const struct chain_query query = {
		.since_day = INT64_MIN, .until_day = INT64_MAX, .threads = 1,
	};
	g_autoptr(GArray) days = chain_verify(place->dir, &query, NULL);
	uint64_t all = 0;

	for (guint i = 0; i < days->len; i++) {
		const struct chain_day *day = &g_array_index(
			days, struct chain_day, i);

		if (day->problem)
			fail_msg("%s", day->problem);
		assert_int_equal(day->records, RECORDS);
		all += day->erased;
	}
	assert_int_equal(all, erased);
}

static bool run(const struct place *place, const struct search_query *query,
		bool is_dry, struct eraser_result *result, GError **error)
{
	const struct eraser_order order = {
		.state_dir = place->sample.dir, .state = place->state,
		.query = query, .operator_name = "op", .reason = "why",
		.is_dry = is_dry,
	};

	return eraser_run(&order, result, error);
}

static void a_sender(void **state)
{
	static const struct search_query asked[] = {
		{ .sender = "alice@example.net" }, { .account = "alice" },
		{ .message_id = "<a@example.net>" }, { .queue_id = "ALICE" },
	};
	const struct search_query all = { .kind = RECORD_ANY };
	struct place place;
	struct eraser_result result;
	struct looking looking;

	(void)state;
	begin(&place);
	for (size_t i = 0; i < COUNT_OF(asked); i++)
		assert_int_equal(search(&place, &asked[i], "").count,
				 3 * RECORDS / 10);
	assert_true(run(&place, &asked[0], true, &result, NULL));
	assert_int_equal(result.found, 3 * RECORDS / 10);
	assert_int_equal(result.unsealed, RECORDS / 10);
	assert_int_equal(result.erased, 0);
	eraser_result_release(&result);
	assert_true(run(&place, &asked[0], false, &result, NULL));
	assert_int_equal(result.erased, 2 * RECORDS / 10);
	assert_int_equal(result.done->len, 2);
	assert_int_equal(result.left->len, 0);
	eraser_result_release(&result);
	expect_whole(&place, 2 * RECORDS / 10);
	looking = search(&place, &all, "alice");
	assert_int_equal(looking.count, 3 * RECORDS);
	assert_int_equal(looking.erased, 2 * RECORDS / 10);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(search(&place, &asked[i], "").count,
				 RECORDS / 10);
	/* What is not a person's still leads to it. */
	assert_int_equal(search(&place, &asked[3], "alice").count,
			 3 * RECORDS / 10);
	end(&place);
}

static bool has_word(const struct place *place, int64_t day, const char *word)
{
	g_autofree char *path = day_path(place->dir, day);
	g_autofree char *bytes = NULL;
	gsize len;

	assert_true(g_file_get_contents(path, &bytes, &len, NULL));
	return memmem(bytes, len, word, strlen(word)) != NULL;
}

/* Nor may the words be in what helps to compress the other records. */
static void nothing_in_the_dictionary(void **state)
{
	const struct search_query alice = { .sender = "alice@example.net" };
	struct place place;
	struct eraser_result result;

	(void)state;
	begin(&place);
	assert_true(has_word(&place, FIRST_DAY, "alice"));
	assert_true(run(&place, &alice, false, &result, NULL));
	assert_int_equal(result.erased, 2 * RECORDS / 10);
	eraser_result_release(&result);
	for (int64_t day = FIRST_DAY; day < FIRST_DAY + 2; day++)
		assert_false(has_word(&place, day, "alice"));
	end(&place);
}

/* What a newer program wrote of him goes, wherever it stands. */
static void what_is_not_known(void **state)
{
	const struct search_query bob = { .recipient = "bob@example.org" };
	ProtobufCMessageUnknownField newer = {
		.tag = 900, .wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
		.len = 5, .data = (uint8_t *)"\4nick",
	};
	Reeve__Record record = REEVE__RECORD__INIT;
	Reeve__Message message = REEVE__MESSAGE__INIT;
	Reeve__Recipient rcpt = REEVE__RECIPIENT__INIT, *rcpts[] = { &rcpt };
	Reeve__Outcome outcome = REEVE__OUTCOME__INIT;
	g_autoptr(GByteArray) out = g_byte_array_new();
	g_autofree uint8_t *bytes = NULL;
	struct querymatch match;
	const struct erasure erasure = { &match, 1 };
	size_t len;

	(void)state;
	record.message = &message;
	message.recipients = rcpts;
	message.n_recipients = 1;
	message.outcome = &outcome;
	rcpt.has_address = 1;
	rcpt.address.data = (uint8_t *)"bob@example.org";
	rcpt.address.len = strlen("bob@example.org");
	rcpt.base.unknown_fields = outcome.base.unknown_fields = &newer;
	rcpt.base.n_unknown_fields = outcome.base.n_unknown_fields = 1;
	bytes = g_malloc(reeve__record__get_packed_size(&record));
	len = reeve__record__pack(&record, bytes);
	assert_non_null(memmem(bytes, len, "nick", 4));
	querymatch_init(&match, &bob);
	assert_true(erasure_apply(&erasure, span_of((const char *)bytes, len),
				  out));
	assert_null(memmem(out->data, out->len, "nick", 4));
	querymatch_release(&match);
}

/* Who sent it to bob is not forgotten with him, nor who else got it. */
static void a_recipient(void **state)
{
	const struct search_query bob = { .recipient = "bob@example.org" };
	const struct search_query carol = { .sender = "carol@example.net" };
	struct place place;
	struct eraser_result result;
	unsigned before;

	(void)state;
	begin(&place);
	before = search(&place, &carol, "bob").count;
	assert_true(run(&place, &bob, false, &result, NULL));
	assert_int_equal(result.erased, 2 * RECORDS / 15);
	eraser_result_release(&result);
	assert_int_equal(search(&place, &bob, "bob").count, RECORDS / 15);
	assert_int_equal(search(&place, &carol, "bob").count, before);
	expect_whole(&place, 2 * RECORDS / 15);
	end(&place);
}

static void what_is_held_stays(void **state)
{
	const struct search_query alice = { .account = "alice" };
	static const struct { struct hold hold; bool is_held; } cases[] = {
		{ { .since_day = FIRST_DAY, .until_day = FIRST_DAY }, true },
		{ { .since_day = FIRST_DAY, .until_day = INT64_MAX,
		    .sender = "alice@example.net" }, true },
		{ { .since_day = INT64_MIN, .until_day = INT64_MAX,
		    .client = "192.0.2.64/26", .account = "alice" }, true },
		{ { .since_day = INT64_MIN, .until_day = INT64_MAX,
		    .account = "carol" }, false },
		{ { .since_day = FIRST_DAY + 9, .until_day = INT64_MAX,
		    .account = "alice" }, false },
	};
	struct place place;
	struct eraser_result result;

	(void)state;
	begin(&place);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct hold hold = cases[i].hold;
		g_autoptr(GError) why = NULL;
		bool was_there;

		hold.name = "case";
		assert_true(holds_add(place.state, &hold, NULL));
		assert_int_equal(run(&place, &alice, true, &result,
					  &why),
				 !cases[i].is_held);
		if (why)
			assert_int_equal(why->code, STORE_ERROR_INVALID);
		eraser_result_release(&result);
		assert_true(holds_release(place.state, "case", &was_there,
					  NULL));
	}
	expect_whole(&place, 0);
	end(&place);
}

/* Session n: alice sends as many messages of it, and carol the others. */
static const struct { const char *id; unsigned alice, carol; bool is_erased; }
sessions[] = {
	{ "00000000000S1", 2, 0, true }, { "00000000000S2", 1, 1, false },
	{ "00000000000S3", 0, 2, false }, { "00000000000S4", 1, 0, true },
};

static struct packed_record *mail_of(const struct place *place,
				     const char *session_id, const char *from)
{
	struct session_facts session = { .messages = 1 };
	struct packed_record *packed;
	struct transaction tx;

	g_strlcpy(session.id, session_id, sizeof session.id);
	transaction_init(&tx, place->sample.settings, &session);
	record_id_new(tx.id);
	tx.began_us = tx.ended_us = clock_now_us();
	tx.ending = ENDING_COMPLETE;
	tx.sender = mailaddr_parse(span_text(from), &tx.arena);
	tx.outcome.action = ACTION_ACCEPT;
	packed = recordform_pack_message(&tx);
	transaction_release(&tx);
	return packed;
}

static struct packed_record *session_of(const char *id, unsigned messages)
{
	struct session_facts facts = {
		.messages = messages, .began_us = clock_now_us(),
		.ended_us = clock_now_us(), .last_login = "login",
		.client = { .kind = CLIENT_INET, .helo = "helo" },
	};

	g_strlcpy(facts.id, id, sizeof facts.id);
	assert_true(netaddr_parse(span_text("192.0.2.9"), &facts.client.addr));
	return recordform_pack_session(&facts);
}

/* The mail of the four in one day, their ends in the next. */
static void begin_sessions(struct place *place, bool is_sealed)
{
	struct segment_head head = { .sequence = 0 };
	struct packed_record *records[2][8];
	struct sealkey *key = begin_place(place);
	size_t count = 0;

	clock_set_us(day_begin_us(FIRST_DAY) + 1000000);
	for (size_t i = 0; i < COUNT_OF(sessions); i++) {
		for (unsigned n = 0; n < sessions[i].alice; n++)
			records[0][count++] = mail_of(place, sessions[i].id,
						      "<alice@example.net>");
		for (unsigned n = 0; n < sessions[i].carol; n++)
			records[0][count++] = mail_of(place, sessions[i].id,
						      "<carol@example.net>");
		records[1][i] = session_of(sessions[i].id, sessions[i].alice +
							   sessions[i].carol);
	}
	write_day(place, FIRST_DAY, records[0], count, &head, key);
	write_day(place, FIRST_DAY + 1, records[1], COUNT_OF(sessions), &head,
		  is_sealed ? key : NULL);
	sealkey_close(&key);
}

static bool look_at_session(const struct search_hit *hit, void *context)
{
	char id[RECORD_ID_SIZE];

	recordview_id(hit->record, id);
	for (size_t i = 0; i < COUNT_OF(sessions); i++) {
		bool is_erased = hit->record->erased != NULL;

		if (strcmp(id, sessions[i].id) != 0)
			continue;
		++*(unsigned *)context;
		assert_int_equal(is_erased, sessions[i].is_erased);
		assert_int_equal(hit->record->client->has_address, !is_erased);
		assert_int_equal(hit->record->session->has_last_login,
				 !is_erased);
	}
	return true;
}

static void sessions_of_his_go_too(void **state)
{
	const struct search_query alice = { .sender = "alice@example.net" };
	const struct search_query all = { .kind = RECORD_SESSION };
	struct search_result found;
	struct place place;
	struct eraser_result result;
	unsigned count = 0;

	(void)state;
	begin_sessions(&place, true);
	assert_true(run(&place, &alice, false, &result, NULL));
	assert_int_equal(result.found, 6);
	assert_int_equal(result.sessions, 2);
	assert_int_equal(result.shared, 1);
	assert_int_equal(result.late->len, 0);
	assert_int_equal(result.erased, 6);
	assert_int_equal(g_array_index(result.done, int64_t, 0),
			 FIRST_DAY + 1);
	eraser_result_release(&result);
	assert_true(search_run(place.sample.dir, &all, look_at_session, &count,
			       &found, NULL));
	assert_int_equal(count, COUNT_OF(sessions));
	search_result_release(&found);
	end(&place);
}

static void those_of_today_are_named(void **state)
{
	struct search_query asked = { .sender = "alice@example.net" };
	const struct search_query all = { .kind = RECORD_SESSION };
	struct place place;
	struct eraser_result result;
	struct sealkey *key;
	struct seal seal;
	struct search_result found;
	uint64_t late[2];
	unsigned count = 0;

	(void)state;
	begin_sessions(&place, false);
	assert_true(run(&place, &asked, false, &result, NULL));
	assert_int_equal(result.unsealed, 2);
	assert_int_equal(result.late->len, 2);
	memcpy(late, result.late->data, sizeof late);
	eraser_result_release(&result);
	key = sealkey_open(place.sample.dir, NULL);
	assert_true(sealwrite_day(&(struct sealwrite){
		.records_dir = place.dir, .day = FIRST_DAY + 1, .key = key,
	}, &seal, NULL));
	sealkey_close(&key);
	asked.sender = NULL;
	for (size_t i = 0; i < COUNT_OF(late); i++) {
		asked.session = late[i];
		assert_true(run(&place, &asked, false, &result, NULL));
		assert_int_equal(result.late->len, 0);
		eraser_result_release(&result);
	}
	assert_true(search_run(place.sample.dir, &all, look_at_session, &count,
			       &found, NULL));
	assert_int_equal(count, COUNT_OF(sessions));
	search_result_release(&found);
	end(&place);
}

/* Somebody is at work on a sealed day. */
static void what_is_done_is_told(void **state)
{
	const struct search_query alice = { .sender = "alice@example.net" };
	struct place place;
	struct eraser_result result;
	g_autoptr(GError) why = NULL;
	int lock;

	(void)state;
	begin(&place);
	lock = sealfiles_lock(place.dir, NULL);
	assert_false(run(&place, &alice, false, &result, &why));
	assert_int_equal(why->code, STORE_ERROR_BUSY);
	assert_int_equal(result.done->len, 0);
	assert_int_equal(result.left->len, 2);
	assert_int_equal(g_array_index(result.left, int64_t, 0),
			 FIRST_DAY + 1);
	sealfiles_unlock(lock);
	eraser_result_release(&result);
	expect_whole(&place, 0);
	assert_true(run(&place, &alice, false, &result, NULL));
	assert_int_equal(result.done->len, 2);
	assert_int_equal(result.ids->len, 3 * RECORDS / 10);
	eraser_result_release(&result);
	end(&place);
}

/* Puts something on hold as soon as the older day is being written. */
static gpointer hold_late(gpointer context)
{
	const struct place *place = context;
	g_autofree char *fresh = sealfiles_path(place->dir, FIRST_DAY,
						SEALFILES_FRESH);
	const struct hold hold = {
		.name = "late", .since_day = INT64_MIN, .until_day = INT64_MAX,
		.account = "alice",
	};

	while (!g_file_test(fresh, G_FILE_TEST_EXISTS))
		g_thread_yield();
	assert_true(holds_add(place->state, &hold, NULL));
	return NULL;
}

/* True: it came before the older day was done, and that stayed as it was. */
static bool is_stopped_by_a_hold(void)
{
	const struct search_query alice = { .sender = "alice@example.net" };
	struct place place;
	struct eraser_result result;
	g_autoptr(GError) why = NULL;
	GThread *thread;
	bool is_done;

	begin(&place);
	thread = g_thread_new("late", hold_late, &place);
	is_done = run(&place, &alice, false, &result, &why);
	g_thread_join(thread);
	if (!is_done)
		assert_int_equal(why->code, STORE_ERROR_INVALID);
	assert_int_equal(result.done->len, is_done ? 2 : 1);
	assert_int_equal(result.left->len, is_done ? 0 : 1);
	expect_whole(&place, result.done->len * RECORDS / 10);
	eraser_result_release(&result);
	end(&place);
	return !is_done;
}

static void a_hold_that_comes_late_counts(void **state)
{
	bool is_stopped = false;

	(void)state;
	for (int i = 0; i < 50 && !is_stopped; i++)
		is_stopped = is_stopped_by_a_hold();
	assert_true(is_stopped);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_sender),
	cmocka_unit_test(sessions_of_his_go_too),
	cmocka_unit_test(those_of_today_are_named),
	cmocka_unit_test(what_is_done_is_told),
	cmocka_unit_test(a_hold_that_comes_late_counts),
	cmocka_unit_test(nothing_in_the_dictionary),
	cmocka_unit_test(what_is_not_known),
	cmocka_unit_test(a_recipient),
	cmocka_unit_test(what_is_held_stays),
};

TAP_MAIN(tests)
