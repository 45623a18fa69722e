#include <config.h>

#include "report/dmarcoutbox.h"

#include "store/storeerror.h"
#include "unit/store/sample.h"

#include <unistd.h>

static struct sample sample;
static struct state *state;
static struct arena arena;

static void begin(void)
{
	sample_begin(&sample, "");
	state = state_open(sample.dir, STATE_CREATE, NULL);
	assert_non_null(state);
	arena_init(&arena);
}

static void end(void)
{
	arena_release(&arena);
	state_close(&state);
	sample_end(&sample);
}

static struct dmarcoutbox_report report_of(int64_t day, const char *domain,
					   int64_t next_us)
{
	return (struct dmarcoutbox_report){
		.day = day, .domain = domain, .report = { "bytes", 5 },
		.messages = 7, .rows = 3, .left_out = 1, .made_us = 100,
		.next_us = next_us, .why = "",
	};
}

static struct dmarcoutbox_report get(int64_t day, const char *domain)
{
	struct dmarcoutbox_report report;

	assert_true(dmarcoutbox_find(state, day, domain, &arena, &report,
				     NULL));
	return report;
}

static void keeps_what_it_is_given(void **unused)
{
	struct dmarcoutbox_target targets[] = {
		{ "a@x.example", 10, DMARCOUTBOX_SENT, 5, "" },
		{ "b@x.example", 0, DMARCOUTBOX_WAITING, 6, "no luck" },
	};
	struct dmarcoutbox_report report = report_of(20000, "x.example", 9);

	(void)unused;
	begin();
	report.targets = targets;
	report.target_count = 2;
	report.tries = 4;
	assert_true(dmarcoutbox_put(state, &report, NULL));
	report = get(20000, "x.example");
	assert_int_equal(report.day, 20000);
	assert_string_equal(report.domain, "x.example");
	assert_int_equal(report.report.len, 5);
	assert_memory_equal(report.report.ptr, "bytes", 5);
	assert_int_equal(report.messages, 7);
	assert_int_equal(report.rows, 3);
	assert_int_equal(report.left_out, 1);
	assert_int_equal(report.tries, 4);
	assert_int_equal(report.next_us, 9);
	assert_int_equal(report.target_count, 2);
	assert_string_equal(report.targets[0].address, "a@x.example");
	assert_int_equal(report.targets[0].most_bytes, 10);
	assert_int_equal(report.targets[0].state, DMARCOUTBOX_SENT);
	assert_string_equal(report.targets[1].why, "no luck");
	assert_false(dmarcoutbox_find(state, 20001, "x.example", &arena,
				      &report, NULL));
	end();
}

static void expect_due(int64_t now_us, const char *domain)
{
	struct dmarcoutbox_report report;
	g_autoptr(GError) why = NULL;

	if (!dmarcoutbox_find_due(state, now_us, &arena, &report, &why))
		report.domain = "";
	assert_null(why);
	assert_string_equal(report.domain, domain);
}

static void gives_them_in_turn(void **unused)
{
	struct dmarcoutbox_report reports[] = {
		report_of(20000, "x.example", 30),
		report_of(20000, "y.example", 20),
		report_of(20001, "x.example", 40),
	};

	(void)unused;
	begin();
	expect_due(INT64_MAX, "");
	assert_int_equal(dmarcoutbox_add(state, reports, 3, NULL), 3);
	assert_int_equal(dmarcoutbox_add(state, reports, 3, NULL), 0);
	expect_due(19, "");
	expect_due(20, "y.example");
	/* It has one place in the queue, wherever it goes. */
	reports[1].next_us = 50;
	assert_true(dmarcoutbox_put(state, &reports[1], NULL));
	expect_due(29, "");
	expect_due(49, "x.example");
	reports[0].next_us = reports[2].next_us = 0;
	assert_true(dmarcoutbox_put(state, &reports[0], NULL));
	assert_true(dmarcoutbox_put(state, &reports[2], NULL));
	expect_due(49, "");
	expect_due(50, "y.example");
	end();
}

/* As a disk that lies leaves it. */
static void spoil(int64_t day, const char *domain)
{
	g_autoptr(GString) key = g_string_new("r");
	uint64_t wire = GUINT64_TO_BE((uint64_t)day);
	struct state_txn *txn = state_begin_write(state, NULL);

	g_string_append_len(key, (const char *)&wire, sizeof wire);
	g_string_append(key, domain);
	assert_true(state_put(txn, STATE_DMARC, span_of(key->str, key->len),
			      span_text("\xff\xff"), NULL));
	assert_true(state_commit(&txn, NULL));
}

static void expect_apart(const char *want)
{
	g_autoptr(GPtrArray) apart = dmarcoutbox_apart(state, NULL);

	assert_string_equal(apart->len ? apart->pdata[0] : "", want);
}

static void one_that_cannot_be_read_holds_up_no_other(void **unused)
{
	struct dmarcoutbox_report reports[] = {
		report_of(20000, "x.example", 10),
		report_of(20000, "y.example", 20),
		report_of(20000, "z.example", 0),
	};

	(void)unused;
	begin();
	assert_int_equal(dmarcoutbox_add(state, reports, 3, NULL), 3);
	spoil(20000, "x.example");
	expect_due(30, "y.example");
	expect_apart("2024-10-04 x.example");
	/* Made anew it takes its turn again. */
	assert_true(dmarcoutbox_put(state, &reports[0], NULL));
	expect_apart("");
	expect_due(30, "x.example");
	/* What nobody mends is forgotten with its day. */
	spoil(20000, "x.example");
	expect_due(30, "y.example");
	expect_apart("2024-10-04 x.example");
	assert_true(dmarcoutbox_expire(state, 20001, NULL));
	expect_apart("");
	end();
}

static void knows_its_days(void **unused)
{
	struct dmarcoutbox_report reports[] = {
		report_of(20000, "x.example", 0),
		report_of(20000, "y.example", 10),
		report_of(20002, "z.example", 0),
	};
	int64_t first;
	bool has;

	(void)unused;
	begin();
	assert_true(dmarcoutbox_first_day(state, &first, NULL));
	assert_true(first == INT64_MAX);
	assert_int_equal(dmarcoutbox_add(state, reports, 3, NULL), 3);
	assert_true(dmarcoutbox_end_day(state, 20002, NULL));
	assert_true(dmarcoutbox_end_day(state, 20000, NULL));
	assert_true(dmarcoutbox_first_day(state, &first, NULL));
	assert_int_equal(first, 20000);
	assert_true(dmarcoutbox_has_day(state, 20001, &has, NULL) && !has);
	assert_true(dmarcoutbox_has_day(state, 20002, &has, NULL) && has);
	g_autoptr(GPtrArray) domains = dmarcoutbox_domains(state, 20000, NULL);

	assert_int_equal(domains->len, 2);
	assert_string_equal(domains->pdata[1], "y.example");
	/* What waits stays. */
	assert_true(dmarcoutbox_expire(state, 20002, NULL));
	assert_true(dmarcoutbox_has_day(state, 20000, &has, NULL) && !has);
	g_clear_pointer(&domains, g_ptr_array_unref);
	domains = dmarcoutbox_domains(state, 20000, NULL);
	assert_int_equal(domains->len, 1);
	(void)get(20002, "z.example");
	end();
}

static void is_for_one_at_a_time(void **unused)
{
	g_autoptr(GError) why = NULL;
	int held;

	(void)unused;
	begin();
	held = dmarcoutbox_lock(sample.dir, NULL);
	assert_true(held >= 0);
	assert_int_equal(dmarcoutbox_lock(sample.dir, &why), -1);
	assert_true(g_error_matches(why, STORE_ERROR, STORE_ERROR_BUSY));
	close(held);
	held = dmarcoutbox_lock(sample.dir, NULL);
	assert_true(held >= 0);
	close(held);
	end();
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(keeps_what_it_is_given),
	cmocka_unit_test(gives_them_in_turn),
	cmocka_unit_test(one_that_cannot_be_read_holds_up_no_other),
	cmocka_unit_test(knows_its_days),
	cmocka_unit_test(is_for_one_at_a_time),
};

TAP_MAIN(tests)
