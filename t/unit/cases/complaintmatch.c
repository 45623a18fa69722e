#include <config.h>

#include "cases/complaintmatch.h"

#include "store/recorder.h"

#include "unit/store/sample.h"

static struct sample sample;
static struct arena arena;

static void write_one(struct recorder *recorder, const char *queue_id,
		      const char *from, const char *to, const char *client)
{
	const struct sample_mail mail = {
		.client = client, .account = from + 1, .from = from, .to = to,
		.queue_id = queue_id, .message_id = "<m@ours.example>",
	};

	assert_true(recorder_commit(recorder, sample_pack(&sample, &mail)));
}

static void begin(void)
{
	struct recorder *recorder;

	sample_begin(&sample, "");
	arena_init(&arena);
	recorder = recorder_open(sample.dir, sample.settings, NULL);
	assert_non_null(recorder);
	write_one(recorder, "Q1", "<a@ours.example>", "<x@a.example>",
		  "192.0.2.1");
	write_one(recorder, "Q1", "<b@ours.example>", "<y@a.example>",
		  "192.0.2.2");
	write_one(recorder, "Q2", "<c@ours.example>", "<z@a.example>",
		  "192.0.2.3");
	recorder_close(&recorder, 10000);
}

static void end(void)
{
	arena_release(&arena);
	sample_end(&sample);
}

static struct complaint complaint_of(const char *sender, const char *recipient,
				     const char *client)
{
	struct complaint complaint = {
		.kind = "abuse", .message_id = "", .sender = sender,
		.recipient = recipient,
	};

	assert_true(netaddr_parse(span_text(client), &complaint.hops[0]));
	complaint.hop_count = 1;
	return complaint;
}

static struct complaint_match find(const struct complaint *complaint,
				   struct complaint_search *search)
{
	struct complaint_match match;

	assert_true(complaintmatch_find(sample.dir, complaint, search, &arena,
					&match, NULL));
	return match;
}

static void a_queue_id_needs_another_fact(void **unused)
{
	static const struct { const char *from, *to, *client, *how, *account; }
	cases[] = {
		{ "b@ours.example", "", "203.0.113.1", "queue id, sender",
		  "b@ours.example>" },
		/* The sender is a better fact than the others. */
		{ "b@ours.example", "x@a.example", "192.0.2.1",
		  "queue id, sender", "b@ours.example>" },
		{ "", "x@a.example", "192.0.2.2", "queue id, recipient",
		  "a@ours.example>" },
		{ "q@ours.example", "q@a.example", "192.0.2.2",
		  "queue id, client", "b@ours.example>" },
		{ "c@ours.example", "z@a.example", "192.0.2.3", "", "" },
	};

	(void)unused;
	begin();
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct complaint complaint = complaint_of(
			cases[i].from, cases[i].to, cases[i].client);
		struct complaint_search search = { .until_us = 0 };
		struct complaint_match match;

		complaint.queue_ids[complaint.queue_id_count++] = "Q1";
		match = find(&complaint, &search);
		assert_true(search.is_over);
		assert_string_equal(match.how, cases[i].how);
		assert_string_equal(match.account, cases[i].account);
		assert_int_equal(match.record_count, *cases[i].how != 0);
	}
	end();
}

static void few_questions_are_asked(void **unused)
{
	struct complaint complaint = complaint_of("s@x", "r@x", "192.0.2.9");
	struct complaint_search search = { .until_us = 0 };

	(void)unused;
	begin();
	for (; complaint.hop_count < COMPLAINT_HOPS_MAX; complaint.hop_count++)
		complaint.hops[complaint.hop_count] = complaint.hops[0];
	while (complaint.queue_id_count < COMPLAINT_HOPS_MAX)
		complaint.queue_ids[complaint.queue_id_count++] = "Q2";
	assert_int_equal(find(&complaint, &search).record_count, 0);
	assert_true(search.is_over);
	assert_int_equal(search.asked, 18);
	end();
}

/* However little time there is, each call comes one question further. */
static void it_goes_on_where_it_was(void **unused)
{
	struct complaint complaint = complaint_of("c@ours.example", "", "::1");
	struct complaint_search search = { .until_us = 1 };
	struct complaint_match match;

	(void)unused;
	begin();
	complaint.queue_ids[complaint.queue_id_count++] = "Q1";
	complaint.queue_ids[complaint.queue_id_count++] = "Q2";
	for (int round = 0; round < 2; round++) {
		for (size_t i = 1; i < 3; i++) {
			match = find(&complaint, &search);
			assert_false(search.is_over);
			assert_int_equal(search.asked, i);
			assert_int_equal(match.record_count, 0);
		}
		match = find(&complaint, &search);
		assert_true(search.is_over);
		assert_string_equal(match.how, "queue id, sender");
	}
	end();
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_queue_id_needs_another_fact),
	cmocka_unit_test(few_questions_are_asked),
	cmocka_unit_test(it_goes_on_where_it_was),
};

TAP_MAIN(tests)
