#include <config.h>

#include "store/expiry.h"

#include "store/chain.h"
#include "store/day.h"
#include "store/sealwrite.h"
#include "store/storeerror.h"
#include "unit/store/sample.h"
#include "unit/store/spoil.h"

#define FIRST_DAY 20000
#define DAYS 6			/* the last one is open */
#define RECORDS 40		/* a day; a quarter of them alice's */

/* So many records of the third file ended on the first day. */
static unsigned late;
#define LATE_DAY (FIRST_DAY + 2)

struct place {
	struct sample sample;
	char *dir;
	struct state *state;
	struct sealkey *key;
	struct expiry *expiry;
};

static struct packed_record *record_of(const struct place *place, unsigned n)
{
	const struct sample_mail mail = {
		.client = "192.0.2.1", .account = n % 4 ? "bob" : "alice",
		.from = "<s@example.net>", .to = "<r@example.org>",
	};

	return sample_pack(&place->sample, &mail);
}

static struct segment_head make_day(const struct place *place, int64_t day,
				    const struct segment_head *before)
{
	g_autofree char *path = day_path(place->dir, day);
	struct segment_facts facts;
	struct segment *segment;

	assert_true(segment_create(path, before, NULL));
	segment = segment_open(path, SEGMENT_WRITE, 1 << 26, NULL);
	for (unsigned n = 0; n < RECORDS; n++) {
		bool is_late = day == LATE_DAY && n < late;
		struct packed_record *record;

		clock_set_us(day_begin_us(is_late ? FIRST_DAY : day) + 1000000);
		record = record_of(place, n);
		assert_true(segment_append(segment, &record, 1, NULL));
		recordform_free(record);
	}
	assert_true(segment_facts(segment, &facts, NULL));
	segment_close(&segment);
	return facts.head;
}

static void begin(struct place *place, int sealed_days)
{
	struct segment_head head = { .sequence = 0 };

	sample_begin(&place->sample, "");
	place->dir = g_build_filename(place->sample.dir, "records", NULL);
	g_mkdir(place->dir, 0700);
	place->state = state_open(place->sample.dir, STATE_CREATE, NULL);
	assert_true(sealkey_ensure(place->sample.dir, NULL));
	place->key = sealkey_open(place->sample.dir, NULL);
	place->expiry = expiry_new(place->dir);
	for (int64_t day = FIRST_DAY; day < FIRST_DAY + DAYS; day++) {
		const struct sealwrite how = {
			.records_dir = place->dir, .day = day,
			.key = place->key,
		};
		struct seal seal;

		head = make_day(place, day, &head);
		if (day < FIRST_DAY + sealed_days)
			assert_true(sealwrite_day(&how, &seal, NULL));
	}
}

static void end(struct place *place)
{
	clock_set_us(0);
	expiry_free(place->expiry);
	sealkey_close(&place->key);
	state_close(&place->state);
	g_free(place->dir);
	sample_end(&place->sample);
}

static void hold(const struct place *place, const char *name, int64_t since,
		 int64_t until, const char *account)
{
	const struct hold made = {
		.name = name, .since_day = since, .until_day = until,
		.account = account,
	};

	assert_true(holds_add(place->state, &made, NULL));
}

/* A day is kept for two more, and it is that day. */
static struct expiry_result run(const struct place *place, int64_t day)
{
	g_autoptr(GError) why = NULL;
	struct expiry_result result;
	struct holdset *held = holdset_load(place->state, NULL);
	const struct expiry_terms terms = {
		.keep_ms = 2 * DAY_US / 1000, .now_us = day_begin_us(day),
		.held = held, .key = place->key,
	};

	assert_non_null(held);
	if (!expiry_run(place->expiry, &terms, &result, &why))
		fail_msg("%s", why->message);
	holdset_free(&held);
	return result;
}

static guint days_left(const struct place *place)
{
	g_autoptr(GArray) days = day_list(place->dir, NULL);

	return days->len;
}

/* Records of a day; -1: it is gone. All that is there is as it should be. */
static int records_of(const struct place *place, int64_t wanted)
{
	const struct chain_query query = {
		.since_day = INT64_MIN, .until_day = INT64_MAX,
		.kept_day = FIRST_DAY + DAYS, .threads = 1,
	};
	g_autoptr(GArray) days = chain_verify(place->dir, &query, NULL);
	int count = -1;

	for (guint i = 0; i < days->len; i++) {
		const struct chain_day *day = &g_array_index(
			days, struct chain_day, i);

		if (day->problem)
			fail_msg("%d: %s", (int)(day->day - FIRST_DAY),
				 day->problem);
		if (day->day == wanted)
			count = (int)day->records;
	}
	return count;
}

static void at_their_term(void **state)
{
	g_autoptr(GDir) folder = NULL;
	struct place place;

	(void)state;
	begin(&place, DAYS - 1);
	assert_int_equal(run(&place, FIRST_DAY + 2).days, 0);
	assert_int_equal(run(&place, FIRST_DAY + 3).days, 1);
	assert_int_equal(records_of(&place, FIRST_DAY), -1);
	assert_int_equal(records_of(&place, FIRST_DAY + 1), RECORDS);
	assert_int_equal(run(&place, FIRST_DAY + 3).days, 0);
	assert_int_equal(run(&place, FIRST_DAY + 5).days, 2);
	/* The newest stays whatever its age. */
	assert_int_equal(run(&place, FIRST_DAY + 500).days, 2);
	assert_int_equal(days_left(&place), 1);
	assert_int_equal(records_of(&place, FIRST_DAY + DAYS - 1), RECORDS);
	/* And nothing of the others. */
	folder = g_dir_open(place.dir, 0, NULL);
	for (const char *name; (name = g_dir_read_name(folder));)
		if (g_str_has_suffix(name, ".seal"))
			fail_msg("%s", name);
	end(&place);
}

static void whole_days_are_held(void **state)
{
	struct place place;
	bool was_there;

	(void)state;
	begin(&place, DAYS - 1);
	hold(&place, "a", FIRST_DAY + 1, FIRST_DAY + 2, NULL);
	assert_int_equal(run(&place, FIRST_DAY + 500).days, 3);
	assert_int_equal(records_of(&place, FIRST_DAY + 1), RECORDS);
	assert_int_equal(records_of(&place, FIRST_DAY + 2), RECORDS);
	assert_true(holds_release(place.state, "a", &was_there, NULL));
	assert_int_equal(run(&place, FIRST_DAY + 500).days, 2);
	end(&place);
}

static void some_records_are_held(void **state)
{
	struct expiry_result result;
	struct place place;
	bool was_there;

	(void)state;
	begin(&place, DAYS - 1);
	hold(&place, "alice", FIRST_DAY + 1, FIRST_DAY + 2, "alice");
	hold(&place, "bob", FIRST_DAY + 2, FIRST_DAY + 2, "bob");
	hold(&place, "carol", INT64_MIN, INT64_MAX, "carol");
	result = run(&place, FIRST_DAY + 500);
	assert_int_equal(result.days, 3);
	assert_int_equal(result.thinned, 1);
	assert_int_equal(records_of(&place, FIRST_DAY + 1), RECORDS / 4);
	assert_int_equal(records_of(&place, FIRST_DAY + 2), RECORDS);
	/* It is not done again and again. */
	result = run(&place, FIRST_DAY + 501);
	assert_int_equal(result.days + result.thinned, 0);
	expiry_free(place.expiry);
	place.expiry = expiry_new(place.dir);
	result = run(&place, FIRST_DAY + 501);
	assert_int_equal(result.days + result.thinned, 0);
	/* When one hold ends, the other one's stay. */
	assert_true(holds_release(place.state, "bob", &was_there, NULL));
	result = run(&place, FIRST_DAY + 501);
	assert_int_equal(result.thinned, 1);
	assert_int_equal(records_of(&place, FIRST_DAY + 2), RECORDS / 4);
	assert_true(holds_release(place.state, "alice", &was_there, NULL));
	assert_int_equal(run(&place, FIRST_DAY + 501).days, 2);
	assert_int_equal(days_left(&place), 1);
	end(&place);
}

/* Else what is held would go with what cannot be read. */
static void a_damaged_day_that_may_be_held_stays(void **state)
{
	g_autofree char *path = NULL;
	g_autoptr(GError) why = NULL;
	struct expiry_result result;
	struct holdset *held;
	struct place place;

	(void)state;
	begin(&place, DAYS - 1);
	hold(&place, "alice", FIRST_DAY + 1, FIRST_DAY + 1, "alice");
	path = day_path(place.dir, FIRST_DAY + 1);
	spoil_table(path, "records", 0);
	held = holdset_load(place.state, NULL);
	assert_false(expiry_run(place.expiry, &(struct expiry_terms){
			.keep_ms = 2 * DAY_US / 1000, .held = held,
			.now_us = day_begin_us(FIRST_DAY + 500),
			.key = place.key }, &result, &why));
	assert_int_equal(why->code, STORE_ERROR_DAMAGED);
	holdset_free(&held);
	assert_int_equal(result.days, DAYS - 2);
	assert_int_equal(days_left(&place), 2);
	end(&place);
}

/* As when the clock had been ahead: then records go to the day
 * that was begun. */
static void records_of_a_held_day_lie_in_a_later_file(void **state)
{
	struct expiry_result result;
	struct place place;
	bool was_there;

	(void)state;
	late = 10;
	begin(&place, DAYS - 1);
	late = 0;
	hold(&place, "a", FIRST_DAY, FIRST_DAY, NULL);
	result = run(&place, FIRST_DAY + 500);
	assert_int_equal(result.days, 3);
	assert_int_equal(result.thinned, 1);
	assert_int_equal(records_of(&place, FIRST_DAY), RECORDS);
	assert_int_equal(records_of(&place, LATE_DAY), 10);
	assert_true(holds_release(place.state, "a", &was_there, NULL));
	hold(&place, "alice", INT64_MIN, FIRST_DAY, "alice");
	result = run(&place, FIRST_DAY + 500);
	assert_int_equal(result.thinned, 2);
	assert_int_equal(records_of(&place, LATE_DAY), 3);
	end(&place);
}

static void a_day_that_is_not_sealed_waits(void **state)
{
	struct expiry_result result;
	struct place place;

	(void)state;
	begin(&place, 0);
	hold(&place, "carol", INT64_MIN, INT64_MAX, "carol");
	result = run(&place, FIRST_DAY + 500);
	assert_int_equal(result.days + result.thinned, 0);
	assert_int_equal(days_left(&place), DAYS);
	end(&place);
}

static void what_a_crash_leaves_goes(void **state)
{
	g_autofree char *path = NULL, *seal = NULL, *lock = NULL;
	struct place place;

	(void)state;
	begin(&place, DAYS - 1);
	path = day_path(place.dir, FIRST_DAY);
	seal = day_seal_path(path);
	lock = g_strconcat(path, "-lock", NULL);
	assert_int_equal(g_unlink(path), 0);
	assert_true(g_file_set_contents(lock, "", 0, NULL));
	assert_int_equal(run(&place, FIRST_DAY).days, 0);
	assert_false(g_file_test(seal, G_FILE_TEST_EXISTS));
	assert_false(g_file_test(lock, G_FILE_TEST_EXISTS));
	assert_int_equal(days_left(&place), DAYS - 1);
	end(&place);
}

static void a_clock_that_leaps(void **state)
{
	static const struct {
		int64_t days[6];	/* 0 ends them */
		int64_t today, keep_days, before;	/* before 0: steady */
	} cases[] = {
		{ { 0 }, 900, 60, 0 },
		{ { 900 }, 900, 60, 0 },
		{ { 898, 899, 900 }, 900, 60, 0 },
		{ { 892, 893, 900 }, 900, 60, 0 },
		{ { 891, 892, 900 }, 900, 60, 892 },
		{ { 891, 892 }, 900, 60, 892 },		/* not begun yet */
		{ { 1, 2, 898, 899, 900 }, 900, 60, 2 },
		{ { 1, 2, 897, 898, 899, 900 }, 900, 60, 0 },
		{ { 1, 2, 899, 900 }, 900, 1, 0 },
		{ { 1, 2, 900 }, 900, 1, 2 },
		{ { 898, 899, 5000 }, 900, 60, 0 },	/* and went back */
		{ { 5000, 5001, 5002 }, 900, 60, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		g_autoptr(GArray) days = g_array_new(FALSE, FALSE,
						     sizeof(int64_t));
		int64_t before;
		bool is_steady;

		for (size_t at = 0; at < 6 && cases[i].days[at]; at++)
			g_array_append_val(days, cases[i].days[at]);
		is_steady = expiry_is_clock_steady(
			days, cases[i].today,
			cases[i].keep_days * DAY_US / 1000, &before);
		if (is_steady != !cases[i].before ||
		    (!is_steady && before != cases[i].before))
			fail_msg("case %zu", i);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_clock_that_leaps),
	cmocka_unit_test(at_their_term),
	cmocka_unit_test(whole_days_are_held),
	cmocka_unit_test(some_records_are_held),
	cmocka_unit_test(a_damaged_day_that_may_be_held_stays),
	cmocka_unit_test(records_of_a_held_day_lie_in_a_later_file),
	cmocka_unit_test(a_day_that_is_not_sealed_waits),
	cmocka_unit_test(what_a_crash_leaves_goes),
};

TAP_MAIN(tests)
