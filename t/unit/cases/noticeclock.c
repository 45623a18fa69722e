#include <config.h>

#include "cases/noticeclock.h"

#include "cases/casebook.h"
#include "cases/casejoin.h"
#include "cases/caserows.h"
#include "cases/casesettings.h"
#include "cases/noticebook.h"

#include "unit/store/sample.h"

#define WEDNESDAY (INT64_C(1795608000) * 1000000)	/* 2026-11-25
							 * 12:00 UTC */
#define MINUTE INT64_C(60000000)
#define UNREACHABLE 1005

struct box {
	struct sample sample;
	struct state *state;
	struct arena arena;
};

static void begin(struct box *box)
{
	sample_begin(&box->sample, "cases { contact = \"abuse@example.org\"; "
		     "notices = yes; auto_warn = yes; auto_warn_after = 0s }\n"
		     "calendar { zone = UTC }\n"
		     "evidence { sendmail = \"/bin/true\" }\n");
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

static struct case_id open_one(struct box *box, struct state_txn *txn,
			       unsigned number, const char *contact)
{
	g_autofree char *account = g_strdup_printf("a%u", number);
	const struct case_step step = { WEDNESDAY + number, CASE_COMMAND_OPEN,
					0, "o", "" };
	struct case_facts facts = {
		.kind = CASE_KIND_SPAM, .severity = 1,
		.subject_kind = LIST_ACCOUNT, .subject = account,
		.contact = contact,
	};

	assert_true(caserows_add(txn, case_settings_of(box->sample.settings),
				 &facts, CASE_WITNESS_US, &step, NULL));
	return facts.id;
}

/* In one commit: each takes its time. */
static struct case_id open_all(struct box *box)
{
	struct state_txn *txn = state_begin_write(box->state, NULL);
	struct case_id last;

	for (unsigned i = 0; i < UNREACHABLE; i++)
		open_one(box, txn, i, "");
	last = open_one(box, txn, UNREACHABLE, "lars@example.net");
	assert_true(state_commit(&txn, NULL));
	return last;
}

static bool count_one(const struct notice_entry *entry, void *context)
{
	(void)entry;
	++*(unsigned *)context;
	return true;
}

static unsigned letters_of(struct box *box, struct case_id id)
{
	unsigned count = 0;

	assert_true(noticebook_each(box->state, id, count_one, &count, NULL));
	return count;
}

static void run(struct box *box, int64_t now_us)
{
	const struct notice_ask ask = { box->sample.settings, box->state,
					now_us };

	noticeclock_run(&ask);
}

/* More than a scan takes have been due for longer, and none of
 * them has an address. */
static void who_has_an_address_is_warned_behind_all_who_have_none(void **unused)
{
	struct case_id id;
	struct box box;

	(void)unused;
	begin(&box);
	id = open_all(&box);
	run(&box, WEDNESDAY + MINUTE);
	assert_int_equal(letters_of(&box, id), 0);
	run(&box, WEDNESDAY + 2 * MINUTE);
	assert_int_equal(letters_of(&box, id), 1);
	for (int i = 3; i < 6; i++)
		run(&box, WEDNESDAY + i * MINUTE);
	assert_int_equal(letters_of(&box, id), 1);
	end(&box);
}

/* Until the program that sends has ended; each look a scan later. */
static void run_until_warned(struct box *box, struct case_id id, int64_t now_us)
{
	struct case_facts facts;

	for (int i = 0; i < 500; i++) {
		run(box, now_us + i * MINUTE / 5);
		assert_true(casebook_get(box->state, id, &facts, &box->arena,
					 NULL));
		if (!facts.due_us[CASE_DUTY_WARN])
			return;
		g_usleep(2000);
	}
	fail_msg("nobody was warned");
}

static void remedy(struct box *box, struct case_id id)
{
	const struct case_change change = { .step = {
		WEDNESDAY + 10 * MINUTE, CASE_COMMAND_REMEDY, 0, "o", "" } };
	struct case_facts facts;

	assert_true(casebook_change(box->state, case_settings_of(
			box->sample.settings), id, &change, &facts,
			&box->arena, NULL));
}

static void happen_again(struct box *box, int64_t now_us)
{
	const struct case_step step = { now_us, CASE_COMMAND_NOTE, 0,
					"mailreeve", "limit: again" };
	const struct incident incident = {
		.kind = "limit", .key = "k", .text = "t", .first_us = now_us,
		.last_us = now_us, .count = 1,
		.subject = { LIST_ACCOUNT, "a1" },
	};
	struct case_facts facts;
	bool is_new;

	assert_true(casejoin_incident(box->state, case_settings_of(
			box->sample.settings), &incident,
			&incident.subject, "", &step, &facts, &is_new,
			&box->arena, NULL));
	assert_false(is_new);
}

static void who_did_it_again_after_a_remedy_is_warned_again(void **unused)
{
	int64_t later_us = WEDNESDAY + 24 * 60 * MINUTE;
	struct state_txn *txn;
	struct case_id id;
	struct box box;

	(void)unused;
	begin(&box);
	txn = state_begin_write(box.state, NULL);
	id = open_one(&box, txn, 1, "lars@example.net");
	assert_true(state_commit(&txn, NULL));
	run_until_warned(&box, id, WEDNESDAY + 9 * MINUTE);
	remedy(&box, id);
	happen_again(&box, later_us);
	run_until_warned(&box, id, later_us + MINUTE);
	assert_int_equal(letters_of(&box, id), 2);
	end(&box);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
		who_has_an_address_is_warned_behind_all_who_have_none),
	cmocka_unit_test(who_did_it_again_after_a_remedy_is_warned_again),
};

TAP_MAIN(tests)
