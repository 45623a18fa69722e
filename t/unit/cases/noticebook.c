#include <config.h>

#include "cases/noticebook.h"

#include "cases/noticebounce.h"

#include "unit/store/sample.h"

#define NOON (INT64_C(1795780800) * 1000000)
#define MINUTE INT64_C(60000000)

struct box {
	struct sample sample;
	struct state *state;
	struct arena arena;
};

static void begin(struct box *box)
{
	sample_begin(&box->sample, "");
	arena_init(&box->arena);
	box->state = state_open(box->sample.dir, STATE_CREATE, NULL);
	assert_non_null(box->state);
}

static void end(struct box *box)
{
	state_close(&box->state);
	arena_release(&box->arena);
	sample_end(&box->sample);
}

static struct notice_entry letter(uint32_t number, int64_t next_us)
{
	return (struct notice_entry){
		.id = { 2026, number }, .kind = NOTICE_KIND_WARNING,
		.state = NOTICE_STATE_WAITING, .command = CASE_COMMAND_WARN,
		.to = "a@b.c", .language = "en", .remark = "", .note = "n",
		.operator_name = "o", .why = "", .created_us = NOON,
		.next_us = next_us,
	};
}

static bool count_one(const struct notice_entry *entry, void *context)
{
	++*(unsigned *)context;
	assert_int_equal(entry->number, *(unsigned *)context);
	return true;
}

static unsigned count_of(struct box *box, uint32_t number)
{
	unsigned count = 0;

	assert_true(noticebook_each(box->state,
				    (struct case_id){ 2026, number },
				    count_one, &count, NULL));
	return count;
}

static void letters_are_kept_by_case(void **unused)
{
	struct notice_entry a = letter(1, NOON), b = a, other = letter(2, NOON);
	struct notice_entry got;
	struct box box;

	(void)unused;
	begin(&box);
	assert_true(noticebook_save(box.state, &a, NULL));
	assert_true(noticebook_save(box.state, &b, NULL));
	assert_true(noticebook_save(box.state, &other, NULL));
	assert_int_equal(a.number, 1);
	assert_int_equal(b.number, 2);
	assert_int_equal(other.number, 1);
	assert_memory_not_equal(a.token, b.token, sizeof a.token);
	assert_int_equal(count_of(&box, 1), 2);
	assert_int_equal(count_of(&box, 2), 1);
	assert_int_equal(count_of(&box, 3), 0);
	assert_true(noticebook_get(box.state, a.id, 2, &box.arena, &got));
	assert_memory_equal(got.token, b.token, sizeof got.token);
	assert_string_equal(got.to, "a@b.c");
	assert_int_equal(got.command, CASE_COMMAND_WARN);
	assert_false(noticebook_get(box.state, a.id, 3, &box.arena, &got));
	end(&box);
}

static void the_oldest_comes_first_and_once(void **unused)
{
	struct notice_entry late = letter(1, NOON + 2 * MINUTE);
	struct notice_entry early = letter(2, NOON + MINUTE), got, stale;
	struct box box;

	(void)unused;
	begin(&box);
	assert_true(noticebook_save(box.state, &late, NULL));
	assert_true(noticebook_save(box.state, &early, NULL));
	assert_false(noticebook_next(box.state, NOON, &box.arena, &got));
	assert_true(noticebook_next(box.state, NOON + 9 * MINUTE, &box.arena,
				    &got));
	assert_int_equal(got.id.number, 2);
	stale = got;
	assert_true(noticebook_claim(box.state, &got, NOON + 20 * MINUTE,
				     NULL));
	assert_false(noticebook_claim(box.state, &stale, NOON + 20 * MINUTE,
				      NULL));
	assert_true(noticebook_next(box.state, NOON + 9 * MINUTE, &box.arena,
				    &got));
	assert_int_equal(got.id.number, 1);
	got.state = NOTICE_STATE_SENT;
	assert_true(noticebook_save(box.state, &got, NULL));
	assert_false(noticebook_next(box.state, NOON + 9 * MINUTE, &box.arena,
				     &got));
	assert_false(noticebook_claim(box.state, &late, NOON, NULL));
	assert_true(noticebook_next(box.state, NOON + 20 * MINUTE, &box.arena,
				    &got));
	assert_int_equal(got.id.number, 2);
	end(&box);
}

/* As a disk that lies leaves it. */
static void spoil(struct box *box, const struct notice_entry *entry)
{
	const char key[] = { 'n', (char)(entry->id.year >> 8),
			     (char)entry->id.year, 0, 0, 0,
			     (char)entry->id.number, 0, 0, 0,
			     (char)entry->number };
	struct state_txn *txn = state_begin_write(box->state, NULL);

	assert_true(state_put(txn, STATE_NOTICES, span_of(key, sizeof key),
			      span_text("\xff\xff"), NULL));
	assert_true(state_commit(&txn, NULL));
}

static void one_that_cannot_be_read_holds_up_no_other(void **unused)
{
	struct notice_entry bad = letter(1, NOON), worse = letter(1, NOON + 1);
	struct notice_entry good = letter(2, NOON + MINUTE), got;
	g_autoptr(GPtrArray) apart = NULL, none = NULL;
	struct box box;

	(void)unused;
	begin(&box);
	assert_true(noticebook_save(box.state, &bad, NULL));
	assert_true(noticebook_save(box.state, &worse, NULL));
	assert_true(noticebook_save(box.state, &good, NULL));
	spoil(&box, &bad);
	spoil(&box, &worse);
	assert_true(noticebook_next(box.state, NOON + 9 * MINUTE, &box.arena,
				    &got));
	assert_int_equal(got.id.number, 2);
	apart = noticebook_apart(box.state, NULL);
	assert_int_equal(apart->len, 1);
	assert_string_equal(apart->pdata[0], "2026-0001");
	/* The next one takes the place of none; once it is sent all is well. */
	bad = letter(1, NOON);
	assert_true(noticebook_save(box.state, &bad, NULL));
	assert_int_equal(bad.number, 3);
	bad.state = NOTICE_STATE_SENT;
	assert_true(noticebook_save(box.state, &bad, NULL));
	none = noticebook_apart(box.state, NULL);
	assert_int_equal(none->len, 0);
	end(&box);
}

static bool count_token(const struct notice_entry *entry, void *context)
{
	assert_int_equal(entry->id.number, 17);
	assert_int_equal(entry->number, 3);
	assert_int_equal(entry->token[7], 0xef);
	++*(unsigned *)context;
	return true;
}

#define TOKEN "2026-0017.3.0123456789abcdef"

static void tokens_are_found(void **unused)
{
	static const struct { const char *mail; unsigned count; } mails[] = {
		{ "To: abuse+" TOKEN "@example.org\n\n", 1 },
		{ "to: x,\n abuse+" TOKEN "@example.org\n\nx\n", 1 },
		{ "Subject: " TOKEN "\n\n", 0 },
		{ "In-Reply-To:\n <" TOKEN "@x>\nReferences: <" TOKEN "@x>\n\n",
		  0 },
		{ "From: x\n\nMessage-ID: <" TOKEN "@x>\n", 1 },
		{ "From: x\r\n\r\n" TOKEN TOKEN "\n", 2 },
		{ "a\n\n2026-0017.3.0123456789abcde", 0 },
		{ "a\n\n2026-0017.3.0123456789abcdeg", 0 },
		{ "a\n\n2026-0017..0123456789abcdef", 0 },
		{ "a\n\n2026-0017.1234567.0123456789abcdef", 0 },
		{ "a\n\n2026-.3.0123456789abcdef 2026-0017.3", 0 },
		{ "a\n\n2026-", 0 }, { "", 0 }, { "\n", 0 },
	};

	(void)unused;
	for (size_t i = 0; i < COUNT_OF(mails); i++) {
		unsigned count = 0;

		noticebounce_each_token(span_text(mails[i].mail), count_token,
					&count);
		if (count != mails[i].count)
			fail_msg("%u: %s", count, mails[i].mail);
	}
}

static void a_token_is_what_it_was(void **unused)
{
	struct notice_entry entry = letter(1, NOON), got = { .number = 0 };
	char text[NOTICE_TOKEN_TEXT_MAX];
	struct span rest;

	(void)unused;
	entry.number = 12;
	memset(entry.token, 0xa5, sizeof entry.token);
	noticeform_token(&entry, text);
	assert_true(noticeform_find_token(span_text(text), &got, &rest));
	assert_int_equal(rest.len, 0);
	assert_int_equal(got.number, 12);
	assert_int_equal(got.id.year, 2026);
	assert_memory_equal(got.token, entry.token, sizeof got.token);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(letters_are_kept_by_case),
	cmocka_unit_test(the_oldest_comes_first_and_once),
	cmocka_unit_test(one_that_cannot_be_read_holds_up_no_other),
	cmocka_unit_test(tokens_are_found),
	cmocka_unit_test(a_token_is_what_it_was),
};

TAP_MAIN(tests)
