#include <config.h>

#include "verdict/verdict.h"

#include "verdict/verdictsettings.h"

#include <string.h>

/* What stands in a reply when the check that demands it gave no more. */
static const struct outcome presets[] = {
	[ACTION_NONE] = { ACTION_ACCEPT, 250, "2.0.0", "accepted", 0 },
	[ACTION_ACCEPT] = { ACTION_ACCEPT, 250, "2.0.0", "accepted", 0 },
	[ACTION_TAG] = { ACTION_TAG, 250, "2.0.0", "accepted, tagged", 0 },
	[ACTION_QUARANTINE] = { ACTION_QUARANTINE, 250, "2.0.0",
				"accepted, held", 0 },
	[ACTION_DEFER] = { ACTION_DEFER, 451, "4.7.1",
			   "try again later", 0 },
	[ACTION_REJECT] = { ACTION_REJECT, 550, "5.7.1",
			    "message refused", 0 },
	[ACTION_DISCARD] = { ACTION_DISCARD, 250, "2.0.0",
			     "accepted, discarded", 0 },
};

static enum action demand_of(const struct verdict_settings *settings,
			     const struct finding *finding)
{
	const unsigned *set = g_hash_table_lookup(settings->actions,
						  finding->symbol);

	return set ? (enum action)*set : finding->demand;
}

static void set_score(const struct verdict_settings *settings,
		      struct finding *finding)
{
	const double *set = g_hash_table_lookup(settings->scores,
						finding->symbol);

	if (set)
		finding->score = *set;
}

/* The finding among those wanted that demands most; the first of equals. */
static const struct finding *harshest(const struct transaction *tx,
				      size_t recipient, bool is_any,
				      enum action *demand_out)
{
	const struct verdict_settings *settings =
		verdict_settings_of(tx->settings);
	const struct finding *worst = NULL;

	*demand_out = ACTION_NONE;
	for (guint i = 0; i < tx->findings->len; i++) {
		const struct finding *finding =
			&g_array_index(tx->findings, struct finding, i);
		enum action demand = demand_of(settings, finding);

		if (finding->recipient && finding->recipient != recipient &&
		    !is_any)
			continue;
		if (demand > *demand_out) {
			*demand_out = demand;
			worst = finding;
		}
	}
	return worst;
}

static const char *template_of(const struct verdict_settings *settings,
			       enum action action)
{
	if (action == ACTION_REJECT)
		return settings->reject_text;
	if (action == ACTION_DEFER)
		return settings->defer_text;
	if (action == ACTION_QUARANTINE)
		return settings->quarantine_text;
	return "%{text} [%{id}]";
}

static const char *fill_template(const struct transaction *tx,
				 struct arena *arena, const char *template,
				 const char *text, const char *symbol)
{
	const struct { const char *mark, *value; } marks[] = {
		{ "%{text}", text }, { "%{id}", tx->id },
		{ "%{symbol}", symbol },
	};
	g_autoptr(GString) out = g_string_new(template);

	for (size_t i = 0; i < COUNT_OF(marks); i++)
		g_string_replace(out, marks[i].mark, marks[i].value, 0);
	return arena_text(arena, out->str);
}

/* A demand's own reply holds only while the action is the one it was for. */
static struct outcome outcome_for(struct transaction *tx, enum action action,
				  const struct finding *finding)
{
	struct outcome outcome = presets[action];

	if (finding && finding->code && finding->demand == action) {
		outcome.code = finding->code;
		outcome.enhanced = finding->enhanced;
		outcome.text = finding->text;
	}
	outcome.text = fill_template(tx, &tx->arena,
		template_of(verdict_settings_of(tx->settings), action),
		outcome.text, finding ? finding->symbol : "SCORE");
	return outcome;
}

static bool is_refusal(enum action action)
{
	return action == ACTION_DEFER || action == ACTION_REJECT;
}

bool verdict_sender(struct transaction *tx)
{
	const struct verdict_settings *settings =
		verdict_settings_of(tx->settings);

	if (!tx->is_enforced || tx->direction == DIRECTION_LOCAL)
		return false;
	for (guint i = 0; i < tx->findings->len; i++) {
		const struct finding *finding =
			&g_array_index(tx->findings, struct finding, i);
		enum action demand = demand_of(settings, finding);

		if (!finding->refuses_mail || !is_refusal(demand))
			continue;
		tx->outcome = outcome_for(tx, demand, finding);
		return true;
	}
	return false;
}

void verdict_recipient(struct transaction *tx)
{
	size_t index = tx->recipients->len;
	struct recipient *rcpt = &g_array_index(tx->recipients,
						struct recipient, index - 1);
	enum action demand;
	const struct finding *worst = harshest(tx, index, false, &demand);

	if (rcpt->state == RCPT_REFUSED_BY_MTA)
		return;
	if (!is_refusal(demand)) {
		rcpt->outcome = presets[ACTION_NONE];
		return;
	}
	rcpt->outcome = outcome_for(tx, demand, worst);
	if (tx->is_enforced && tx->direction != DIRECTION_LOCAL)
		rcpt->state = RCPT_REFUSED_BY_US;
}

/* Tagging follows the strictest recipient, refusal the most lenient: nobody
 * loses mail because of a neighbour in the envelope. 0 is "never". */
static void widen(struct thresholds *all, const struct thresholds *one)
{
	if (one->tag > 0 && (all->tag <= 0 || one->tag < all->tag))
		all->tag = one->tag;
	if (one->quarantine <= 0 || one->quarantine > all->quarantine)
		all->quarantine = one->quarantine <= 0 ? G_MAXDOUBLE :
				  one->quarantine;
	if (one->reject <= 0 || one->reject > all->reject)
		all->reject = one->reject <= 0 ? G_MAXDOUBLE : one->reject;
}

static struct thresholds thresholds_of(const struct transaction *tx)
{
	const struct verdict_settings *settings =
		verdict_settings_of(tx->settings);
	struct thresholds all = { 0, 0, 0 };

	for (guint i = 0; i < tx->recipients->len; i++) {
		const struct recipient *rcpt =
			&g_array_index(tx->recipients, struct recipient, i);
		const struct profile *profile;

		if (rcpt->state != RCPT_ACCEPTED)
			continue;
		profile = verdict_settings_find_profile(
			settings, rcpt->addr.domain_ascii);
		widen(&all, profile ? &profile->thresholds :
				      &settings->thresholds);
	}
	if (all.reject <= 0)
		widen(&all, &settings->thresholds);
	return all;
}

static enum action action_for(const struct thresholds *at, double score)
{
	if (score >= at->reject)
		return ACTION_REJECT;
	if (score >= at->quarantine)
		return ACTION_QUARANTINE;
	if (at->tag > 0 && score >= at->tag)
		return ACTION_TAG;
	return ACTION_ACCEPT;
}

/* What concerned one recipient that was refused is no fault of the others. */
static double sum_up(struct transaction *tx)
{
	const struct verdict_settings *settings =
		verdict_settings_of(tx->settings);
	double score = 0;

	for (guint i = 0; i < tx->findings->len; i++) {
		struct finding *finding =
			&g_array_index(tx->findings, struct finding, i);

		set_score(settings, finding);
		if (!finding->recipient)
			score += finding->score;
	}
	return score;
}

static bool is_any_recipient_left(const struct transaction *tx)
{
	for (guint i = 0; i < tx->recipients->len; i++) {
		const struct recipient *rcpt =
			&g_array_index(tx->recipients, struct recipient, i);

		if (rcpt->state == RCPT_ACCEPTED &&
		    !is_refusal(rcpt->outcome.action))
			return true;
	}
	return false;
}

/*
 * A refusal of one recipient that could not be told at RCPT (local mail,
 * monitor mode) waits for the end of the message: it refuses local mail, so
 * that its sender learns of it, and other mail when no recipient is left.
 */
void verdict_message(struct transaction *tx)
{
	double score = sum_up(tx);
	struct thresholds thresholds = thresholds_of(tx);
	bool is_any = tx->direction == DIRECTION_LOCAL ||
		      !is_any_recipient_left(tx);
	enum action demand;
	const struct finding *worst = harshest(tx, 0, is_any, &demand);
	enum action action = demand == ACTION_ACCEPT ? ACTION_ACCEPT :
			     action_for(&thresholds, score);

	if (demand > action)
		action = demand;
	else if (action > demand)
		worst = NULL;
	tx->outcome = outcome_for(tx, action, worst);
	tx->outcome.score = score;
}

void verdict_released(struct transaction *tx)
{
	double score = sum_up(tx);

	tx->outcome = outcome_for(tx, ACTION_ACCEPT, NULL);
	tx->outcome.score = score;
}

void verdict_unfinished(struct transaction *tx)
{
	double score = sum_up(tx);

	if (!is_any_recipient_left(tx))
		for (guint i = 0; i < tx->recipients->len; i++) {
			const struct recipient *rcpt = &g_array_index(
				tx->recipients, struct recipient, i);

			if (rcpt->outcome.action > tx->outcome.action)
				tx->outcome = rcpt->outcome;
		}
	tx->outcome.score = score;
}
