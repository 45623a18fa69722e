#include <config.h>

#include "base/program.h"

#include "unit/tap.h"

#include <string.h>

static enum program_end run(const char *script, const char *input,
			    int64_t most_ms, int *status)
{
	char *const words[] = { (char *)"/bin/sh", (char *)"-c",
				(char *)script, NULL };
	const struct program program = { words, span_text(input), false };
	g_autoptr(GError) why = NULL;
	enum program_end end = program_run(&program, most_ms, status, &why);

	assert_true((end == PROGRAM_NOT_STARTED) == (why != NULL));
	return end;
}

static const struct { const char *script; int status; } cases[] = {
	{ "exit 0", 0 },
	{ "exit 7", 7 },
	{ "read word && test \"$word\" = hello", 0 },
	{ "exec 3<&1 && exec 3<&2", 0 },	/* both outputs are there */
	{ "echo '# said' && echo '# said' >&2", 0 },
	{ "test $(wc -c) = 200000", 1 },
};

static void the_status_is_the_programs(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int status = -1;

		if (run(cases[i].script, "hello\n", 0, &status) !=
			    PROGRAM_EXITED ||
		    status != cases[i].status)
			fail_msg("%s: %d", cases[i].script, status);
	}
}

/* More than a pipe holds, and read slowly or not at all. */
static void a_long_input(void **unused)
{
	g_autofree char *input = g_strnfill(200000, 'x');
	int status = -1;

	(void)unused;
	assert_int_equal(run("test $(wc -c) = 200000", input, 0, &status),
			 PROGRAM_EXITED);
	assert_int_equal(status, 0);
	assert_int_equal(run("exit 0", input, 0, &status), PROGRAM_EXITED);
	assert_int_equal(status, 0);
}

static void one_that_hangs_is_killed(void **unused)
{
	int status = -1;

	(void)unused;
	assert_int_equal(run("exec sleep 60", "", 50, &status),
			 PROGRAM_LATE);
	assert_int_equal(run("kill -TERM $$", "", 0, &status), PROGRAM_KILLED);
	assert_int_equal(status, 15);
}

static void what_it_says_is_kept(void **unused)
{
	char *const words[] = { (char *)"/bin/sh", (char *)"-c",
		(char *)"printf 'one\\ttwo\\nthree\\n' >&2; exit 3", NULL };
	const struct program program = { words, span_text(""), true };
	struct program_job *job = program_start(&program, NULL);
	enum program_end end;
	int status = 0;

	(void)unused;
	assert_non_null(job);
	do
		end = program_poll(job, 0, &status);
	while (end == PROGRAM_RUNS);
	g_autofree char *said = program_said(job);

	assert_int_equal(end, PROGRAM_EXITED);
	assert_int_equal(status, 3);
	assert_string_equal(said, "\"one\\x09two\"");
	program_free(&job);
	assert_null(job);
}

static void none_at_all(void **unused)
{
	char *const words[] = { (char *)"/nowhere/program", NULL };
	const struct program program = { words, span_text(""), false };
	g_autoptr(GError) why = NULL;
	int status;

	(void)unused;
	assert_int_equal(program_run(&program, 0, &status, &why),
			 PROGRAM_NOT_STARTED);
	assert_non_null(why);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_status_is_the_programs),
	cmocka_unit_test(a_long_input),
	cmocka_unit_test(one_that_hangs_is_killed),
	cmocka_unit_test(what_it_says_is_kept),
	cmocka_unit_test(none_at_all),
};

TAP_MAIN(tests)
