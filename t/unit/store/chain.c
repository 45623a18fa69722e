#include <config.h>

#include "store/chain.h"

#include "store/day.h"
#include "store/digest.h"
#include "unit/store/sample.h"
#include "unit/store/spoil.h"

#define FIRST_DAY 20000
#define DAYS 3
#define RECORDS 10		/* a day */

struct place {
	struct sample sample;
	char *dir;
};

static struct packed_record *record_of(const struct place *place, unsigned n)
{
	g_autofree char *from = g_strdup_printf("<s%u@example.net>", n);
	const struct sample_mail mail = {
		.from = from, .to = "<r@example.org>", .client = "192.0.2.1",
	};

	return sample_pack(&place->sample, &mail);
}

static void append(const struct place *place, int64_t day, unsigned count)
{
	g_autofree char *path = day_path(place->dir, day);
	struct segment *segment = segment_open(path, SEGMENT_WRITE, 1 << 24,
					       NULL);

	assert_non_null(segment);
	for (unsigned i = 0; i < count; i++) {
		struct packed_record *record = record_of(place, i);

		assert_true(segment_append(segment, &record, 1, NULL));
		recordform_free(record);
	}
	segment_close(&segment);
}

static struct segment_facts facts_of(const struct place *place, int64_t day)
{
	g_autofree char *path = day_path(place->dir, day);
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, NULL);
	struct segment_facts facts;

	assert_non_null(segment);
	assert_true(segment_facts(segment, &facts, NULL));
	segment_close(&segment);
	return facts;
}

static void begin(struct place *place)
{
	struct segment_head head = { .sequence = 0 };

	sample_begin(&place->sample, "");
	place->dir = g_build_filename(place->sample.dir, "records", NULL);
	g_mkdir(place->dir, 0700);
	for (int64_t day = FIRST_DAY; day < FIRST_DAY + DAYS; day++) {
		g_autofree char *path = day_path(place->dir, day);

		assert_true(segment_create(path, &head, NULL));
		append(place, day, RECORDS);
		head = facts_of(place, day).head;
	}
}

static void end(struct place *place)
{
	g_free(place->dir);
	sample_end(&place->sample);
}

static GArray *verify(const struct place *place,
		      const struct chain_anchor *anchor)
{
	const struct chain_query query = {
		.since_day = INT64_MIN, .until_day = INT64_MAX, .threads = 2,
		.anchors = anchor, .anchor_count = anchor ? 1 : 0,
	};
	GArray *days = chain_verify(place->dir, &query, NULL);

	assert_non_null(days);
	return days;
}

/* That the first problem is on this day, about this record, and says so. */
static void expect_with(const struct place *place,
			const struct chain_anchor *anchor, int64_t day,
			uint64_t where, const char *what)
{
	g_autoptr(GArray) days = verify(place, anchor);

	for (guint i = 0; i < days->len; i++) {
		const struct chain_day *one = &g_array_index(
			days, struct chain_day, i);

		if (!one->problem)
			continue;
		print_message("# %s\n", one->problem);
		if (one->day != day || one->where != where ||
		    !strstr(one->problem, what))
			fail_msg("day %d record %d: %s, not %s",
				 (int)one->day, (int)one->where, one->problem,
				 what);
		return;
	}
	fail_msg("nothing is found, not %s", what);
}

static void expect(const struct place *place, int64_t day, uint64_t where,
		   const char *what)
{
	expect_with(place, NULL, day, where, what);
}

/* Somebody with a tool of LMDB. */
struct tamper {
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi records, meta;
};

static struct tamper tamper_begin(const struct place *place, int64_t day)
{
	g_autofree char *path = day_path(place->dir, day);
	struct tamper on = { .env = spoil_open(path) };

	assert_int_equal(mdb_txn_begin(on.env, NULL, 0, &on.txn), 0);
	assert_int_equal(mdb_dbi_open(on.txn, "records", 0, &on.records), 0);
	assert_int_equal(mdb_dbi_open(on.txn, "meta", 0, &on.meta), 0);
	return on;
}

static void tamper_end(struct tamper *on)
{
	assert_int_equal(mdb_txn_commit(on->txn), 0);
	mdb_env_close(on->env);
}

static GByteArray *get(const struct tamper *on, uint64_t sequence)
{
	uint64_t big = GUINT64_TO_BE(sequence);
	MDB_val key = { sizeof big, &big }, value;
	GByteArray *bytes = g_byte_array_new();

	assert_int_equal(mdb_get(on->txn, on->records, &key, &value), 0);
	return g_byte_array_append(bytes, value.mv_data,
				   (guint)value.mv_size);
}

static void put(const struct tamper *on, uint64_t sequence,
		const GByteArray *bytes)
{
	uint64_t big = GUINT64_TO_BE(sequence);
	MDB_val key = { sizeof big, &big }, value = { bytes->len, bytes->data };

	assert_int_equal(mdb_put(on->txn, on->records, &key, &value, 0), 0);
}

static void del(const struct tamper *on, uint64_t sequence)
{
	uint64_t big = GUINT64_TO_BE(sequence);
	MDB_val key = { sizeof big, &big };

	assert_int_equal(mdb_del(on->txn, on->records, &key, NULL), 0);
}

/* Another sender, of the same length. */
static void change(GByteArray *bytes)
{
	char *at = memmem(bytes->data, bytes->len, "example.net", 11);

	assert_non_null(at);
	memcpy(at, "exomple.net", 11);
}

static void copy(const struct tamper *on, uint64_t from, uint64_t to)
{
	g_autoptr(GByteArray) bytes = get(on, from);

	put(on, to, bytes);
}

static void all_is_well(void **state)
{
	struct place place;
	struct chain_anchor anchor;
	g_autoptr(GArray) days = NULL;

	(void)state;
	begin(&place);
	assert_true(chain_newest(place.dir, &anchor, NULL));
	days = verify(&place, &anchor);
	assert_int_equal(days->len, DAYS);
	for (guint i = 0; i < days->len; i++) {
		const struct chain_day *day = &g_array_index(
			days, struct chain_day, i);

		assert_null(day->problem);
		assert_int_equal(day->records, RECORDS);
	}
	end(&place);
}

static void a_changed_byte(void **state)
{
	static const uint64_t which[] = { 11, 14, 20 };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(which); i++) {
		struct place place;
		struct tamper on;
		g_autoptr(GByteArray) bytes = NULL;

		begin(&place);
		on = tamper_begin(&place, FIRST_DAY + 1);
		bytes = get(&on, which[i]);
		change(bytes);
		put(&on, which[i], bytes);
		tamper_end(&on);
		expect(&place, FIRST_DAY + 1, which[i], "changed");
		end(&place);
	}
}

static void a_changed_link(void **state)
{
	struct place place;
	struct tamper on;
	g_autoptr(GByteArray) bytes = NULL;

	(void)state;
	begin(&place);
	on = tamper_begin(&place, FIRST_DAY + 1);
	bytes = get(&on, 15);
	bytes->data[bytes->len - 1] ^= 1;
	put(&on, 15, bytes);
	tamper_end(&on);
	expect(&place, FIRST_DAY + 1, 15, "record 15 was changed");
	end(&place);
}

static void removed_ones(void **state)
{
	struct place place;
	struct tamper on;

	(void)state;
	begin(&place);
	on = tamper_begin(&place, FIRST_DAY + 1);
	del(&on, 14);
	del(&on, 15);
	tamper_end(&on);
	expect(&place, FIRST_DAY + 1, 14, "records 14 to 15 were removed");
	end(&place);
	begin(&place);
	on = tamper_begin(&place, FIRST_DAY + 2);
	del(&on, 30);
	tamper_end(&on);
	expect(&place, FIRST_DAY + 2, 30, "records 30 to 30 were removed");
	end(&place);
	/* With those behind it moved up. */
	begin(&place);
	on = tamper_begin(&place, FIRST_DAY + 1);
	for (uint64_t n = 14; n < 20; n++)
		copy(&on, n + 1, n);
	del(&on, 20);
	tamper_end(&on);
	expect(&place, FIRST_DAY + 1, 13, "one behind it was removed");
	end(&place);
}

static void two_swapped(void **state)
{
	struct place place;
	struct tamper on;
	g_autoptr(GByteArray) one = NULL;

	(void)state;
	begin(&place);
	on = tamper_begin(&place, FIRST_DAY + 1);
	one = get(&on, 13);
	copy(&on, 17, 13);
	put(&on, 17, one);
	tamper_end(&on);
	expect(&place, FIRST_DAY + 1, 13, "moved: it belongs behind record 16");
	end(&place);
}

static void one_inserted(void **state)
{
	struct place place;
	struct tamper on;
	struct packed_record *forged;
	g_autoptr(GByteArray) bytes = g_byte_array_new(), before = NULL;
	uint8_t hash[RECORD_HASH_BYTES];

	(void)state;
	begin(&place);
	on = tamper_begin(&place, FIRST_DAY + 1);
	for (uint64_t n = 20; n >= 15; n--)
		copy(&on, n, n + 1);
	before = get(&on, 14);
	digest_sha256(span_of((const char *)before->data, before->len), hash);
	forged = record_of(&place, 99);
	recordform_put_tail(forged->bytes + forged->len, hash);
	g_byte_array_append(bytes, forged->bytes,
			    (guint)(forged->len + PACKED_TAIL_BYTES));
	put(&on, 15, bytes);
	recordform_free(forged);
	tamper_end(&on);
	expect(&place, FIRST_DAY + 1, 15, "record 15 was inserted");
	end(&place);
}

static void a_deleted_day(void **state)
{
	struct place place;
	g_autofree char *path = NULL;

	(void)state;
	begin(&place);
	path = day_path(place.dir, FIRST_DAY + 1);
	assert_int_equal(g_unlink(path), 0);
	expect(&place, FIRST_DAY + 2, 11, "records 11 to 20");
	end(&place);
}

/* All its hashes are right: the next day knows better, or the anchor. */
static void a_replaced_day(void **state)
{
	for (int64_t day = FIRST_DAY + 1; day <= FIRST_DAY + 2; day++) {
		struct place place;
		struct segment_facts facts;
		struct chain_anchor anchor;
		g_autofree char *path = NULL;

		(void)state;
		begin(&place);
		assert_true(chain_newest(place.dir, &anchor, NULL));
		facts = facts_of(&place, day);
		path = day_path(place.dir, day);
		assert_int_equal(g_unlink(path), 0);
		assert_true(segment_create(path, &facts.before, NULL));
		append(&place, day, RECORDS);
		expect_with(&place, &anchor, FIRST_DAY + 2,
			    day == FIRST_DAY + 1 ? 21 : 30,
			    day == FIRST_DAY + 1 ? "put in its place" :
						   "anchored");
		end(&place);
	}
}

/* And the newest day altogether. */
static void an_end_cut_off(void **state)
{
	struct place place;
	struct chain_anchor anchor;
	g_autofree char *path = NULL;

	(void)state;
	begin(&place);
	assert_true(chain_newest(place.dir, &anchor, NULL));
	path = day_path(place.dir, FIRST_DAY + 2);
	assert_int_equal(g_unlink(path), 0);
	expect_with(&place, &anchor, FIRST_DAY + 1, 21, "anchored");
	end(&place);
}

static void a_damaged_file(void **state)
{
	struct place place;
	g_autofree char *path = NULL;

	(void)state;
	begin(&place);
	path = day_path(place.dir, FIRST_DAY + 1);
	assert_true(g_file_set_contents(path, "nonsense", -1, NULL));
	expect(&place, FIRST_DAY + 1, 0, path);
	end(&place);
}

static void anchors_are_read(void **state)
{
	static const char *const bad[] = { "", "2026-02-28", "2026-02-28 1 ab",
		"2026-02-30 1 %s", "2026-02-28 x %s", "2026-02-28 1 %s 1" };
	struct chain_anchor anchor = { .day = 20512, .head = { 12, { 7, 1 } } };
	struct chain_anchor again;
	char text[CHAIN_ANCHOR_MAX];
	g_autofree char *digits = g_strnfill(64, 'a');

	(void)state;
	assert_true(chain_parse_anchor(span_text(chain_format_anchor(&anchor,
				       text)), &again));
	assert_memory_equal(&anchor, &again, sizeof anchor);
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_auto(GStrv) parts = g_strsplit(bad[i], "%s", 2);
		g_autofree char *line = g_strjoinv(digits, parts);

		assert_false(chain_parse_anchor(span_text(line), &again));
	}
	digits[3] = 'g';
	g_snprintf(text, sizeof text, "2026-02-28 1 %s", digits);
	assert_false(chain_parse_anchor(span_text(text), &again));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(all_is_well),
	cmocka_unit_test(a_changed_byte),
	cmocka_unit_test(a_changed_link),
	cmocka_unit_test(removed_ones),
	cmocka_unit_test(two_swapped),
	cmocka_unit_test(one_inserted),
	cmocka_unit_test(a_deleted_day),
	cmocka_unit_test(a_replaced_day),
	cmocka_unit_test(an_end_cut_off),
	cmocka_unit_test(a_damaged_file),
	cmocka_unit_test(anchors_are_read),
};

TAP_MAIN(tests)
