#include <config.h>

#include "store/recorder.h"

#include "store/day.h"
#include "store/digest.h"
#include "store/search.h"
#include "store/segment.h"

#include "unit/store/sample.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 8
#define EACH 200

static const struct sample_mail plain = {
	.client = "192.0.2.1", .from = "<a@example.net>",
	.to = "<b@example.org>", .queue_id = "Q",
};

struct chain {
	uint64_t count, sequence;
	uint8_t sha256[RECORD_HASH_BYTES];
	bool is_whole;
};

/* Each record has the hash of the one before, and the next sequence. */
static bool follow_chain(const struct search_hit *hit, void *context)
{
	struct chain *chain = context;
	const ProtobufCBinaryData *before = &hit->record->previous_sha256;

	chain->is_whole &= hit->sequence == chain->sequence + 1 &&
			   before->len == RECORD_HASH_BYTES &&
			   memcmp(before->data, chain->sha256,
				  RECORD_HASH_BYTES) == 0;
	digest_sha256(hit->bytes, chain->sha256);
	chain->sequence = hit->sequence;
	chain->count++;
	return true;
}

static uint64_t check_chain(const char *dir)
{
	struct chain chain = { .is_whole = true };
	struct search_result result;

	assert_true(search_after(dir, 0, 0, follow_chain, &chain, &result,
				 NULL));
	assert_int_equal(result.problems->len, 0);
	search_result_release(&result);
	assert_true(chain.is_whole);
	return chain.count;
}

static struct recorder *open_recorder(const struct sample *sample)
{
	g_autoptr(GError) why = NULL;
	struct recorder *recorder = recorder_open(sample->dir,
						  sample->settings, &why);

	if (!recorder)
		fail_msg("%s", why->message);
	return recorder;
}

struct writer { const struct sample *sample; struct recorder *recorder; };

static void *write_many(void *data)
{
	const struct writer *writer = data;

	for (int i = 0; i < EACH; i++) {
		struct packed_record *record = sample_pack(writer->sample,
							   &plain);

		if (i % 4 == 3)
			recorder_submit(writer->recorder, record);
		else if (!recorder_commit(writer->recorder, record))
			return data;
	}
	return NULL;
}

static void many_threads_write_one_chain(void **state)
{
	struct recorder_stats stats;
	struct sample sample;
	struct writer writer = { .sample = &sample };
	GThread *threads[THREADS];

	(void)state;
	sample_begin(&sample, "");
	writer.recorder = open_recorder(&sample);
	for (int i = 0; i < THREADS; i++)
		threads[i] = g_thread_new("writer", write_many, &writer);
	for (int i = 0; i < THREADS; i++)
		assert_null(g_thread_join(threads[i]));
	recorder_stats(writer.recorder, &stats);
	assert_true(stats.groups < THREADS * EACH);
	recorder_close(&writer.recorder, 10000);
	assert_int_equal(check_chain(sample.dir), THREADS * EACH);
	/* Opened again, the chain goes on. */
	writer.recorder = open_recorder(&sample);
	assert_true(recorder_commit(writer.recorder, sample_pack(&sample,
								 &plain)));
	recorder_close(&writer.recorder, 10000);
	assert_int_equal(check_chain(sample.dir), THREADS * EACH + 1);
	sample_end(&sample);
}

static void a_second_one_is_refused(void **state)
{
	g_autoptr(GError) why = NULL;
	struct sample sample;
	pid_t child;
	int ready[2], status;

	(void)state;
	sample_begin(&sample, "");
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		struct recorder *recorder = open_recorder(&sample);

		_exit(write(ready[1], "x", 1) == 1 && recorder &&
		      pause() ? 0 : 1);
	}
	assert_int_equal(read(ready[0], &status, 1), 1);
	assert_null(recorder_open(sample.dir, sample.settings, &why));
	assert_non_null(strstr(why->message, "runs already, as process"));
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	sample_end(&sample);
}

/* A child commits and tells each number through a pipe until it is killed. */
static void kill_loses_nothing_that_was_told(void **state)
{
	struct sample sample;
	uint64_t told = 0;

	(void)state;
	sample_begin(&sample, "");
	for (int round = 0; round < 5; round++) {
		int tell[2], status;
		char bytes[4096];
		ssize_t count;
		pid_t child;

		assert_int_equal(pipe(tell), 0);
		child = fork();
		if (child == 0) {
			struct recorder *recorder = open_recorder(&sample);

			while (recorder_commit(recorder, sample_pack(
						&sample, &plain)))
				if (write(tell[1], "x", 1) != 1)
					break;
			_exit(1);
		}
		close(tell[1]);
		for (int i = 0; i < 20 &&
		     (count = read(tell[0], bytes, sizeof bytes)) > 0; i++)
			told += (uint64_t)count;
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		while ((count = read(tell[0], bytes, sizeof bytes)) > 0)
			told += (uint64_t)count;
		close(tell[0]);
		assert_true(check_chain(sample.dir) >= told);
	}
	sample_end(&sample);
}

static bool count_one(const struct search_hit *hit, void *context)
{
	(void)hit;
	++*(unsigned *)context;
	return true;
}

static unsigned count_between(const struct sample *sample, int64_t since_us,
			      int64_t until_us)
{
	const struct search_query query = {
		.since_us = since_us, .until_us = until_us,
	};
	struct search_result result;
	unsigned count = 0;

	assert_true(search_run(sample->dir, &query, count_one, &count,
			       &result, NULL));
	search_result_release(&result);
	return count;
}

static void a_new_day_has_a_new_file(void **state)
{
	int64_t day = 20000;
	struct recorder_stats stats;
	struct recorder *recorder;
	struct sample sample;
	g_autoptr(GArray) days = NULL;
	g_autofree char *records = NULL;

	(void)state;
	sample_begin(&sample, "");
	clock_set_us(day_begin_us(day) + DAY_US - 1000);
	recorder = open_recorder(&sample);
	assert_true(recorder_commit(recorder, sample_pack(&sample, &plain)));
	clock_set_us(day_begin_us(day + 1) + 1000);
	assert_true(recorder_commit(recorder, sample_pack(&sample, &plain)));
	/* A clock set back: the chain only goes forward. */
	clock_set_us(day_begin_us(day) + 1000);
	assert_true(recorder_commit(recorder, sample_pack(&sample, &plain)));
	recorder_stats(recorder, &stats);
	assert_int_equal(stats.ahead_day, day + 1);
	clock_set_us(day_begin_us(day + 1) - 1000);
	assert_true(recorder_commit(recorder, sample_pack(&sample, &plain)));
	recorder_stats(recorder, &stats);
	assert_int_equal(stats.ahead_day, 0);
	recorder_close(&recorder, 10000);
	/* It is told of a start, too. */
	clock_set_us(day_begin_us(day) + 2000);
	recorder = open_recorder(&sample);
	recorder_stats(recorder, &stats);
	assert_int_equal(stats.ahead_day, day + 1);
	recorder_close(&recorder, 10000);
	records = g_build_filename(sample.dir, "records", NULL);
	days = day_list(records, NULL);
	assert_int_equal(days->len, 2);
	assert_int_equal(count_between(&sample, day_begin_us(day),
				       day_begin_us(day + 1) - 2000), 1);
	assert_int_equal(count_between(&sample, day_begin_us(day) + 1000,
				       day_begin_us(day) + 1001), 1);
	assert_int_equal(check_chain(sample.dir), 4);
	clock_set_us(0);
	sample_end(&sample);
}

/* What stood in yesterday's file is known to who wrote it. */
static void an_unreadable_yesterday_ends_no_mail(void **state)
{
	int64_t day = 20000;
	struct recorder *recorder;
	struct sample sample;
	g_autofree char *records = NULL, *path = NULL, *aside = NULL;

	(void)state;
	sample_begin(&sample, "");
	clock_set_us(day_begin_us(day) + 1000);
	recorder = open_recorder(&sample);
	assert_true(recorder_commit(recorder, sample_pack(&sample, &plain)));
	records = g_build_filename(sample.dir, "records", NULL);
	path = day_path(records, day);
	aside = g_strconcat(path, ".aside", NULL);
	assert_int_equal(g_rename(path, aside), 0);
	assert_true(g_file_set_contents(path, "no database", -1, NULL));
	clock_set_us(day_begin_us(day + 1) + 1000);
	assert_true(recorder_commit(recorder, sample_pack(&sample, &plain)));
	recorder_close(&recorder, 10000);
	assert_int_equal(g_rename(aside, path), 0);
	assert_int_equal(check_chain(sample.dir), 2);
	clock_set_us(0);
	sample_end(&sample);
}

static void a_full_disk_is_told_and_passes(void **state)
{
	struct rlimit limit, low;
	struct recorder *recorder;
	struct recorder_stats stats;
	struct sample sample;
	bool has_failed = false, is_well = false;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	sample_begin(&sample, "");
	recorder = open_recorder(&sample);
	assert_true(recorder_commit(recorder, sample_pack(&sample, &plain)));
	getrlimit(RLIMIT_FSIZE, &limit);
	low = limit;
	low.rlim_cur = 100000;
	setrlimit(RLIMIT_FSIZE, &low);
	for (int i = 0; i < 3000 && !has_failed; i++)
		has_failed = !recorder_commit(recorder, sample_pack(&sample,
								    &plain));
	assert_true(has_failed);
	assert_false(recorder_is_healthy(recorder));
	recorder_submit(recorder, sample_pack(&sample, &plain));
	assert_false(recorder_commit(recorder, sample_pack(&sample, &plain)));
	setrlimit(RLIMIT_FSIZE, &limit);
	for (int i = 0; i < 100 && !is_well; i++) {
		g_usleep(100000);
		is_well = recorder_is_healthy(recorder);
	}
	assert_true(is_well);
	assert_true(recorder_commit(recorder, sample_pack(&sample, &plain)));
	recorder_stats(recorder, &stats);
	assert_int_equal(stats.dropped, 0);
	recorder_close(&recorder, 10000);
	assert_int_equal(check_chain(sample.dir), stats.committed);
	sample_end(&sample);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_second_one_is_refused),
	cmocka_unit_test(kill_loses_nothing_that_was_told),
	cmocka_unit_test(many_threads_write_one_chain),
	cmocka_unit_test(a_new_day_has_a_new_file),
	cmocka_unit_test(an_unreadable_yesterday_ends_no_mail),
	cmocka_unit_test(a_full_disk_is_told_and_passes),
};

TAP_MAIN(tests)
