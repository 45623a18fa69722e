#include <config.h>

#include "cases/caseduties.h"

#include "unit/tap.h"

#define HOUR INT64_C(3600000000)
#define NOON (INT64_C(1795780800) * 1000000)	/* 2026-11-27T12:00Z,
						 * a Friday */

static struct case_settings settings = {
	.warn_days = 1, .cut_days = 2, .suspend_ms = 1800000,
	.report_ms = 86400000, .watch_ms = 86400000, .strikes = 2,
};

static int set_up(void **unused)
{
	g_autoptr(GPtrArray) workdays = g_ptr_array_new();
	const struct calendar_words words = { "UTC", "09:00-17:00", workdays,
					      NULL };

	(void)unused;
	for (size_t i = 0; i < 7; i++)
		g_ptr_array_add(workdays, (char *[]){ "mon", "tue", "wed", "thu",
						      "fri", "sat", "sun" }[i]);
	settings.calendar = calendar_new(&words, NULL);
	return settings.calendar == NULL;
}

static int tear_down(void **unused)
{
	(void)unused;
	calendar_free(settings.calendar);
	return 0;
}

static struct case_facts begin(enum case_kind kind)
{
	struct case_facts facts = {
		.kind = kind, .severity = caseduties_severity(kind),
		.state = CASE_STATE_OPEN, .opened_us = NOON,
	};

	caseduties_begin(&facts, CASE_WITNESS_US, &settings);
	return facts;
}

/* The kind of a case, that of what joins; and what becomes of it. */
static const struct {
	enum case_kind is, joins, becomes;
	unsigned severity;
	bool owes_suspension, owes_report;
} cases[] = {
	{ CASE_KIND_SPAM, CASE_KIND_SPAM, CASE_KIND_SPAM, 1, false, false },
	{ CASE_KIND_SPAM, CASE_KIND_ATTACK, CASE_KIND_SPAM, 1, false, false },
	{ CASE_KIND_SPAM, CASE_KIND_VIRUS, CASE_KIND_VIRUS, 2, true, false },
	{ CASE_KIND_SPAM, CASE_KIND_HARMFUL, CASE_KIND_HARMFUL, 3, true, true },
	{ CASE_KIND_VIRUS, CASE_KIND_SPAM, CASE_KIND_VIRUS, 2, true, false },
	{ CASE_KIND_VIRUS, CASE_KIND_HARMFUL, CASE_KIND_HARMFUL, 3, true, true },
	{ CASE_KIND_HARMFUL, CASE_KIND_VIRUS, CASE_KIND_HARMFUL, 3, true, true },
};

static void the_graver_kind_wins(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct case_facts facts = begin(cases[i].is);

		caseduties_raise(&facts, cases[i].joins, CASE_WITNESS_US,
				 NOON + HOUR, &settings);
		if (facts.kind != cases[i].becomes ||
		    facts.severity != cases[i].severity ||
		    !facts.due_us[CASE_DUTY_SUSPEND] ==
			    cases[i].owes_suspension ||
		    !facts.due_us[CASE_DUTY_REPORT] == cases[i].owes_report)
			fail_msg("%s joins %s: %s, severity %u",
				 case_kind_word(cases[i].joins),
				 case_kind_word(cases[i].is),
				 case_kind_word(facts.kind), facts.severity);
	}
}

/* Each is owed on a complaint's word; then the same, or less, is seen. */
static const struct { enum case_kind told, seen; int64_t seen_by_us; }
hearsay[] = {
	{ CASE_KIND_HARMFUL, CASE_KIND_SPAM, 0 },
	{ CASE_KIND_HARMFUL, CASE_KIND_HARMFUL, NOON + HOUR + HOUR / 2 },
	{ CASE_KIND_VIRUS, CASE_KIND_SPAM, 0 },
	{ CASE_KIND_VIRUS, CASE_KIND_HARMFUL, NOON + HOUR + HOUR / 2 },
};

static void what_is_seen_confirms_what_was_told(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < G_N_ELEMENTS(hearsay); i++) {
		struct case_facts facts = begin(CASE_KIND_SPAM);

		caseduties_raise(&facts, hearsay[i].told,
				 CASE_WITNESS_COMPLAINT, NOON, &settings);
		assert_true(case_suspends_on_hearsay(&facts));
		caseduties_raise(&facts, hearsay[i].seen, CASE_WITNESS_US,
				 NOON + HOUR, &settings);
		if (facts.seen_suspend_us != hearsay[i].seen_by_us ||
		    !facts.due_us[CASE_DUTY_SUSPEND])
			fail_msg("%s told, %s seen",
				 case_kind_word(hearsay[i].told),
				 case_kind_word(hearsay[i].seen));
	}
}

/* One virus told, one seen: its term is that of the one seen. */
static void a_virus_that_is_seen_has_its_own_term(void **unused)
{
	struct case_facts facts = begin(CASE_KIND_SPAM);
	int64_t told_us;

	(void)unused;
	caseduties_raise(&facts, CASE_KIND_VIRUS, CASE_WITNESS_COMPLAINT, NOON,
			 &settings);
	told_us = facts.due_us[CASE_DUTY_SUSPEND];
	caseduties_raise(&facts, CASE_KIND_VIRUS, CASE_WITNESS_US,
			 NOON + 48 * HOUR, &settings);
	assert_true(facts.due_us[CASE_DUTY_SUSPEND] == told_us);
	assert_true(facts.seen_suspend_us > told_us);
}

static void an_earlier_deadline_stays(void **unused)
{
	struct case_facts facts = begin(CASE_KIND_HARMFUL);

	(void)unused;
	caseduties_raise(&facts, CASE_KIND_HARMFUL, CASE_WITNESS_US,
			 NOON + HOUR, &settings);
	assert_int_equal(facts.due_us[CASE_DUTY_SUSPEND], NOON + HOUR / 2);
	assert_int_equal(facts.due_us[CASE_DUTY_REPORT], NOON + 24 * HOUR);
}

static void who_is_suspended_is_only_reported_again(void **unused)
{
	struct case_facts facts = begin(CASE_KIND_HARMFUL);

	(void)unused;
	facts.state = CASE_STATE_SUSPENDED;
	caseduties_after(&facts, CASE_COMMAND_SUSPEND, 0, NOON + 1, &settings);
	assert_int_equal(facts.due_us[CASE_DUTY_SUSPEND], 0);
	assert_int_equal(facts.owed_us[CASE_DUTY_SUSPEND], NOON + HOUR / 2);
	facts.due_us[CASE_DUTY_REPORT] = 0;
	caseduties_raise(&facts, CASE_KIND_HARMFUL, CASE_WITNESS_US,
			 NOON + HOUR, &settings);
	assert_int_equal(facts.due_us[CASE_DUTY_SUSPEND], 0);
	assert_int_equal(facts.due_us[CASE_DUTY_REPORT], NOON + 25 * HOUR);
}

/* Nobody has closed it yet, and so no case opens. */
static void a_remedy_that_was_none_is_to_be_warned_of(void **unused)
{
	struct case_facts facts = begin(CASE_KIND_SPAM);

	(void)unused;
	facts.state = CASE_STATE_REMEDIED;
	caseduties_after(&facts, CASE_COMMAND_REMEDY, 0, NOON + 1, &settings);
	assert_int_equal(facts.due_us[CASE_DUTY_WARN], 0);
	caseduties_strike(&facts, CASE_WITNESS_US, NOON + HOUR, &settings);
	assert_true(facts.due_us[CASE_DUTY_WARN] > NOON + HOUR);
	assert_int_equal(facts.owed_us[CASE_DUTY_WARN],
			 facts.due_us[CASE_DUTY_WARN]);
}

/* What is on disk is a stranger's. */
static void a_kind_that_is_none(void **unused)
{
	struct case_facts facts = begin((enum case_kind)99);

	(void)unused;
	caseduties_raise(&facts, CASE_KIND_VIRUS, CASE_WITNESS_US, NOON,
			 &settings);
	assert_int_equal(facts.kind, CASE_KIND_VIRUS);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup_teardown(the_graver_kind_wins, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(what_is_seen_confirms_what_was_told,
					set_up, tear_down),
	cmocka_unit_test_setup_teardown(a_virus_that_is_seen_has_its_own_term,
					set_up, tear_down),
	cmocka_unit_test_setup_teardown(an_earlier_deadline_stays, set_up,
					tear_down),
	cmocka_unit_test_setup_teardown(who_is_suspended_is_only_reported_again,
					set_up, tear_down),
	cmocka_unit_test_setup_teardown(
		a_remedy_that_was_none_is_to_be_warned_of, set_up, tear_down),
	cmocka_unit_test_setup_teardown(a_kind_that_is_none, set_up, tear_down),
};

TAP_MAIN(tests)
