#include <config.h>

#include "cases/casebook.h"

#include "base/log.h"
#include "cases/caseincidents.h"
#include "cases/casejoin.h"
#include "cases/customerbook.h"

#include "unit/store/sample.h"

#include <sys/wait.h>
#include <unistd.h>

#define MINUTE INT64_C(60000000)
#define DAY (24 * 60 * MINUTE)
#define NOON (INT64_C(1795780800) * 1000000)	/* 2026-11-27T12:00Z,
						 * a Friday */

struct box {
	struct sample sample;
	struct state *state;
	struct arena arena;
	struct case_settings settings;
};

static void begin(struct box *box)
{
	g_autoptr(GPtrArray) workdays = g_ptr_array_new();
	struct calendar_words words = { "UTC", "09:00-17:00", workdays, NULL };

	for (size_t i = 0; i < 5; i++)
		g_ptr_array_add(workdays, (char *[]){ "mon", "tue", "wed",
						      "thu", "fri" }[i]);
	sample_begin(&box->sample, "");
	arena_init(&box->arena);
	box->state = state_open(box->sample.dir, STATE_CREATE, NULL);
	assert_non_null(box->state);
	box->settings = (struct case_settings){
		.warn_days = 1, .cut_days = 2, .suspend_ms = 1800000,
		.report_ms = 86400000, .watch_ms = 86400000 * INT64_C(10),
		.quiet_ms = 3600000, .strikes = 2,
		.calendar = calendar_new(&words, NULL),
	};
	assert_non_null(box->settings.calendar);
}

static void end(struct box *box)
{
	calendar_free(box->settings.calendar);
	state_close(&box->state);
	arena_release(&box->arena);
	sample_end(&box->sample);
}

static bool open_one(struct box *box, enum list_kind kind, const char *value,
		     struct case_facts *facts)
{
	const struct case_step step = { NOON, CASE_COMMAND_OPEN, 0, "o", "" };

	*facts = (struct case_facts){
		.kind = CASE_KIND_SPAM, .severity = 1, .subject_kind = kind,
		.subject = value, .contact = "",
	};
	return casebook_open(box->state, &box->settings, facts, &step,
			     &box->arena, NULL);
}

static bool change(struct box *box, struct case_facts *facts,
		   enum case_command command)
{
	const struct case_change wanted = {
		.step = { NOON + MINUTE, command, 0, "o", "n" },
	};

	return casebook_change(box->state, &box->settings, facts->id, &wanted,
			       facts, &box->arena, NULL);
}

static bool count_one(const struct case_facts *facts, void *context)
{
	(void)facts;
	++*(int *)context;
	return true;
}

static int count_of(struct box *box, enum case_state state)
{
	int count = 0;

	assert_true(casebook_each(box->state, state, count_one, &count, NULL));
	return count;
}

static int due_by(struct box *box, int64_t until_us)
{
	int count = 0;

	assert_true(casebook_each_due(box->state, until_us, count_one, &count,
				      NULL));
	return count;
}

static bool is_listed(struct box *box, enum list_which which,
		      const char *account)
{
	return lists_find(box->state, which, LIST_ACCOUNT, span_text(account),
			  NOON + DAY, &box->arena, NULL);
}

static void indexes_follow(void **unused)
{
	struct case_facts alice, bob, again;
	struct box box;

	(void)unused;
	begin(&box);
	assert_true(open_one(&box, LIST_ACCOUNT, "alice", &alice));
	assert_true(open_one(&box, LIST_ACCOUNT, "bob", &bob));
	assert_false(open_one(&box, LIST_ACCOUNT, "Alice", &again));
	assert_int_equal(alice.id.number, 1);
	assert_int_equal(bob.id.number, 2);
	assert_int_equal(count_of(&box, CASE_STATE_OPEN), 2);
	assert_int_equal(due_by(&box, NOON + 2 * DAY), 0);
	assert_int_equal(due_by(&box, NOON + 3 * DAY), 2);
	assert_true(change(&box, &alice, CASE_COMMAND_SUSPEND));
	assert_int_equal(count_of(&box, CASE_STATE_OPEN), 1);
	assert_int_equal(count_of(&box, CASE_STATE_SUSPENDED), 1);
	assert_int_equal(due_by(&box, NOON + 1000 * DAY), 1);
	assert_true(is_listed(&box, LIST_SUSPENDED, "alice"));
	assert_false(change(&box, &alice, CASE_COMMAND_CLOSE));
	assert_true(change(&box, &alice, CASE_COMMAND_RESUME));
	assert_false(is_listed(&box, LIST_SUSPENDED, "alice"));
	assert_true(is_listed(&box, LIST_WATCHED, "alice"));
	assert_true(change(&box, &alice, CASE_COMMAND_REMEDY));
	assert_false(is_listed(&box, LIST_WATCHED, "alice"));
	assert_true(change(&box, &alice, CASE_COMMAND_CLOSE));
	assert_int_equal(alice.steps, 5);
	assert_true(open_one(&box, LIST_ACCOUNT, "alice", &again));
	assert_int_equal(count_of(&box, CASE_STATE_NONE), 3);
	end(&box);
}

static void join_late(struct box *box, const char *kind, int64_t first_us,
		      int64_t caused_us, struct case_facts *facts, bool is_new)
{
	const struct case_step step = { first_us, CASE_COMMAND_NOTE, 0, "m",
					"again" };
	const struct incident incident = {
		.kind = kind, .key = "k", .text = "t", .first_us = first_us,
		.last_us = first_us, .count = 1,
		.subject = { LIST_ACCOUNT, "alice" },
		.caused_us = caused_us,
	};
	bool was_new;

	assert_true(casejoin_incident(box->state, &box->settings, &incident,
				      &incident.subject, "", &step, facts,
				      &was_new, &box->arena, NULL));
	assert_int_equal(was_new, is_new);
}

static void join(struct box *box, const char *kind, int64_t first_us,
		 struct case_facts *facts, bool is_new)
{
	join_late(box, kind, first_us, 0, facts, is_new);
}

static void incidents_are_strikes_after_a_warning(void **unused)
{
	const struct case_change came_back = {
		.step = { NOON + 31 * DAY, CASE_COMMAND_NOTE, 0, "o", "n" },
		.is_undelivered = true,
	};
	struct list_entry listed;
	struct case_facts facts;
	struct box box;

	(void)unused;
	begin(&box);
	join(&box, "relay", NOON, &facts, true);
	assert_int_equal(facts.kind, CASE_KIND_OPEN_RELAY);
	join(&box, "limit", NOON + 30 * DAY, &facts, false);
	assert_int_equal(facts.strikes, 0);
	assert_true(change(&box, &facts, CASE_COMMAND_WATCH));
	join(&box, "limit", NOON + 30 * DAY + 30 * MINUTE, &facts, false);
	assert_int_equal(facts.strikes, 0);
	assert_true(casebook_change(box.state, &box.settings, facts.id,
				    &came_back, &facts, &box.arena, NULL));
	join(&box, "limit", NOON + 32 * DAY, &facts, false);
	assert_int_equal(facts.strikes, 1);
	assert_true(facts.due_us[CASE_DUTY_WARN] != 0);
	assert_true(facts.until_us ==
		    NOON + 32 * DAY + box.settings.watch_ms * 1000);
	assert_true(facts.due_us[CASE_DUTY_END] == facts.until_us);
	assert_true(lists_find(box.state, LIST_WATCHED, LIST_ACCOUNT,
			       span_text("alice"), NOON + DAY, &box.arena,
			       &listed));
	assert_true(listed.expires_us == facts.until_us);
	assert_int_equal(facts.severity, 2);
	assert_true(facts.due_us[CASE_DUTY_SUSPEND] == 0);
	join(&box, "limit", NOON + 33 * DAY, &facts, false);
	assert_int_equal(facts.strikes, 2);
	assert_true(facts.due_us[CASE_DUTY_SUSPEND] == NOON + 33 * DAY);
	assert_int_equal(facts.incidents, 5);
	end(&box);
}

/* A recipient complains days later about what the warning was about. */
static void complaints_are_strikes_by_when_the_mail_was(void **unused)
{
	const struct case_change note = { .step = {
		NOON + 32 * DAY + 4 * 60 * MINUTE, CASE_COMMAND_NOTE, 0, "o",
		"somebody called" } };
	struct case_facts facts;
	struct box box;

	(void)unused;
	begin(&box);
	join(&box, "limit", NOON, &facts, true);
	assert_true(change(&box, &facts, CASE_COMMAND_WATCH));
	join_late(&box, "complaint", NOON + 32 * DAY, NOON, &facts, false);
	assert_int_equal(facts.strikes, 0);
	assert_int_equal(facts.severity, 1);
	assert_int_equal(facts.incidents, 2);
	assert_true(casebook_change(box.state, &box.settings, facts.id, &note,
				    &facts, &box.arena, NULL));
	join_late(&box, "complaint", NOON + 33 * DAY, NOON + 32 * DAY +
		  2 * 60 * MINUTE, &facts, false);
	assert_int_equal(facts.strikes, 1);
	join(&box, "limit", NOON + 35 * DAY, &facts, false);
	assert_int_equal(facts.strikes, 2);
	join_late(&box, "complaint", NOON + 35 * DAY + 5 * 60 * MINUTE,
		  NOON + 35 * DAY, &facts, false);
	assert_int_equal(facts.strikes, 2);
	end(&box);
}

/* A recipient of three messages could else have their sender suspended. */
static void complaints_alone_suspend_nobody(void **unused)
{
	struct case_facts facts;
	struct box box;

	(void)unused;
	begin(&box);
	join(&box, "limit", NOON, &facts, true);
	assert_true(change(&box, &facts, CASE_COMMAND_WATCH));
	for (int day = 1; day <= 3; day++)
		join(&box, "complaint", NOON + day * DAY, &facts, false);
	assert_int_equal(facts.strikes, 3);
	assert_true(facts.due_us[CASE_DUTY_SUSPEND] == NOON + 2 * DAY);
	assert_true(case_suspends_on_hearsay(&facts));
	join(&box, "limit", NOON + 4 * DAY, &facts, false);
	assert_true(case_suspends_on_hearsay(&facts));
	join(&box, "limit", NOON + 5 * DAY, &facts, false);
	assert_int_equal(facts.seen_strikes, 2);
	assert_true(facts.seen_suspend_us == NOON + 5 * DAY);
	assert_true(change(&box, &facts, CASE_COMMAND_SUSPEND));
	assert_true(change(&box, &facts, CASE_COMMAND_RESUME));
	assert_true(casebook_get(box.state, facts.id, &facts, &box.arena,
				 NULL));
	assert_true(facts.seen_suspend_us == 0);
	assert_int_equal(facts.seen_strikes, 2);
	end(&box);
}

static void ids_are_read_strictly(void **unused)
{
	static const struct { const char *text; bool is_good; } ids[] = {
		{ "2026-0001", true }, { "2026-12345", true },
		{ "2026-001", false }, { "2026-0000", false },
		{ "2026--001", false }, { "2026-00a1", false },
		{ "26-000001", false }, { "", false },
		{ "2026-9999999999", false }, { "2026-0001 ", false },
	};
	struct case_id id;

	(void)unused;
	for (size_t i = 0; i < COUNT_OF(ids); i++)
		if (case_id_parse(span_text(ids[i].text), &id) !=
		    ids[i].is_good)
			fail_msg("%s", ids[i].text);
}

static void note_as_another_process(struct box *box, const char *account)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct state *own = state_open(box->sample.dir, STATE_EXISTING,
					       NULL);

		incidents_note_about((struct incident_subject){ LIST_ACCOUNT,
				     account }, "limit", account, "", MINUTE,
				     NOON);
		_exit(own && incidents_flush(own, NULL) ? 0 : 1);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* As when reevectl was killed before it had joined what it wrote. */
static void what_others_wrote_joins(void **unused)
{
	struct box box;

	(void)unused;
	log_set_level(LOG_ERR);
	begin(&box);
	caseincidents_join(box.state, box.sample.settings);
	assert_int_equal(count_of(&box, CASE_STATE_NONE), 0);
	note_as_another_process(&box, "alice");
	caseincidents_join(box.state, box.sample.settings);
	assert_int_equal(count_of(&box, CASE_STATE_OPEN), 1);
	note_as_another_process(&box, "bob");
	caseincidents_join(box.state, box.sample.settings);
	caseincidents_join(box.state, box.sample.settings);
	assert_int_equal(count_of(&box, CASE_STATE_OPEN), 2);
	end(&box);
}

static void add_customer(struct box *box)
{
	static const char *const accounts[] = { "alice", "@acme.example",
						NULL };
	g_autoptr(GPtrArray) entries = g_ptr_array_new();
	const struct customer_editor editor = { "o", NOON };
	struct customer_entry entry;

	customerentry_init(&entry);
	entry.id = "acme";
	entry.accounts = accounts;
	g_ptr_array_add(entries, &entry);
	assert_true(customerbook_put(box->state, entries, false, &editor,
				     NULL));
}

static void note_about(struct box *box, const char *account)
{
	incidents_note_about((struct incident_subject){ LIST_ACCOUNT,
			     account }, "limit", account, "", MINUTE, NOON);
	assert_true(incidents_flush(box->state, NULL));
	caseincidents_join(box->state, box->sample.settings);
}

static uint64_t incidents_of(struct box *box, const struct case_facts *facts)
{
	struct case_facts now;

	assert_true(casebook_get(box->state, facts->id, &now, &box->arena,
				 NULL));
	return now.incidents;
}

/* An operator's case about one account takes what the customer
 * does by another. */
static void a_customers_incidents_join_the_case_of_his_account(void **unused)
{
	struct case_facts alice, bob, whole;
	struct box box;

	(void)unused;
	log_set_level(LOG_ERR);
	begin(&box);
	add_customer(&box);
	assert_true(open_one(&box, LIST_ACCOUNT, "alice", &alice));
	assert_string_equal(alice.customer, "acme");
	note_about(&box, "alice");
	note_about(&box, "carol@acme.example");
	assert_int_equal(count_of(&box, CASE_STATE_NONE), 1);
	assert_int_equal(incidents_of(&box, &alice), 2);
	/* The nearest case is the best one. */
	assert_true(open_one(&box, LIST_CUSTOMER, "acme", &whole));
	assert_true(open_one(&box, LIST_ACCOUNT, "bob@acme.example", &bob));
	note_about(&box, "bob@acme.example");
	note_about(&box, "dave@acme.example");
	assert_int_equal(incidents_of(&box, &bob), 1);
	assert_int_equal(incidents_of(&box, &whole), 1);
	assert_int_equal(incidents_of(&box, &alice), 2);
	/* Who is no customer has one of his own. */
	note_about(&box, "eve@else.example");
	assert_int_equal(count_of(&box, CASE_STATE_NONE), 4);
	end(&box);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
		a_customers_incidents_join_the_case_of_his_account),
	cmocka_unit_test(what_others_wrote_joins),
	cmocka_unit_test(indexes_follow),
	cmocka_unit_test(incidents_are_strikes_after_a_warning),
	cmocka_unit_test(complaints_are_strikes_by_when_the_mail_was),
	cmocka_unit_test(complaints_alone_suspend_nobody),
	cmocka_unit_test(ids_are_read_strictly),
};

TAP_MAIN(tests)
