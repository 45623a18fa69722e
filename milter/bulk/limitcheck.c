#include <config.h>

#include "bulk/limitcheck.h"

#include "base/clock.h"
#include "bulk/bulk.h"
#include "bulk/bulkclock.h"
#include "bulk/clears.h"
#include "bulk/exemptions.h"
#include "bulk/limitkey.h"
#include "store/incidents.h"

#include <inttypes.h>
#include <string.h>

#define KIB 1024

/* What was taken from a limit for this message. */
struct hold {
	const struct limit *limit;
	const char *value;		/* in the transaction's arena */
	uint32_t amount;
	size_t recipient;		/* index + 1 of the one it is
					 * for; 0: all */
};

struct bulkwork {
	struct bulk *bulk;
	struct limitkey_parts parts;
	GArray *holds;			/* of struct hold */
	GHashTable *held;		/* names of those that no loop would
					 * find soon */
	bool is_limited;		/* a limit held something up */
	size_t limited_recipient;	/* index + 1 of the last one */
};

static void give_back(struct bulkwork *work, const struct hold *hold)
{
	struct arena arena;
	struct counts_key key;

	arena_init(&arena);
	key = limitkey_counts(hold->limit, hold->value, &arena);
	counts_give_back(bulk_counts(work->bulk), &key, hold->amount,
			 bulkclock_now_us());
	arena_release(&arena);
}

/* With the transaction, before its arena and its settings go. */
static void free_work(struct bulkwork *work)
{
	for (guint i = 0; i < work->holds->len; i++)
		give_back(work, &g_array_index(work->holds, struct hold, i));
	g_array_unref(work->holds);
	g_hash_table_unref(work->held);
	g_free(work);
}

static struct bulkwork *work_of(struct transaction *tx)
{
	if (!tx->bulk_work) {
		tx->bulk_work = g_new0(struct bulkwork, 1);
		tx->bulk_work->bulk = tx->bulk;
		tx->bulk_work->holds = g_array_new(FALSE, FALSE,
						   sizeof(struct hold));
		tx->bulk_work->held = g_hash_table_new(g_str_hash,
						       g_str_equal);
		tx->free_bulk_work = free_work;
	}
	return tx->bulk_work;
}

static struct recipient *last_recipient(struct transaction *tx)
{
	return &g_array_index(tx->recipients, struct recipient,
			      tx->recipients->len - 1);
}

/* One limit that is asked, for one key. */
struct asking {
	struct transaction *tx;
	const struct limit *limit;
	const char *value;
	struct counts_key key;
	struct span thing;		/* of distinct ones */
	uint32_t amount;		/* 0: only whether one more would do */
	uint64_t most;
	int64_t now_us;			/* of bulkclock */
};

/* Beyond it nothing is held up: what is past it is counted, too. */
static struct counts_answer count_all(const struct asking *a)
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

static struct counts_answer take(const struct asking *a)
{
	struct counts *counts = bulk_counts(a->tx->bulk);

	if (a->amount == 0)
		return counts_ask(counts, &a->key, a->most, a->now_us);
	if (a->key.kind == COUNTS_DISTINCT)
		return counts_take_thing(counts, &a->key, a->thing, a->most,
					 a->now_us);
	return counts_take(counts, &a->key, a->amount, a->most, a->now_us);
}

static void lift(struct asking *a, const struct exemption *exemption)
{
	uint64_t most = exemption->most ? exemption->most :
		exemption->times > UINT64_MAX / a->limit->most ? UINT64_MAX :
		exemption->times * a->limit->most;

	a->most = MAX(a->most, most);
}

/* Whether an operator changed something, so that it is worth asking again. */
static bool exempt(struct asking *a)
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
static const char *frees_text(const struct asking *a, int64_t frees_us)
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
static struct incident_subject subject_of(const struct asking *a)
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
static const char *terms_of(const struct asking *a)
{
	uint32_t percent = a->tx->limits_percent;

	if (!percent || percent == 100 || limit_has_recipient(a->limit))
		return a->limit->terms;
	return arena_printf(&a->tx->arena, "%s (%u percent of it: watched)",
			    a->limit->terms, percent);
}

static void note_incident(const struct asking *a)
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
static void tell(const struct asking *a, struct counts_answer answer,
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
	work_of(tx)->is_limited = true;
	work_of(tx)->limited_recipient = recipient;
}

/* Whether it is let through. */
static bool ask(struct asking *a, size_t recipient)
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

/* With a recipient in the key there may be as many as there are recipients. */
static const char *held_name(struct transaction *tx, const struct limit *limit,
			     const char *value)
{
	return arena_printf(&tx->arena, "%s %s", limit->name, value);
}

/* Those without were taken with the first recipient, and are soon found. */
static bool is_held(struct transaction *tx, const struct limit *limit,
		    const char *value)
{
	const struct bulkwork *work = work_of(tx);

	if (limit_has_recipient(limit))
		return g_hash_table_contains(work->held,
					     held_name(tx, limit, value));
	for (guint i = 0; i < work->holds->len; i++) {
		const struct hold *hold = &g_array_index(work->holds,
							 struct hold, i);

		if (hold->limit == limit && strcmp(hold->value, value) == 0)
			return true;
	}
	return false;
}

static void hold(const struct asking *a, size_t recipient)
{
	struct hold hold = { a->limit, a->value, a->amount, recipient };

	g_array_append_val(work_of(a->tx)->holds, hold);
	if (limit_has_recipient(a->limit) &&
	    a->limit->count != LIMIT_RECIPIENTS)
		g_hash_table_add(work_of(a->tx)->held, (char *)held_name(
			a->tx, a->limit, a->value));
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

static struct asking asking_of(struct transaction *tx,
			       const struct limit *limit, const char *value,
			       uint32_t amount)
{
	return (struct asking){
		.tx = tx, .limit = limit, .value = value,
		.key = limitkey_counts(limit, value, &tx->arena),
		.amount = amount, .most = most_of(tx, limit),
		.now_us = bulkclock_now_us(),
	};
}

/* A message is counted once for a key, however many of its
 * recipients have it. */
static bool ask_message(struct transaction *tx, const struct limit *limit,
			const char *value, size_t recipient)
{
	struct asking a = asking_of(tx, limit, value, 1);

	if (is_held(tx, limit, value))
		return true;
	if (!ask(&a, recipient))
		return false;
	hold(&a, limit_has_recipient(limit) ? recipient : 0);
	return true;
}

static bool ask_recipient(struct transaction *tx, const struct limit *limit,
			  const char *value, size_t recipient)
{
	struct asking a = asking_of(tx, limit, value, 1);

	if (!ask(&a, recipient))
		return false;
	hold(&a, recipient);
	return true;
}

static bool ask_thing(struct transaction *tx, const struct limit *limit,
		      const char *value, struct span thing, size_t recipient)
{
	struct asking a = asking_of(tx, limit, value, 1);

	a.thing = thing;
	return ask(&a, recipient);
}

/* What is counted later is only asked for now: a limit that is reached holds up
 * the recipient, and not the whole message later. */
static bool ask_ahead(struct transaction *tx, const struct limit *limit,
		      const char *value, size_t recipient)
{
	struct asking a = asking_of(tx, limit, value, 0);

	return limit->action == ACTION_NONE && limit->count == LIMIT_BYTES ?
	       true : ask(&a, recipient);
}

/* In lower case: that is how most mailboxes are, and how the key would be. */
static struct span recipient_thing(struct transaction *tx)
{
	char *text = arena_text(&tx->arena, mailaddr_format(
		&last_recipient(tx)->addr, &tx->arena));

	for (char *c = text; *c; c++)
		*c = g_ascii_tolower(*c);
	return span_text(text);
}

static bool ask_limit(struct transaction *tx, const struct limit *limit,
		      const char *value, size_t index)
{
	switch (limit->count) {
	case LIMIT_MESSAGES:
		return ask_message(tx, limit, value, index);
	case LIMIT_RECIPIENTS:
		return ask_recipient(tx, limit, value, index);
	case LIMIT_DISTINCT_RECIPIENTS:
		return ask_thing(tx, limit, value, recipient_thing(tx), index);
	case LIMIT_SESSIONS:
		return ask_thing(tx, limit, value, span_text(tx->session->id),
				 index);
	case LIMIT_BYTES:
	case LIMIT_REFUSED_RECIPIENTS:
	case LIMIT_DEFERRED_MESSAGES:
	case LIMIT_REFUSED_MESSAGES:
		return ask_ahead(tx, limit, value, index);
	}
	return true;
}

/* The verdict may be set to see it otherwise; then this one goes uncounted. */
static bool is_refused_already(const struct transaction *tx, size_t index)
{
	for (guint i = 0; i < tx->findings->len; i++) {
		const struct finding *finding =
			&g_array_index(tx->findings, struct finding, i);

		if ((finding->demand == ACTION_DEFER ||
		     finding->demand == ACTION_REJECT) &&
		    (!finding->recipient || finding->recipient == index))
			return true;
	}
	return false;
}

/* Things are asked for last: they are not given back when another refuses. */
void limitcheck_recipient(struct transaction *tx)
{
	const GArray *limits = limit_settings_all(tx->settings);
	size_t index = tx->recipients->len;

	if (!tx->bulk || is_refused_already(tx, index))
		return;
	for (int things = 0; things < 2; things++)
		for (guint i = 0; i < limits->len; i++) {
			const struct limit *limit = &g_array_index(
				limits, struct limit, i);
			bool is_thing =
				limit->count == LIMIT_DISTINCT_RECIPIENTS ||
				limit->count == LIMIT_SESSIONS;
			const char *value = is_thing != (things == 1) ? NULL :
				limitkey_of(tx, &work_of(tx)->parts, limit,
					    index);

			if (value && !ask_limit(tx, limit, value, index))
				return;
		}
}

/* What was taken for the recipient added last is at the end. */
static void give_back_of(struct transaction *tx, size_t recipient)
{
	struct bulkwork *work = work_of(tx);

	for (guint i = work->holds->len; i > 0; i--) {
		struct hold *hold = &g_array_index(work->holds, struct hold,
						   i - 1);

		if (hold->recipient != recipient && hold->recipient)
			return;
		if (!hold->recipient)
			continue;
		give_back(work, hold);
		g_hash_table_remove(work->held, held_name(tx, hold->limit,
							  hold->value));
		g_array_remove_index(work->holds, i - 1);
	}
}

/* Adds one to each limit that counts such things. */
static void count_event(struct transaction *tx, enum limit_count count,
			size_t recipient)
{
	const GArray *limits = limit_settings_all(tx->settings);

	for (guint i = 0; i < limits->len; i++) {
		const struct limit *limit = &g_array_index(limits,
							   struct limit, i);
		const char *value = limit->count == count ?
			limitkey_of(tx, &work_of(tx)->parts, limit,
				    recipient) : NULL;
		struct counts_key key;

		if (!value)
			continue;
		key = limitkey_counts(limit, value, &tx->arena);
		counts_add(bulk_counts(tx->bulk), &key, 1, bulkclock_now_us());
	}
}

/* For good, as the recipient's being unknown is; the MTA's reason begins with
 * its enhanced code, or a blank and its code. */
static bool is_refused_for_good(const struct recipient *rcpt)
{
	if (rcpt->state == RCPT_REFUSED_BY_MTA)
		return !rcpt->mta_reason || rcpt->mta_reason[strspn(
			rcpt->mta_reason, " ")] != '4';
	return rcpt->outcome.action == ACTION_REJECT;
}

void limitcheck_after_recipient(struct transaction *tx)
{
	size_t index = tx->recipients->len;
	const struct recipient *rcpt;

	if (!tx->bulk || index == 0)
		return;
	rcpt = last_recipient(tx);
	if (rcpt->state == RCPT_ACCEPTED &&
	    rcpt->outcome.action < ACTION_DEFER)
		return;
	give_back_of(tx, index);
	if (work_of(tx)->limited_recipient != index &&
	    is_refused_for_good(rcpt))
		count_event(tx, LIMIT_REFUSED_RECIPIENTS, index);
}

static void ask_bytes(struct transaction *tx, const struct limit *limit,
		      size_t recipient)
{
	int64_t bytes = tx->header_bytes + tx->body_bytes;
	const char *value = limitkey_of(tx, &work_of(tx)->parts, limit,
					recipient);
	struct asking a;

	if (!value || is_held(tx, limit, value))
		return;
	a = asking_of(tx, limit, value,
		      (uint32_t)MIN((bytes + KIB - 1) / KIB, UINT32_MAX));
	a.amount = MAX(a.amount, 1);
	if (ask(&a, 0))
		hold(&a, 0);
}

static void ask_bytes_of_all(struct transaction *tx,
			     const struct limit *limit)
{
	if (!limit_has_recipient(limit)) {
		ask_bytes(tx, limit, 0);
		return;
	}
	for (guint i = 0; i < tx->recipients->len; i++) {
		const struct recipient *rcpt = &g_array_index(
			tx->recipients, struct recipient, i);

		if (rcpt->state == RCPT_ACCEPTED)
			ask_bytes(tx, limit, i + 1);
	}
}

void limitcheck_message(struct transaction *tx)
{
	const GArray *limits = limit_settings_all(tx->settings);

	for (guint i = 0; tx->bulk && i < limits->len; i++) {
		const struct limit *limit = &g_array_index(limits,
							   struct limit, i);

		if (limit->count == LIMIT_BYTES)
			ask_bytes_of_all(tx, limit);
	}
}

static bool is_accepted(const struct transaction *tx)
{
	return tx->ending == ENDING_COMPLETE &&
	       (!tx->is_enforced || (tx->outcome.action != ACTION_DEFER &&
				     tx->outcome.action != ACTION_REJECT));
}

/* What a limit held up is no reason for another: it would never free. */
void limitcheck_end(struct transaction *tx)
{
	if (!tx->bulk)
		return;
	if (is_accepted(tx)) {
		g_array_set_size(work_of(tx)->holds, 0);
		return;
	}
	if (work_of(tx)->is_limited)
		return;
	if (tx->outcome.action == ACTION_DEFER)
		count_event(tx, LIMIT_DEFERRED_MESSAGES, 0);
	else if (tx->outcome.action == ACTION_REJECT)
		count_event(tx, LIMIT_REFUSED_MESSAGES, 0);
}
