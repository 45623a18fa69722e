#include <config.h>

#include "bulk/limitask.h"

#include "base/clock.h"
#include "bulk/bulk.h"
#include "bulk/bulkclock.h"
#include "bulk/clears.h"
#include "bulk/exemptions.h"
#include "bulk/limitkey.h"
#include "store/incidents.h"

#include <inttypes.h>

/* Beyond it nothing is held up: what is past it is counted, too. */
static struct counts_answer count_all(const struct limitask *a)
{
	struct counts *counts = bulk_counts(a->tx->bulk);
	struct counts_answer answer = { true, 0, 0 };

	if (a->amount == 0)
		return counts_ask(counts, &a->key, a->most, a->now_us);
	answer.count = a->key.kind == COUNTS_DISTINCT ?
		counts_add_thing(counts, &a->key, a->thing, a->now_us) :
		counts_add(counts, &a->key, a->amount, a->now_us);
	answer.is_taken = answer.count <= a->most;
	return answer;
}

static struct counts_answer take(const struct limitask *a)
{
	struct counts *counts = bulk_counts(a->tx->bulk);

	if (a->amount == 0)
		return counts_ask(counts, &a->key, a->most, a->now_us);
	if (a->key.kind == COUNTS_DISTINCT)
		return counts_take_thing(counts, &a->key, a->thing, a->most,
					 a->now_us);
	return counts_take(counts, &a->key, a->amount, a->most, a->now_us);
}

static void lift(struct limitask *a, const struct exemption *exemption)
{
	uint64_t most = exemption->most ? exemption->most :
		exemption->times > UINT64_MAX / a->limit->most ? UINT64_MAX :
		exemption->times * a->limit->most;

	a->most = MAX(a->most, most);
}

/* Whether an operator changed something, so that it is worth asking again. */
static bool exempt(struct limitask *a)
{
	const char *const limits[] = { a->limit->name, EXEMPTION_ALL };
	struct transaction *tx = a->tx;
	struct exemption exemption;
	bool is_any = false;

	for (size_t i = 0; tx->state && i < COUNT_OF(limits); i++) {
		if (!exemptions_find(tx->state, limits[i], a->value,
				     clock_now_us(), &tx->arena, &exemption))
			continue;
		lift(a, &exemption);
		if (exemption.clear_us)
			clears_do(bulk_clears(tx->bulk), bulk_counts(tx->bulk),
				  a->limit, a->value, exemption.clear_us);
		is_any = true;
	}
	return is_any;
}

/* For people, and no earlier than true. */
static const char *frees_text(const struct limitask *a, int64_t frees_us)
{
	int64_t then_us = clock_now_us() + (frees_us - a->now_us);
	g_autoptr(GDateTime) then = g_date_time_new_from_unix_utc(
		then_us / G_USEC_PER_SEC + 1);
	g_autofree char *text = then ?
		g_date_time_format(then, "%Y-%m-%d %H:%M:%S UTC") : NULL;

	return arena_text(&a->tx->arena, text ? text : "a while");
}

/* Of a limit by one part alone; a stranger's mail is nobody's case. A customer
 * is one of the book: those of the settings alone cannot be suspended. */
static struct incident_subject subject_of(const struct limitask *a)
{
	static const struct { enum limit_part part; enum list_kind kind; }
	kinds[] = {
		{ LIMIT_ACCOUNT, LIST_ACCOUNT },
		{ LIMIT_CLIENT, LIST_ADDRESS },
		{ LIMIT_NETWORK, LIST_NETWORK },
		{ LIMIT_SENDER, LIST_SENDER },
		{ LIMIT_SENDER_DOMAIN, LIST_DOMAIN },
	};
	bool is_ours = a->tx->direction == DIRECTION_OUTBOUND &&
		       a->limit->part_count == 1;

	if (is_ours && a->limit->parts[0] == LIMIT_CUSTOMER &&
	    a->tx->customer)
		return (struct incident_subject){ LIST_CUSTOMER,
						  a->tx->customer };
	for (size_t i = 0; is_ours && i < COUNT_OF(kinds); i++)
		if (kinds[i].part == a->limit->parts[0])
			return (struct incident_subject){ kinds[i].kind,
							  a->value };
	return (struct incident_subject){ 0, "" };
}

/* What was asked for, in words. */
static const char *terms_of(const struct limitask *a)
{
	uint32_t percent = a->tx->limits_percent;

	if (!percent || percent == 100 || limit_has_recipient(a->limit))
		return a->limit->terms;
	return arena_printf(&a->tx->arena, "%s (%u percent of it: watched)",
			    a->limit->terms, percent);
}

static void note_incident(const struct limitask *a)
{
	g_autoptr(GString) parts = g_string_new(NULL);
	g_autofree char *key = g_strdup_printf("%s %s", a->limit->name,
					       a->value);
	g_autofree char *text = NULL;

	for (size_t i = 0; i < a->limit->part_count; i++)
		g_string_append_printf(parts, "%s%s", i ? ", " : "",
				       limit_part_word(a->limit->parts[i]));
	text = g_strdup_printf("%s %s: more than %s", parts->str, a->value,
			       terms_of(a));
	incidents_note_about(subject_of(a), "limit", key, text,
			     (int64_t)a->limit->window_s * G_USEC_PER_SEC,
			     clock_now_us());
}

static bool is_found(const struct transaction *tx, const char *symbol)
{
	for (guint i = 0; i < tx->findings->len; i++)
		if (g_array_index(tx->findings, struct finding, i).symbol ==
		    symbol)
			return true;
	return false;
}

/* recipient: index + 1 of the one that is held up, 0: the message. */
static void tell(const struct limitask *a, struct counts_answer answer,
		 size_t recipient)
{
	const struct limit *limit = a->limit;
	struct transaction *tx = a->tx;
	struct finding *finding;

	if (limit->is_incident)
		note_incident(a);
	if (limit->action == ACTION_NONE && is_found(tx, limit->symbol))
		return;
	finding = transaction_find(tx, limit->symbol, "%s: %" PRIu64 " of %s",
				   a->value, answer.count, terms_of(a));
	finding->score = limit->score;
	if (limit->action == ACTION_NONE)
		return;
	finding->recipient = recipient;
	finding->demand = limit->action;
	finding->code = limit->action == ACTION_DEFER ? 451 : 550;
	finding->enhanced = limit->action == ACTION_DEFER ? "4.7.1" : "5.7.1";
	finding->text = arena_printf(&tx->arena,
		"limit %s: %s; it frees at %s", limit->name, terms_of(a),
		frees_text(a, answer.frees_us));
}

/* A recipient has no part in who is watched; and a limit never
 * comes down to none. */
static uint64_t most_of(const struct transaction *tx,
			const struct limit *limit)
{
	if (!tx->limits_percent || limit_has_recipient(limit))
		return limit->most;
	return MAX(1, limit->most / 100 * tx->limits_percent +
		      limit->most % 100 * tx->limits_percent / 100);
}

struct limitask limitask_of(struct transaction *tx, const struct limit *limit,
			    const char *value, uint32_t amount)
{
	return (struct limitask){
		.tx = tx, .limit = limit, .value = value,
		.key = limitkey_counts(limit, value, &tx->arena),
		.amount = amount, .most = most_of(tx, limit),
		.now_us = bulkclock_now_us(),
	};
}

bool limitask_run(struct limitask *a, size_t recipient)
{
	bool is_counted = a->limit->action == ACTION_NONE;
	struct counts_answer answer = is_counted ? count_all(a) : take(a);

	if (answer.is_taken)
		return true;
	if (exempt(a)) {
		if (!is_counted)
			answer = take(a);
		else
			answer.is_taken = answer.count <= a->most;
		if (answer.is_taken)
			return true;
	}
	tell(a, answer, recipient);
	return is_counted;
}
