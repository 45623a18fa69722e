#include <config.h>

#include "store/evidence.h"

#include "store/day.h"
#include "store/evidencemarks.h"
#include "store/evidenceholds.h"
#include "store/evidenceterm.h"
#include "store/evidencetree.h"
#include "store/hex.h"
#include "store/recorder.h"
#include "store/storeerror.h"

#include "unit/store/sample.h"

#include <pthread.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY INT64_C(20000)		/* 2024-10-04 */
#define ROOM 1000000

static struct evidence_place put(const char *dir, int64_t day, bool is_held,
				 const char *a, const char *b)
{
	const struct span pieces[] = { span_text(a), span_text(b) };
	struct evidence_place place = { .day = day, .is_held = is_held };
	g_autoptr(GError) why = NULL;

	if (!evidence_put(dir, pieces, COUNT_OF(pieces), 0, &place, &why))
		fail_msg("%s", why->message);
	return place;
}

/* NULL: it is not there, or not so; *code_out says. */
static char *get(const char *dir, const struct evidence_place *place,
		 uint64_t max, int *code_out)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GByteArray) bytes = evidence_get(dir, place, max, &why);

	*code_out = why ? why->code : -1;
	return bytes ? g_strndup((char *)bytes->data, bytes->len) : NULL;
}

static void one_is_kept(void **unused)
{
	struct sample sample;
	struct evidence_place place, again;
	g_autofree char *path = NULL, *text = NULL, *wanted = NULL;
	g_autofree char *hex = NULL;
	struct stat facts;
	int code;

	(void)unused;
	sample_begin(&sample, "");
	place = put(sample.dir, DAY, false, "Subject: a\r\n\r\n", "text\r\n");
	again = put(sample.dir, DAY, false, "Subject: a\r\n", "\r\ntext\r\n");
	assert_memory_equal(&place, &again, sizeof place);
	path = evidence_path(sample.dir, &place);
	hex = hex_format(place.sha256, sizeof place.sha256);
	wanted = g_strdup_printf("%s/evidence/2024/10/04/%s.eml.zst",
		sample.dir, hex);
	assert_string_equal(path, wanted);
	assert_int_equal(stat(path, &facts), 0);
	assert_int_equal(facts.st_mode & 07777, 0400);
	text = get(sample.dir, &place, ROOM, &code);
	assert_string_equal(text, "Subject: a\r\n\r\ntext\r\n");
	assert_null(get(sample.dir, &place, 5, &code));
	assert_int_equal(code, STORE_ERROR_DAMAGED);
	sample_end(&sample);
}

/* Damage by number: each is seen when it is read. */
static void harm(const char *path, int which, const char *other)
{
	g_autofree char *bytes = NULL;
	gsize len;

	assert_true(g_file_get_contents(path, &bytes, &len, NULL));
	g_unlink(path);
	if (which == 0)
		bytes[len / 2] ^= 1;
	else if (which == 1)
		len--;
	else if (which == 2)
		len = 0;
	if (which == 3)
		assert_int_equal(link(other, path), 0);
	else if (which < 4)
		assert_true(g_file_set_contents(path, bytes, (gssize)len,
						NULL));
}

static void changes_are_seen(void **unused)
{
	(void)unused;
	for (int which = 0; which < 5; which++) {
		struct sample sample;
		struct evidence_place place, other;
		g_autofree char *path = NULL, *second = NULL, *text = NULL;
		int code;

		sample_begin(&sample, "");
		place = put(sample.dir, DAY, false, "one original", "");
		other = put(sample.dir, DAY, false, "another", " one");
		path = evidence_path(sample.dir, &place);
		second = evidence_path(sample.dir, &other);
		harm(path, which, second);
		assert_null(get(sample.dir, &place, ROOM, &code));
		assert_int_equal(code, which == 4 ? STORE_ERROR_MISSING :
						    STORE_ERROR_DAMAGED);
		place = put(sample.dir, DAY, false, "one ", "original");
		text = get(sample.dir, &place, ROOM, &code);
		assert_string_equal(text, "one original");
		sample_end(&sample);
	}
}

struct counting {
	unsigned files, held, strange;
};

static void count(const struct evidencetree_file *file, void *context)
{
	struct counting *counting = context;

	counting->files++;
	counting->held += file->place.is_held;
	counting->strange += !file->is_named;
}

static struct counting count_all(const char *dir)
{
	struct counting counting = { 0 };

	assert_true(evidencetree_each(dir, INT64_MIN, INT64_MAX, count,
				      &counting, NULL));
	return counting;
}

static int64_t dropped_day = INT64_MIN;

static int expire(const char *dir, bool is_held, int64_t keep_days,
		  int64_t today, struct state *state)
{
	struct holdset *holds = holdset_load(state, NULL);
	const struct evidenceterm term = {
		is_held, keep_days * DAY_US / 1000, day_begin_us(today),
		dropped_day, holds,
	};
	g_autoptr(GError) why = NULL;
	int gone = evidenceterm_expire(dir, &term, &why);

	if (why)
		fail_msg("%s", why->message);
	holdset_free(&holds);
	return gone;
}

static void hold_day(struct state *state, int64_t day, const char *sender)
{
	const struct hold hold = {
		.name = sender ? sender : "days", .since_day = day,
		.until_day = day, .operator_name = "ann", .reason = "",
		.sender = sender,
	};

	assert_true(holds_add(state, &hold, NULL));
}

static void days_expire(void **unused)
{
	g_autofree char *year = NULL;
	struct sample sample;
	struct state *state;
	bool was_there;

	(void)unused;
	sample_begin(&sample, "");
	state = state_open(sample.dir, STATE_CREATE, NULL);
	assert_int_equal(count_all(sample.dir).files, 0);
	for (int i = 0; i < 5; i++) {
		put(sample.dir, DAY + i, false, "same", "");
		put(sample.dir, DAY + i, true, "same", "");
	}
	assert_int_equal(count_all(sample.dir).files, 10);
	assert_int_equal(expire(sample.dir, true, 1, DAY + 5, state), 4);
	assert_int_equal(count_all(sample.dir).held, 1);
	assert_int_equal(expire(sample.dir, false, 60, DAY + 60, state), 0);
	assert_int_equal(expire(sample.dir, false, 60, DAY + 61, state), 1);
	hold_day(state, DAY + 2, NULL);
	/* That of the day before, too: its record may be in the
	 * held day's file. */
	assert_int_equal(expire(sample.dir, false, 60, DAY + 64, state), 1);
	assert_int_equal(count_all(sample.dir).files, 4);
	assert_true(holds_release(state, "days", &was_there, NULL));
	dropped_day = DAY + 2;
	assert_int_equal(expire(sample.dir, false, 60, DAY + 3, state), 2);
	dropped_day = INT64_MIN;
	assert_int_equal(expire(sample.dir, false, 0, DAY + 65, state), 1);
	year = g_build_filename(sample.dir, "evidence", "2024", NULL);
	assert_false(g_file_test(year, G_FILE_TEST_EXISTS));
	state_close(&state);
	sample_end(&sample);
}

/* A message of today, and its record. */
static struct evidence_place record_one(struct sample *sample,
					struct recorder *recorder,
					const char *sender)
{
	struct evidence_place place = put(sample->dir, day_of_us(
		clock_now_us()), false, sender, "");
	struct session_facts session = { .messages = 1 };
	struct evidence_facts facts = { .bytes = strlen(sender),
					.is_whole = true, .why = "a test" };
	struct transaction tx;

	memcpy(facts.sha256, place.sha256, sizeof facts.sha256);
	transaction_init(&tx, sample->settings, &session);
	record_id_new(tx.id);
	tx.began_us = tx.ended_us = clock_now_us();
	tx.ending = ENDING_COMPLETE;
	tx.sender = mailaddr_parse(span_text(sender), &tx.arena);
	tx.evidence = &facts;
	assert_true(recorder_commit(recorder, recordform_pack_message(&tx)));
	transaction_release(&tx);
	return place;
}

static bool is_on_hold(const struct sample *sample,
		       const struct evidence_place *place,
		       const struct holdset *holds)
{
	struct evidenceholds *on = evidenceholds_new(sample->dir, holds);
	bool is_it = evidenceholds_has(on, place, NULL);

	evidenceholds_free(&on);
	return is_it;
}

static void originals_of_held_records_stay(void **unused)
{
	struct evidence_place held, other;
	struct recorder *recorder;
	struct holdset *holds;
	struct sample sample;
	struct state *state;
	int64_t today;

	(void)unused;
	sample_begin(&sample, "");
	clock_set_us(day_begin_us(DAY) + 1000000);
	today = day_of_us(clock_now_us());
	state = state_open(sample.dir, STATE_CREATE, NULL);
	recorder = recorder_open(sample.dir, sample.settings, NULL);
	assert_non_null(recorder);
	held = record_one(&sample, recorder, "ann@example.net");
	other = record_one(&sample, recorder, "bob@example.net");
	recorder_close(&recorder, 1000);
	hold_day(state, today, "ann@example.net");
	holds = holdset_load(state, NULL);
	assert_true(is_on_hold(&sample, &held, holds));
	assert_false(is_on_hold(&sample, &other, holds));
	holdset_free(&holds);
	assert_int_equal(expire(sample.dir, false, 60, today + 70, state), 1);
	assert_int_equal(count_all(sample.dir).files, 1);
	assert_int_equal(expire(sample.dir, false, 60, today + 70, state), 0);
	holds = holdset_load(state, NULL);
	assert_true(is_on_hold(&sample, &held, holds));
	holdset_free(&holds);
	clock_set_us(0);
	state_close(&state);
	sample_end(&sample);
}

static void strange_files_are_told(void **unused)
{
	g_autofree char *path = NULL, *half = NULL;
	struct evidence_place place;
	struct sample sample;

	(void)unused;
	sample_begin(&sample, "");
	place = put(sample.dir, DAY, false, "one", "");
	path = evidence_path(sample.dir, &place);
	path[strlen(path) - 1] = 'x';
	half = g_build_filename(sample.dir, "evidence", "new", "17", NULL);
	assert_true(g_file_set_contents(path, "x", 1, NULL));
	assert_true(g_file_set_contents(half, "x", 1, NULL));
	assert_int_equal(count_all(sample.dir).files, 2);
	assert_int_equal(count_all(sample.dir).strange, 1);
	evidencetree_clean(sample.dir);
	assert_false(g_file_test(half, G_FILE_TEST_EXISTS));
	sample_end(&sample);
}

/* A limit on the size of files is what a full disk is like. */
static void full_disk_leaves_nothing(void **unused)
{
	struct rlimit before, small = { 1000, RLIM_INFINITY };
	g_autofree char *noise = g_malloc0(100000);
	struct evidence_place place = { .day = DAY };
	g_autoptr(GError) why = NULL;
	struct sample sample;
	struct span piece;

	(void)unused;
	sample_begin(&sample, "");
	for (unsigned i = 0, x = 1; i < 99999; i++, x = x * 1103515245 + 12345)
		noise[i] = (char)(x >> 16);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_FSIZE, &small);
	piece = span_of(noise, 99999);
	assert_false(evidence_put(sample.dir, &piece, 1, 0, &place, &why));
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(why->code, STORE_ERROR_TEMP);
	assert_int_equal(count_all(sample.dir).files, 0);
	assert_true(evidence_put(sample.dir, &piece, 1, 0, &place, NULL));
	assert_int_equal(count_all(sample.dir).files, 1);
	sample_end(&sample);
}

static void a_day_has_its_limit(void **unused)
{
	struct evidence_place place = { .day = DAY };
	g_autoptr(GError) why = NULL;
	struct sample sample;
	unsigned kept = 0;

	(void)unused;
	sample_begin(&sample, "");
	put(sample.dir, DAY, false, "from before", "");
	for (; kept < 100 && !why; kept++) {
		g_autofree char *text = g_strdup_printf("number %u", kept);
		struct span piece = span_text(text);

		if (!evidence_put(sample.dir, &piece, 1, 200, &place, &why))
			break;
	}
	assert_in_range(kept, 3, 15);
	assert_int_equal(why->code, STORE_ERROR_TEMP);
	assert_non_null(strstr(why->message, "evidence.day_size"));
	assert_int_equal(count_all(sample.dir).files, kept + 1);
	place.day++;
	assert_true(evidence_put(sample.dir, &(struct span){ "x", 1 }, 1, 200,
				 &place, NULL));
	sample_end(&sample);
}

#define THREADS 8
#define ROUNDS 25

static void *put_many(void *dir)
{
	for (int i = 0; i < ROUNDS; i++) {
		g_autofree char *text = g_strdup_printf("message %d", i);

		put(dir, DAY + i % 3, false, text, "");
	}
	return NULL;
}

static void many_at_once(void **unused)
{
	pthread_t threads[THREADS];
	struct sample sample;

	(void)unused;
	sample_begin(&sample, "");
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, put_many, sample.dir);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(count_all(sample.dir).files, ROUNDS);
	assert_int_equal(count_all(sample.dir).strange, 0);
	sample_end(&sample);
}

static void marks_are_kept(void **unused)
{
	struct evidence_release release = { 5, (char *)"ann", "token", "body" };
	struct evidence_removal removal = { 6, (char *)"bob",
					    (char *)"asked for" };
	struct evidence_place place = { .day = DAY, .sha256 = "x" };
	const struct day_range hold = { DAY, DAY };
	g_autoptr(GArray) held = g_array_new(FALSE, FALSE, sizeof hold);
	struct sample sample;
	struct state *state;
	uint64_t id;
	char text[RECORD_ID_BYTES];

	(void)unused;
	sample_begin(&sample, "");
	state = state_open(sample.dir, STATE_CREATE, NULL);
	record_id_new(text);
	assert_true(record_id_parse(span_text(text), &id));
	assert_false(evidencemarks_find_release(state, id, &release));
	assert_true(evidencemarks_add_release(state, id, &release, NULL));
	assert_true(evidencemarks_add_removal(state, &place, &removal, NULL));
	memset(&release, 0, sizeof release);
	assert_true(evidencemarks_find_release(state, id, &release));
	assert_string_equal(release.operator_name, "ann");
	assert_string_equal((char *)release.token, "token");
	assert_string_equal((char *)release.body_sha256, "body");
	evidencemarks_clear_release(&release);
	g_array_append_val(held, hold);
	assert_true(evidencemarks_expire(state, DAY + 1, held, NULL));
	assert_true(evidencemarks_find_removal(state, &place, &removal));
	assert_string_equal(removal.reason, "asked for");
	evidencemarks_clear_removal(&removal);
	g_array_set_size(held, 0);
	assert_true(evidencemarks_expire(state, DAY + 1, held, NULL));
	assert_false(evidencemarks_find_removal(state, &place, &removal));
	assert_true(evidencemarks_find_release(state, id, &release));
	evidencemarks_clear_release(&release);
	state_close(&state);
	sample_end(&sample);
}

static void bodies_by_their_text(void **unused)
{
	uint8_t a[DIGEST_SHA256_BYTES], b[DIGEST_SHA256_BYTES];

	(void)unused;
	evidencemarks_hash_body(span_text("x\r\ny"), a);
	evidencemarks_hash_body(span_text("x\r\ny\r\n\r\n"), b);
	assert_memory_equal(a, b, sizeof a);
	evidencemarks_hash_body(span_text("x\r\ny "), b);
	assert_memory_not_equal(a, b, sizeof a);
	evidencemarks_hash_body(span_of(NULL, 0), a);
	evidencemarks_hash_body(span_text("\r\n"), b);
	assert_memory_equal(a, b, sizeof a);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(one_is_kept),
	cmocka_unit_test(changes_are_seen),
	cmocka_unit_test(days_expire),
	cmocka_unit_test(originals_of_held_records_stay),
	cmocka_unit_test(strange_files_are_told),
	cmocka_unit_test(full_disk_leaves_nothing),
	cmocka_unit_test(a_day_has_its_limit),
	cmocka_unit_test(many_at_once),
	cmocka_unit_test(marks_are_kept),
	cmocka_unit_test(bodies_by_their_text),
};

TAP_MAIN(tests)
