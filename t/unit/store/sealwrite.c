#include <config.h>

#include "store/sealwrite.h"

#include "store/chain.h"
#include "store/day.h"
#include "store/daycheck.h"
#include "store/hex.h"
#include "store/hashtree.h"
#include "store/proof.h"
#include "store/sealedread.h"
#include "store/sealfiles.h"
#include "store/storeerror.h"
#include "unit/store/sample.h"
#include "unit/store/spoil.h"

#include <sys/stat.h>
#include <unistd.h>

#define FIRST_DAY 20000
#define RECORDS 5000		/* of the first day; the others have few */
#define FEW 20

/* Three days: the first has as many runs and blocks as it
 * takes, the last is open. */
struct place {
	struct sample sample;
	char *dir, *copy;	/* the first day as it was before it
				 * was sealed */
	struct sealkey *key;
};

static struct packed_record *record_of(const struct place *place, unsigned n)
{
	g_autofree char *from = g_strdup_printf("<s%u@d%u.example.net>", n % 700,
						n % 31);
	g_autofree char *to = g_strdup_printf("<r%u@example.org>", n % 97);
	g_autofree char *client = g_strdup_printf("192.0.%u.%u", n % 3,
						  n % 251);
	g_autofree char *id = g_strdup_printf("<%u.%u@mail.example.net>", n,
					      n * 2654435761u);
	const struct sample_mail mail = {
		.from = n % 50 ? from : NULL, .to = to, .client = client,
		.message_id = id,
	};

	return sample_pack(&place->sample, &mail);
}

static void append(const struct place *place, int64_t day, unsigned count)
{
	g_autofree char *path = day_path(place->dir, day);
	g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(
		(GDestroyNotify)recordform_free);
	struct segment *segment = segment_open(path, SEGMENT_WRITE, 1 << 28,
					       NULL);

	assert_non_null(segment);
	for (unsigned i = 0; i < count; i++)
		g_ptr_array_add(records, record_of(place, i));
	assert_true(segment_append(segment, (struct packed_record *const *)
				   records->pdata, count, NULL));
	segment_close(&segment);
}

static struct segment_facts facts_of(const char *path)
{
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, NULL);
	struct segment_facts facts;

	assert_non_null(segment);
	assert_true(segment_facts(segment, &facts, NULL));
	segment_close(&segment);
	return facts;
}

static void copy_file(const char *from, const char *to)
{
	g_autofree char *bytes = NULL;
	gsize len;

	assert_true(g_file_get_contents(from, &bytes, &len, NULL));
	assert_true(g_file_set_contents(to, bytes, (gssize)len, NULL));
}

static void begin(struct place *place)
{
	struct segment_head head = { .sequence = 0 };

	sample_begin(&place->sample, "");
	place->dir = g_build_filename(place->sample.dir, "records", NULL);
	place->copy = g_build_filename(place->sample.dir, "copy.mdb", NULL);
	g_mkdir(place->dir, 0700);
	assert_true(sealkey_ensure(place->sample.dir, NULL));
	place->key = sealkey_open(place->sample.dir, NULL);
	for (int64_t day = FIRST_DAY; day < FIRST_DAY + 3; day++) {
		g_autofree char *path = day_path(place->dir, day);

		assert_true(segment_create(path, &head, NULL));
		append(place, day, day == FIRST_DAY ? RECORDS : FEW);
		head = facts_of(path).head;
		if (day == FIRST_DAY)
			copy_file(path, place->copy);
	}
}

static void end(struct place *place)
{
	sealkey_close(&place->key);
	g_free(place->dir);
	g_free(place->copy);
	sample_end(&place->sample);
}

static struct sealwrite how_of(const struct place *place, int64_t day)
{
	return (struct sealwrite){
		.records_dir = place->dir, .day = day, .key = place->key,
		.now_us = day_begin_us(day + 1),
	};
}

static void seal(const struct place *place, int64_t day)
{
	const struct sealwrite how = how_of(place, day);
	g_autoptr(GError) why = NULL;
	struct seal seal;

	if (!sealwrite_day(&how, &seal, &why))
		fail_msg("%s", why->message);
}

/* The first problem, or NULL. */
static char *verify(const struct place *place)
{
	uint8_t public_key[SEALKEY_PUBLIC_BYTES];
	const struct chain_query query = {
		.since_day = INT64_MIN, .until_day = INT64_MAX, .threads = 2,
		.public_key = public_key,
	};
	g_autoptr(GArray) days = NULL;

	sealkey_public(place->key, public_key);
	days = chain_verify(place->dir, &query, NULL);
	assert_non_null(days);
	for (guint i = 0; i < days->len; i++) {
		const struct chain_day *day = &g_array_index(
			days, struct chain_day, i);

		if (day->problem)
			return g_strdup_printf("%d: %s",
				(int)(day->day - FIRST_DAY), day->problem);
	}
	return NULL;
}

static void expect(const struct place *place, const char *wanted)
{
	g_autofree char *got = verify(place);

	print_message("# %s\n", got ?: "all is well");
	if (!wanted && got)
		fail_msg("%s", got);
	if (wanted && (!got || !strstr(got, wanted)))
		fail_msg("%s, not %s", got ?: "nothing", wanted);
}

/* Both must say the same. */
struct pair {
	struct segment *segments[2];
	struct dayreader *readers[2];
};

static void pair_open(struct pair *pair, const struct place *place)
{
	g_autofree char *path = day_path(place->dir, FIRST_DAY);
	const char *paths[] = { place->copy, path };

	for (size_t i = 0; i < 2; i++) {
		pair->segments[i] = segment_open(paths[i], SEGMENT_READ, 0,
						 NULL);
		assert_non_null(pair->segments[i]);
		pair->readers[i] = dayreader_new(pair->segments[i],
						 DAYREADER_HASHES, NULL);
		assert_non_null(pair->readers[i]);
	}
}

static void pair_close(struct pair *pair)
{
	for (size_t i = 0; i < 2; i++) {
		dayreader_free(&pair->readers[i]);
		segment_close(&pair->segments[i]);
	}
}

static void expect_same(const struct dayreader_record *a,
			const struct dayreader_record *b)
{
	assert_int_equal(a->sequence, b->sequence);
	assert_int_equal(a->bytes.len, b->bytes.len);
	assert_memory_equal(a->bytes.ptr, b->bytes.ptr, a->bytes.len);
	assert_memory_equal(a->sha256, b->sha256, sizeof a->sha256);
	assert_memory_equal(a->previous_sha256, b->previous_sha256,
			    sizeof a->sha256);
	assert_false(a->is_changed || b->is_changed);
}

static bool has_guide(const char *path)
{
	struct dayguide *guide = dayguide_open(open(path, O_RDONLY));
	bool is_there = guide;

	dayguide_free(&guide);
	return is_there;
}

static size_t size_of(const char *path)
{
	struct stat file;

	assert_int_equal(stat(path, &file), 0);
	return (size_t)file.st_size;
}

static void flip(const char *path, size_t at)
{
	g_autofree char *bytes = NULL;
	gsize len;

	assert_true(g_file_get_contents(path, &bytes, &len, NULL));
	bytes[at % len] ^= 1;
	assert_true(g_file_set_contents(path, bytes, (gssize)len, NULL));
}

/* With its guide, as an older Mailreeve left it, and with one
 * that is damaged. */
enum guide { WHOLE, NONE, DAMAGED };

static void seal_and_open(const struct place *place, enum guide guide,
			  struct pair *pair)
{
	g_autofree char *path = day_path(place->dir, FIRST_DAY);

	seal(place, FIRST_DAY);
	assert_true(has_guide(path));
	if (guide == NONE)
		spoil_guide(path);
	else if (guide == DAMAGED)
		flip(path, size_of(path) - sizeof(struct dayguide_end) - 9);
	assert_true(has_guide(path) == (guide == WHOLE));
	pair_open(pair, place);
}

static void compare_records(enum guide guide)
{
	struct dayreader_record a, b;
	struct place place;
	struct pair pair;

	begin(&place);
	seal_and_open(&place, guide, &pair);
	for (uint64_t at = 0; dayreader_next(pair.readers[0], at, &a);
	     at = a.sequence + 1) {
		assert_true(dayreader_next(pair.readers[1], at, &b));
		expect_same(&a, &b);
	}
	assert_int_equal(a.sequence, RECORDS);
	assert_false(dayreader_next(pair.readers[1], RECORDS + 1, &b));
	for (uint64_t at = UINT64_MAX; dayreader_before(pair.readers[0], at,
							&a);
	     at = a.sequence - 1) {
		assert_true(dayreader_before(pair.readers[1], at, &b));
		expect_same(&a, &b);
	}
	assert_false(dayreader_before(pair.readers[1], 0, &b));
	for (uint64_t i = 0; i < 3000; i++) {
		uint64_t at = 1 + i * 7919 % RECORDS;

		assert_true(dayreader_at(pair.readers[0], at, &a));
		assert_true(dayreader_at(pair.readers[1], at, &b));
		expect_same(&a, &b);
	}
	assert_false(dayreader_at(pair.readers[1], 0, &b));
	assert_false(dayreader_at(pair.readers[1], RECORDS + 1, &b));
	assert_null(dayreader_problem(pair.readers[1]));
	pair_close(&pair);
	end(&place);
}

static void records_are_the_same(void **state)
{
	(void)state;
	compare_records(WHOLE);
	compare_records(NONE);
	compare_records(DAMAGED);
}

/* Of one key it is what it is, unless it has thousands. */
static void expect_count(uint64_t count, guint found)
{
	if (found < 2048 ? count != found :
	    count < found / 2 || count > found * 4)
		fail_msg("%d counted, %d found", (int)count, (int)found);
}

/* Newest first, and nothing left out. What is more has part of
 * the same hash. */
static bool expect_postings(const struct record_key *key,
			    const GArray *sequences, void *context)
{
	struct pair *pair = context;
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	uint64_t most = UINT64_MAX;
	guint at = 0;

	while (dayreader_postings(pair->readers[1], key, most, 8, found))
		most = g_array_index(found, uint64_t, found->len - 1) - 1;
	for (guint i = sequences->len; i > 0; i--, at++) {
		uint64_t wanted = g_array_index(sequences, uint64_t, i - 1);

		while (at < found->len &&
		       g_array_index(found, uint64_t, at) > wanted)
			at++;
		if (at >= found->len ||
		    g_array_index(found, uint64_t, at) != wanted)
			fail_msg("kind %d: %d is not found", key->bytes[0],
				 (int)wanted);
	}
	expect_count(dayreader_count(pair->readers[1], key, key, UINT64_MAX),
		     found->len);
	return true;
}

static void compare_ranges(struct pair *pair, const struct record_key *from,
			   const struct record_key *to)
{
	struct dayreader_bounds bounds[2];
	GArray *found[2];

	for (size_t i = 0; i < 2; i++) {
		found[i] = g_array_new(FALSE, FALSE, sizeof(uint64_t));
		dayreader_collect(pair->readers[i], from, to, found[i]);
		assert_true(found[i]->len ==
			    dayreader_count(pair->readers[i], from, to,
					    UINT64_MAX));
	}
	bounds[0] = dayreader_bounds(pair->readers[0], from, to);
	bounds[1] = dayreader_bounds(pair->readers[1], from, to);
	assert_memory_equal(&bounds[0], &bounds[1], sizeof bounds[0]);
	assert_int_equal(bounds[0].first > bounds[0].last, !found[0]->len);
	assert_int_equal(found[0]->len, found[1]->len);
	if (found[0]->len)
		assert_memory_equal(found[0]->data, found[1]->data,
				    found[0]->len * sizeof(uint64_t));
	g_array_unref(found[0]);
	g_array_unref(found[1]);
}

static struct record_key client_key(const char *text)
{
	struct netaddr addr;

	assert_true(netaddr_parse(span_text(text), &addr));
	return record_key_client(&addr);
}

static void compare_index(enum guide guide)
{
	static const struct { const char *from, *to; } ranges[] = {
		{ "192.0.0.0", "192.0.2.255" }, { "192.0.1.0", "192.0.1.255" },
		{ "192.0.1.77", "192.0.1.77" }, { "10.0.0.0", "10.0.0.255" },
		{ "::", "::1" }, { "ff00::", "ffff::" },
	};
	struct place place;
	struct pair pair;

	begin(&place);
	seal_and_open(&place, guide, &pair);
	assert_true(dayreader_each_key(pair.readers[0], expect_postings,
				       &pair));
	for (size_t i = 0; i < COUNT_OF(ranges); i++) {
		struct record_key from = client_key(ranges[i].from);
		struct record_key to = client_key(ranges[i].to);

		compare_ranges(&pair, &from, &to);
	}
	for (uint64_t at = 0; at < 40; at++) {
		struct record_key from = record_key_number(
			RECORD_KEY_MINUTE, at * at * 100000);
		struct record_key to = record_key_number(RECORD_KEY_MINUTE,
							 UINT64_MAX);

		compare_ranges(&pair, &from, &to);
	}
	pair_close(&pair);
	end(&place);
}

static void the_index_is_the_same(void **state)
{
	(void)state;
	compare_index(WHOLE);
	compare_index(NONE);
	compare_index(DAMAGED);
}

/* It would hide what a key has: who counts would find none. */
static void an_entry_of_no_records_is_damage(void **state)
{
	static const char block[] = { 0, 'k', 'e', 'y', 0 };
	struct sealedform_postings postings = sealedform_postings_of(
		span_of(block, sizeof block), 3);

	(void)state;
	assert_false(sealedform_next_postings(&postings));
	assert_true(postings.is_broken);
}

static void all_is_well(void **state)
{
	g_autofree char *path = NULL, *lock = NULL;
	struct place place;
	struct segment *segment;
	g_autoptr(GError) why = NULL;

	(void)state;
	begin(&place);
	expect(&place, NULL);
	seal(&place, FIRST_DAY);
	expect(&place, NULL);
	seal(&place, FIRST_DAY + 1);
	expect(&place, NULL);
	path = day_path(place.dir, FIRST_DAY);
	lock = g_strconcat(path, "-lock", NULL);
	assert_false(g_file_test(lock, G_FILE_TEST_EXISTS));
	/* Nothing is added any more. */
	segment = segment_open(path, SEGMENT_WRITE, 1 << 20, &why);
	assert_null(segment);
	assert_int_equal(why->code, STORE_ERROR_INVALID);
	/* Once more changes nothing but the seal's time. */
	seal(&place, FIRST_DAY);
	expect(&place, NULL);
	end(&place);
}

static bool is_there(const struct place *place, enum sealfiles_name name)
{
	g_autofree char *path = sealfiles_path(place->dir, FIRST_DAY, name);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

struct cutting {
	atomic_bool is_cut;
	uint64_t at;
};

static enum sealwrite_fate cut_at(const struct dayreader_record *record,
				  GByteArray *instead, void *context)
{
	struct cutting *cutting = context;

	(void)instead;
	if (record->sequence == cutting->at)
		atomic_store(&cutting->is_cut, true);
	return SEALWRITE_KEEP;
}

static void cut_off_and_done_again(void **state)
{
	static const uint64_t at[] = { 1, RECORDS / 2, RECORDS };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(at); i++) {
		struct cutting cutting = { .at = at[i] };
		struct place place;
		struct sealwrite how;
		struct seal made;

		begin(&place);
		how = how_of(&place, FIRST_DAY);
		how.decide = cut_at;
		how.context = &cutting;
		how.is_cancelled = &cutting.is_cut;
		assert_false(sealwrite_day(&how, &made, NULL));
		assert_false(is_there(&place, SEALFILES_FRESH));
		assert_false(is_there(&place, SEALFILES_FRESH_SEAL));
		expect(&place, NULL);
		seal(&place, FIRST_DAY);
		expect(&place, NULL);
		end(&place);
	}
}

/* The moments in which a crash leaves something. */
static void what_a_crash_leaves(void **state)
{
	g_autofree char *path = NULL, *seal_path = NULL, *fresh = NULL;
	g_autofree char *fresh_seal = NULL;
	struct place place;

	(void)state;
	begin(&place);
	path = day_path(place.dir, FIRST_DAY);
	seal_path = day_seal_path(path);
	fresh = sealfiles_path(place.dir, FIRST_DAY, SEALFILES_FRESH);
	fresh_seal = sealfiles_path(place.dir, FIRST_DAY,
				    SEALFILES_FRESH_SEAL);

	/* While it is made. */
	copy_file(place.copy, fresh);
	assert_true(sealwrite_recover(place.dir, NULL));
	assert_false(is_there(&place, SEALFILES_FRESH));
	expect(&place, NULL);

	/* When it has happened, but has not its names yet. */
	seal(&place, FIRST_DAY);
	assert_int_equal(rename(path, fresh), 0);
	assert_int_equal(rename(seal_path, fresh_seal), 0);
	copy_file(place.copy, path);
	assert_true(sealwrite_recover(place.dir, NULL));
	assert_true(facts_of(path).is_sealed);
	expect(&place, NULL);

	/* Between the two names. */
	assert_int_equal(rename(seal_path, fresh_seal), 0);
	assert_true(facts_of(path).is_sealed);
	expect(&place, NULL);
	assert_null(daycheck_problem(place.dir, FIRST_DAY));
	assert_true(sealwrite_recover(place.dir, NULL));
	assert_false(is_there(&place, SEALFILES_FRESH_SEAL));
	expect(&place, NULL);
	end(&place);
}

static void one_at_a_time(void **state)
{
	g_autoptr(GError) why = NULL;
	struct place place;
	struct sealwrite how;
	struct seal made;
	int lock;

	(void)state;
	begin(&place);
	lock = sealfiles_lock(place.dir, NULL);
	assert_true(lock >= 0);
	how = how_of(&place, FIRST_DAY);
	assert_false(sealwrite_day(&how, &made, &why));
	assert_int_equal(why->code, STORE_ERROR_BUSY);
	sealfiles_unlock(lock);
	seal(&place, FIRST_DAY);
	end(&place);
}

/* What was changed before it was sealed does not become right by that. */
static void a_changed_day_is_not_sealed(void **state)
{
	g_autofree char *path = NULL;
	g_autoptr(GError) why = NULL;
	uint64_t big = GUINT64_TO_BE(UINT64_C(1234));
	MDB_val key = { sizeof big, &big }, value = { 4, (void *)"none" };
	struct place place;
	struct sealwrite how;
	struct seal made;
	MDB_dbi records;
	MDB_txn *txn;
	MDB_env *env;

	(void)state;
	begin(&place);
	path = day_path(place.dir, FIRST_DAY);
	env = spoil_open(path);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, "records", 0, &records), 0);
	assert_int_equal(mdb_put(txn, records, &key, &value, 0), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
	how = how_of(&place, FIRST_DAY);
	assert_false(sealwrite_day(&how, &made, &why));
	assert_int_equal(why->code, STORE_ERROR_DAMAGED);
	assert_non_null(strstr(why->message, "record 1234"));
	assert_false(is_there(&place, SEALFILES_FRESH));
	end(&place);
}

/* The second run of the first chunk says that it begins elsewhere. */
static void move_run(const char *path, uint64_t sequence)
{
	const size_t at = sizeof(uint32_t) + sizeof(struct sealedread_run);
	uint64_t big = GUINT64_TO_BE(UINT64_C(1));
	MDB_val key = { sizeof big, &big }, value;
	MDB_env *env = spoil_open(path);
	g_autofree char *bytes = NULL;
	MDB_dbi records;
	MDB_txn *txn;

	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, "records", 0, &records), 0);
	assert_int_equal(mdb_get(txn, records, &key, &value), 0);
	value.mv_data = bytes = g_memdup2(value.mv_data, value.mv_size);
	memcpy(bytes + at, &sequence, sizeof sequence);
	assert_int_equal(mdb_put(txn, records, &key, &value, 0), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

/* Forwards and backwards, each record at most once. */
static void walk_both_ways(const char *path)
{
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, NULL);
	struct dayreader *reader = dayreader_new(segment, DAYREADER_RECORDS,
						 NULL);
	uint64_t at = 1, to = UINT64_MAX;
	struct dayreader_record record;

	while (dayreader_next(reader, at, &record)) {
		assert_in_range(record.sequence, at, UINT64_MAX - 1);
		at = record.sequence + 1;
	}
	while (dayreader_before(reader, to, &record)) {
		assert_in_range(record.sequence, 1, to);
		to = record.sequence - 1;
	}
	dayreader_free(&reader);
	segment_close(&segment);
}

/* Whoever can write the file must not make a search go round for ever. */
static void runs_that_lead_back(void **state)
{
	static const uint64_t sequences[] = { 0, 1, 2, RECORDS * 3,
					      UINT64_MAX - 1, UINT64_MAX };
	g_autofree char *path = NULL;
	struct place place;

	(void)state;
	begin(&place);
	seal(&place, FIRST_DAY);
	path = day_path(place.dir, FIRST_DAY);
	for (size_t i = 0; i < COUNT_OF(sequences); i++) {
		move_run(path, sequences[i]);
		walk_both_ways(path);
	}
	end(&place);
}

/* What was cut to nothing is not taken for a day that is not there. */
static void an_emptied_file(void **state)
{
	g_autofree char *path = NULL;
	g_autoptr(GError) why = NULL;
	struct place place;

	(void)state;
	begin(&place);
	seal(&place, FIRST_DAY);
	path = day_path(place.dir, FIRST_DAY);
	assert_int_equal(truncate(path, 0), 0);
	assert_null(segment_open(path, SEGMENT_READ, 0, &why));
	assert_int_equal(why->code, STORE_ERROR_DAMAGED);
	end(&place);
}

/* Wherever a byte is another one, it is told, and nothing falls over. */
static void any_changed_byte(void **state)
{
	g_autofree char *path = NULL;
	struct place place;
	size_t bytes;

	(void)state;
	begin(&place);
	seal(&place, FIRST_DAY);
	path = day_path(place.dir, FIRST_DAY);
	bytes = size_of(path);
	for (size_t i = 0; i < 60; i++) {
		size_t at = i * 15013 % bytes;
		g_autofree char *got = NULL;

		flip(path, at);
		got = verify(&place);
		if (!got)
			fail_msg("byte %zu of %zu", at, bytes);
		flip(path, at);
	}
	expect(&place, NULL);
	end(&place);
}

static void forged_seals(void **state)
{
	g_autofree char *path = NULL, *seal_path = NULL, *other_dir = NULL;
	g_autofree char *text = NULL, *forged = NULL, *second = NULL;
	struct sealkey *other;
	struct place place;
	struct seal made;

	(void)state;
	begin(&place);
	seal(&place, FIRST_DAY);
	seal(&place, FIRST_DAY + 1);
	path = day_path(place.dir, FIRST_DAY);
	seal_path = day_seal_path(path);
	assert_true(seal_read(seal_path, &made, &text, NULL));

	/* Changed. */
	made.erased = 1;
	forged = seal_format(&made, place.key);
	memcpy(strstr(forged, "signature "), strstr(text, "signature "), 20);
	assert_true(seal_write(seal_path, forged, NULL));
	expect(&place, "0: the seal was changed");

	/* Signed by somebody else. */
	other_dir = g_build_filename(place.sample.dir, "other", NULL);
	g_mkdir(other_dir, 0700);
	assert_true(sealkey_ensure(other_dir, NULL));
	other = sealkey_open(other_dir, NULL);
	made.erased = 0;
	g_free(forged);
	forged = seal_format(&made, other);
	assert_true(seal_write(seal_path, forged, NULL));
	expect(&place, "0: the seal is forged");
	sealkey_close(&other);

	/* Another day's; none; an open day in its place. */
	second = g_strdup(seal_path);
	assert_non_null(strstr(second, "2024-10-04"));
	memcpy(strstr(second, "2024-10-04"), "2024-10-05", 10);
	copy_file(second, seal_path);
	expect(&place, "0: the seal is that of another day");
	g_unlink(seal_path);
	expect(&place, "0: the seal cannot be read");
	assert_true(seal_write(seal_path, text, NULL));
	expect(&place, NULL);
	copy_file(place.copy, path);
	expect(&place, "0: the day was sealed, but its file is that of an "
		       "open day");
	g_unlink(seal_path);
	expect(&place, "0: later days are sealed, but this one is not");
	end(&place);
}

static enum sealwrite_fate erase_and_drop(
	const struct dayreader_record *record, GByteArray *instead,
	void *context)
{
	(void)context;
	if (record->sequence % 100 == 7)
		g_byte_array_append(instead, (const guint8 *)"", 0);
	return record->sequence % 100 == 7 ? SEALWRITE_ERASE :
	       record->sequence % 1000 == 33 ? SEALWRITE_DROP : SEALWRITE_KEEP;
}

static void written_anew(void **state)
{
	struct dayreader_record record;
	g_autoptr(GError) why = NULL;
	struct record_key key = client_key("192.0.1.7");
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	struct place place;
	struct pair pair;
	struct sealwrite how;
	struct seal made;

	(void)state;
	begin(&place);
	seal(&place, FIRST_DAY);
	how = how_of(&place, FIRST_DAY);
	how.decide = erase_and_drop;
	if (!sealwrite_day(&how, &made, &why))
		fail_msg("%s", why->message);
	assert_int_equal(made.erased, RECORDS / 100);
	assert_int_equal(made.dropped, RECORDS / 1000);
	assert_int_equal(made.records, RECORDS);
	expect(&place, NULL);
	pair_open(&pair, &place);
	assert_true(dayreader_at(pair.readers[1], 107, &record));
	assert_true(record.is_erased);
	assert_int_equal(record.bytes.len, PACKED_TAIL_BYTES);
	assert_false(dayreader_at(pair.readers[1], 1033, &record));
	assert_true(dayreader_next(pair.readers[1], 1033, &record));
	assert_int_equal(record.sequence, 1034);
	assert_true(dayreader_before(pair.readers[1], 1033, &record));
	assert_int_equal(record.sequence, 1032);
	/* Nor does the index lead to them. */
	assert_true(dayreader_postings(pair.readers[1], &key, UINT64_MAX, 8,
				       found));
	for (guint i = 0; i < found->len; i++) {
		assert_true(dayreader_at(pair.readers[1], g_array_index(
			found, uint64_t, i), &record));
		assert_false(record.is_erased);
	}
	pair_close(&pair);
	/* And again, from what there is now. */
	seal(&place, FIRST_DAY);
	expect(&place, NULL);
	end(&place);
}

static void a_forged_day_is_not_written_anew(void **state)
{
	g_autofree char *path = NULL;
	g_autoptr(GError) why = NULL;
	struct place place;
	struct sealwrite how;
	struct seal made;

	(void)state;
	begin(&place);
	seal(&place, FIRST_DAY);
	path = day_path(place.dir, FIRST_DAY);
	flip(path, size_of(path) / 2);
	how = how_of(&place, FIRST_DAY);
	assert_false(sealwrite_day(&how, &made, &why));
	assert_int_equal(why->code, STORE_ERROR_DAMAGED);
	end(&place);
}

static void days_with_nothing(void **state)
{
	struct segment_head head = { .sequence = 0 };
	g_autofree char *path = NULL;
	struct place place;

	(void)state;
	begin(&place);
	path = day_path(place.dir, FIRST_DAY - 1);
	assert_true(segment_create(path, &head, NULL));
	seal(&place, FIRST_DAY - 1);
	assert_int_equal(facts_of(path).count, 0);
	expect(&place, NULL);
	end(&place);
}

static void each_record_is_proved(void **state)
{
	g_autofree char *path = NULL, *seal_path = NULL, *text = NULL;
	g_autoptr(GError) why = NULL;
	struct proof proof;
	struct place place;
	struct seal made;

	(void)state;
	begin(&place);
	assert_true(proof_make(place.sample.dir, 77, &proof, NULL));
	assert_null(proof.hashes);
	assert_null(proof.seal);
	proof_release(&proof);
	seal(&place, FIRST_DAY);
	path = day_path(place.dir, FIRST_DAY);
	seal_path = day_seal_path(path);
	assert_true(seal_read(seal_path, &made, &text, NULL));
	for (uint64_t n = 1; n <= RECORDS; n += 1666) {
		uint8_t sha256[RECORD_HASH_BYTES];
		gsize len;
		const char *bytes;

		assert_true(proof_make(place.sample.dir, n, &proof, NULL));
		bytes = g_bytes_get_data(proof.record, &len);
		digest_sha256(span_of(bytes, len), sha256);
		assert_memory_equal(sha256, proof.sha256, sizeof sha256);
		assert_string_equal(proof.seal, text);
		assert_true(hashtree_is_proved(sha256, proof.index,
					       proof.count, proof.hashes,
					       made.tree));
		proof_release(&proof);
	}
	assert_false(proof_make(place.sample.dir, RECORDS + 2 * FEW + 1,
				&proof, &why));
	assert_int_equal(why->code, STORE_ERROR_MISSING);
	end(&place);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(records_are_the_same),
	cmocka_unit_test(the_index_is_the_same),
	cmocka_unit_test(an_entry_of_no_records_is_damage),
	cmocka_unit_test(all_is_well),
	cmocka_unit_test(cut_off_and_done_again),
	cmocka_unit_test(what_a_crash_leaves),
	cmocka_unit_test(one_at_a_time),
	cmocka_unit_test(a_changed_day_is_not_sealed),
	cmocka_unit_test(runs_that_lead_back),
	cmocka_unit_test(an_emptied_file),
	cmocka_unit_test(any_changed_byte),
	cmocka_unit_test(forged_seals),
	cmocka_unit_test(written_anew),
	cmocka_unit_test(a_forged_day_is_not_written_anew),
	cmocka_unit_test(days_with_nothing),
	cmocka_unit_test(each_record_is_proved),
};

TAP_MAIN(tests)
