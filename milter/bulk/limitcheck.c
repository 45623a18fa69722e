#include <config.h>

#include "bulk/limitcheck.h"

#include "bulk/bulk.h"
#include "bulk/bulkclock.h"
#include "bulk/limitask.h"
#include "bulk/limitkey.h"

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

static void hold(const struct limitask *a, size_t recipient)
{
	struct hold hold = { a->limit, a->value, a->amount, recipient };

	g_array_append_val(work_of(a->tx)->holds, hold);
	if (limit_has_recipient(a->limit) &&
	    a->limit->count != LIMIT_RECIPIENTS)
		g_hash_table_add(work_of(a->tx)->held, (char *)held_name(
			a->tx, a->limit, a->value));
}

/* Whether it is let through. */
static bool ask(struct limitask *a, size_t recipient)
{
	struct bulkwork *work = work_of(a->tx);

	if (limitask_run(a, recipient))
		return true;
	work->is_limited = true;
	work->limited_recipient = recipient;
	return false;
}

/* A message is counted once for a key, however many of its
 * recipients have it. */
static bool ask_message(struct transaction *tx, const struct limit *limit,
			const char *value, size_t recipient)
{
	struct limitask a = limitask_of(tx, limit, value, 1);

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
	struct limitask a = limitask_of(tx, limit, value, 1);

	if (!ask(&a, recipient))
		return false;
	hold(&a, recipient);
	return true;
}

static bool ask_thing(struct transaction *tx, const struct limit *limit,
		      const char *value, struct span thing, size_t recipient)
{
	struct limitask a = limitask_of(tx, limit, value, 1);

	a.thing = thing;
	return ask(&a, recipient);
}

/* What is counted later is only asked for now: a limit that is reached holds up
 * the recipient, and not the whole message later. */
static bool ask_ahead(struct transaction *tx, const struct limit *limit,
		      const char *value, size_t recipient)
{
	struct limitask a = limitask_of(tx, limit, value, 0);

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
	struct limitask a;

	if (!value || is_held(tx, limit, value))
		return;
	a = limitask_of(tx, limit, value,
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
