#include <config.h>

#include "store/eraser.h"

#include "store/chain.h"
#include "store/day.h"
#include "store/erasure.h"
#include "store/holds.h"
#include "store/recordview.h"
#include "store/sealwrite.h"
#include "store/storeerror.h"
#include "unit/store/sample.h"

#define FIRST_DAY 20000
#define RECORDS 300		/* a day; there are two sealed ones and an open one */

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

static void begin(struct place *place)
{
	struct segment_head head = { .sequence = 0 };
	struct sealkey *key;

	sample_begin(&place->sample, "");
	place->dir = g_build_filename(place->sample.dir, "records", NULL);
	g_mkdir(place->dir, 0700);
	place->state = state_open(place->sample.dir, STATE_CREATE, NULL);
	assert_true(sealkey_ensure(place->sample.dir, NULL));
	key = sealkey_open(place->sample.dir, NULL);
	for (int64_t day = FIRST_DAY; day < FIRST_DAY + 3; day++) {
		g_autofree char *path = day_path(place->dir, day);
		const struct sealwrite how = {
			.records_dir = place->dir, .day = day, .key = key,
		};
		struct segment_facts facts;
		struct segment *segment;
		struct seal seal;

		clock_set_us(day_begin_us(day) + 1000000);
		assert_true(segment_create(path, &head, NULL));
		segment = segment_open(path, SEGMENT_WRITE, 1 << 26, NULL);
		for (unsigned n = 0; n < RECORDS; n++) {
			struct packed_record *record = record_of(place, n);

			assert_true(segment_append(segment, &record, 1, NULL));
			recordform_free(record);
		}
		assert_true(segment_facts(segment, &facts, NULL));
		head = facts.head;
		segment_close(&segment);
		if (day < FIRST_DAY + 2)
			assert_true(sealwrite_day(&how, &seal, NULL));
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
	assert_true(run(&place, &asked[0], false, &result, NULL));
	assert_int_equal(result.erased, 2 * RECORDS / 10);
	assert_int_equal(result.days, 2);
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
		assert_true(holds_release(place.state, "case", &was_there,
					  NULL));
	}
	expect_whole(&place, 0);
	end(&place);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_sender),
	cmocka_unit_test(nothing_in_the_dictionary),
	cmocka_unit_test(what_is_not_known),
	cmocka_unit_test(a_recipient),
	cmocka_unit_test(what_is_held_stays),
};

TAP_MAIN(tests)
