#include <config.h>

#include "verdict/verdict.h"

#include "catalog.h"
#include "verdict/annotate.h"

#include "unit/tap.h"

#include <string.h>

/* A message in the making, with the settings of a text. */
struct sample {
	struct settings *settings;
	struct session_facts session;
	struct transaction tx;
};

static void begin(struct sample *sample, const char *text)
{
	g_autoptr(GError) why = NULL;

	*sample = (struct sample){ .session = { .messages = 1 } };
	sample->settings = settings_parse("t", span_text(text), catalog, &why);
	if (!sample->settings)
		fail_msg("%s", why->message);
	transaction_init(&sample->tx, sample->settings, &sample->session);
	g_strlcpy(sample->tx.id, "0123456789ABC", RECORD_ID_SIZE);
	sample->tx.is_enforced = true;
	sample->tx.direction = DIRECTION_INBOUND;
}

static void end(struct sample *sample)
{
	transaction_release(&sample->tx);
	settings_unref(sample->settings);
}

static struct recipient *add_recipient(struct sample *sample, const char *to)
{
	struct recipient *rcpt = transaction_add_recipient(&sample->tx);

	rcpt->addr = mailaddr_parse(span_text(to), &sample->tx.arena);
	return rcpt;
}

static struct finding *find(struct sample *sample, const char *symbol,
			    double score, enum action demand)
{
	struct finding *finding = transaction_find(&sample->tx, symbol, NULL);

	finding->score = score;
	finding->demand = demand;
	return finding;
}

/* Scores alone: the presets are 5, 10, 15. */
static const struct { double score; enum action action; } scores[] = {
	{ 0, ACTION_ACCEPT }, { 4.9, ACTION_ACCEPT }, { 5, ACTION_TAG },
	{ 9.9, ACTION_TAG }, { 10, ACTION_QUARANTINE },
	{ 14.9, ACTION_QUARANTINE }, { 15, ACTION_REJECT },
	{ -3, ACTION_ACCEPT },
};

static void scores_reach_thresholds(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(scores); i++) {
		struct sample sample;

		begin(&sample, "");
		add_recipient(&sample, "<u@example.org>");
		find(&sample, "A", scores[i].score - 1, ACTION_NONE);
		find(&sample, "B", 1, ACTION_NONE);
		verdict_message(&sample.tx);
		assert_int_equal(sample.tx.outcome.action, scores[i].action);
		assert_true(sample.tx.outcome.score == scores[i].score);
		end(&sample);
	}
}

static const struct {
	const char *settings;
	double score;
	enum action demand, action;
} demands[] = {
	{ "", 0, ACTION_REJECT, ACTION_REJECT },
	{ "", 0, ACTION_DISCARD, ACTION_DISCARD },
	{ "", 20, ACTION_TAG, ACTION_REJECT },	/* the harsher one */
	{ "", 20, ACTION_ACCEPT, ACTION_ACCEPT },	/* welcome */
	{ "verdict { actions { X = reject } }", 0, ACTION_TAG,
	  ACTION_REJECT },
	{ "verdict { actions { X = none } }", 0, ACTION_REJECT,
	  ACTION_ACCEPT },
	{ "verdict { scores { X = 7 } }", 0, ACTION_NONE, ACTION_TAG },
	{ "verdict { tag = 0 }", 7, ACTION_NONE, ACTION_ACCEPT },
	{ "verdict { reject = 0; quarantine = 0 }", 99, ACTION_NONE,
	  ACTION_TAG },
	{ "verdict { reject = 3 }", 4, ACTION_NONE, ACTION_REJECT },
};

static void demands_and_settings(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(demands); i++) {
		struct sample sample;

		begin(&sample, demands[i].settings);
		add_recipient(&sample, "<u@example.org>");
		find(&sample, "X", demands[i].score, demands[i].demand);
		verdict_message(&sample.tx);
		if (sample.tx.outcome.action != demands[i].action)
			fail_msg("%zu: %s", i,
				 action_word(sample.tx.outcome.action));
		end(&sample);
	}
}

/* Profiles: tagged for the strictest, refused only when all would. */
static const struct { const char *to[2]; double score; enum action action; }
profiles[] = {
	{ { "<u@strict.example>" }, 3, ACTION_TAG },
	{ { "<u@strict.example>" }, 8, ACTION_REJECT },
	{ { "<u@sub.strict.example>" }, 8, ACTION_REJECT },
	{ { "<u@other.example>" }, 8, ACTION_TAG },
	{ { "<u@strict.example>", "<u@other.example>" }, 8, ACTION_TAG },
	{ { "<u@strict.example>", "<u@other.example>" }, 3, ACTION_TAG },
	{ { "<u@strict.example>", "<u@other.example>" }, 16, ACTION_REJECT },
	{ { "<u@all.example>" }, 900, ACTION_ACCEPT },
};

static void profiles_by_recipient(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(profiles); i++) {
		struct sample sample;

		begin(&sample, "verdict { profiles { strict { domains = ["
		      "strict.example, .strict.example]; tag = 2; reject = 8 }"
		      " all { domains = all.example; tag = 0; reject = 0;"
		      " quarantine = 0 } } }");
		for (int r = 0; r < 2 && profiles[i].to[r]; r++)
			add_recipient(&sample, profiles[i].to[r]);
		find(&sample, "X", profiles[i].score, ACTION_NONE);
		verdict_message(&sample.tx);
		if (sample.tx.outcome.action != profiles[i].action)
			fail_msg("%zu: %s", i,
				 action_word(sample.tx.outcome.action));
		end(&sample);
	}
}

static void a_recipient_is_refused_alone(void **state)
{
	struct sample sample;
	struct recipient *bad;
	struct finding *finding;

	(void)state;
	begin(&sample, "");
	add_recipient(&sample, "<good@example.org>");
	verdict_recipient(&sample.tx);
	bad = add_recipient(&sample, "<bad@remote.example>");
	finding = find(&sample, "RELAY_DENIED", 3, ACTION_REJECT);
	finding->recipient = 2;
	finding->code = 550;
	finding->enhanced = "5.7.1";
	finding->text = "relaying denied";
	verdict_recipient(&sample.tx);
	assert_int_equal(bad->state, RCPT_REFUSED_BY_US);
	assert_int_equal(bad->outcome.code, 550);
	assert_string_equal(bad->outcome.text,
			    "relaying denied [0123456789ABC]");
	verdict_message(&sample.tx);
	assert_int_equal(sample.tx.outcome.action, ACTION_ACCEPT);
	assert_true(sample.tx.outcome.score == 0);
	end(&sample);
}

static void local_mail_is_refused_at_its_end(void **state)
{
	struct sample sample;
	struct recipient *rcpt;

	(void)state;
	begin(&sample, "");
	sample.tx.direction = DIRECTION_LOCAL;
	rcpt = add_recipient(&sample, "<bad>");
	find(&sample, "X", 0, ACTION_REJECT)->recipient = 1;
	verdict_recipient(&sample.tx);
	assert_int_equal(rcpt->state, RCPT_ACCEPTED);
	verdict_message(&sample.tx);
	assert_int_equal(sample.tx.outcome.action, ACTION_REJECT);
	end(&sample);
}

static void in_monitor_mode_it_is_only_decided(void **state)
{
	struct sample sample;
	struct recipient *rcpt;

	(void)state;
	begin(&sample, "mode = monitor");
	sample.tx.is_enforced = false;
	rcpt = add_recipient(&sample, "<bad@remote.example>");
	find(&sample, "X", 0, ACTION_REJECT)->recipient = 1;
	verdict_recipient(&sample.tx);
	assert_int_equal(rcpt->state, RCPT_ACCEPTED);
	assert_int_equal(rcpt->outcome.action, ACTION_REJECT);
	verdict_message(&sample.tx);
	assert_int_equal(sample.tx.outcome.action, ACTION_REJECT);
	end(&sample);
}

static void an_unfinished_message_has_its_refusal(void **state)
{
	struct sample sample;

	(void)state;
	begin(&sample, "");
	add_recipient(&sample, "<bad@remote.example>");
	find(&sample, "X", 0, ACTION_REJECT)->recipient = 1;
	verdict_recipient(&sample.tx);
	verdict_unfinished(&sample.tx);
	assert_int_equal(sample.tx.outcome.action, ACTION_REJECT);
	end(&sample);
	begin(&sample, "");
	add_recipient(&sample, "<good@example.org>");
	verdict_recipient(&sample.tx);
	verdict_unfinished(&sample.tx);
	assert_int_equal(sample.tx.outcome.action, ACTION_NONE);
	end(&sample);
}

static void texts_come_from_templates(void **state)
{
	struct sample sample;

	(void)state;
	begin(&sample, "verdict { reject_text = \"no: %{symbol}, ask with "
	      "%{id}\" }");
	add_recipient(&sample, "<u@example.org>");
	find(&sample, "BAD_THING", 0, ACTION_REJECT);
	verdict_message(&sample.tx);
	assert_string_equal(sample.tx.outcome.text,
			    "no: BAD_THING, ask with 0123456789ABC");
	end(&sample);
}

/* name=value of all that annotate() gives, line after line. */
static char *annotated(struct sample *sample)
{
	g_autoptr(GArray) lines = annotate(&sample->tx);
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < lines->len; i++) {
		const struct annotation *line =
			&g_array_index(lines, struct annotation, i);

		g_string_append_printf(out, "%s=%s|", line->name, line->value);
	}
	return g_string_free(out, FALSE);
}

static void headers_tell_of_it(void **state)
{
	struct sample sample;
	g_autofree char *none = NULL, *tagged = NULL;

	(void)state;
	begin(&sample, "authserv_id = mx.test; verdict { level_header = yes }");
	add_recipient(&sample, "<u@example.org>");
	verdict_message(&sample.tx);
	none = annotated(&sample);
	assert_string_equal(none, "X-Mailreeve-Record=0123456789ABC|"
			    "Authentication-Results=mx.test; none|");
	find(&sample, "ONE", 4.5, ACTION_NONE);
	find(&sample, "TWO", 2, ACTION_NONE);
	verdict_message(&sample.tx);
	tagged = annotated(&sample);
	assert_string_equal(tagged,
		"X-Mailreeve-Record=0123456789ABC|X-Spam-Level=******|"
		"X-Spam-Status=Yes, score=6.5 required=5.0 tests=ONE,TWO|"
		"X-Spam-Flag=YES|Authentication-Results=mx.test; none|");
	end(&sample);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(scores_reach_thresholds),
	cmocka_unit_test(demands_and_settings),
	cmocka_unit_test(profiles_by_recipient),
	cmocka_unit_test(a_recipient_is_refused_alone),
	cmocka_unit_test(local_mail_is_refused_at_its_end),
	cmocka_unit_test(in_monitor_mode_it_is_only_decided),
	cmocka_unit_test(an_unfinished_message_has_its_refusal),
	cmocka_unit_test(texts_come_from_templates),
	cmocka_unit_test(headers_tell_of_it),
};

TAP_MAIN(tests)
