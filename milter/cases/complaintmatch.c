#include <config.h>

#include "cases/complaintmatch.h"

#include "base/clock.h"
#include "store/querymatch.h"
#include "store/storeerror.h"

#include <string.h>

#define DAY_US (INT64_C(86400) * G_USEC_PER_SEC)
#define QUEUE_IDS_ASKED 16	/* of them; a stranger could name thousands */
#define CANDIDATES_MAX 200	/* records of one queue id */

/* Facts that go with a queue id, the best first: sender, recipient, hops. */
#define FACTS (2 + COMPLAINT_HOPS_MAX)

struct matching {
	const char *state_dir;
	const struct complaint *complaint;
	struct arena *arena;
	struct complaint_match *out;
	GError **error;
	bool is_failed;
};

static const struct complaint_match none = {
	.how = "", .account = "", .client = "", .customer = "",
};

static void take_first(struct complaint_match *out,
		       const Reeve__Record *record, struct arena *arena)
{
	struct netaddr addr;
	char text[NETADDR_TEXT_MAX];

	out->account = arena_span_text(arena, recordview_account(record));
	out->is_ours = recordview_direction(record) != DIRECTION_INBOUND;
	if (record->message && record->message->customer)
		out->customer = arena_text(arena, record->message->customer);
	if (recordview_client(record, &addr))
		out->client = arena_text(arena, netaddr_format(&addr, text));
}

/* False: it has all that it can have. */
static bool add(struct complaint_match *out, const Reeve__Record *record,
		struct arena *arena)
{
	if (!out->record_count)
		take_first(out, record, arena);
	out->sent_us = MAX(out->sent_us, recordview_ended_us(record));
	if (out->record_count < COMPLAINT_RECORDS_MAX)
		out->records[out->record_count++] = record->id;
	return out->record_count < COMPLAINT_RECORDS_MAX;
}

static bool take(const struct search_hit *hit, void *context)
{
	struct matching *on = context;

	return add(on->out, hit->record, on->arena);
}

static void search(struct matching *on, struct search_query query,
		   search_take_fn *take_hit, void *context)
{
	struct search_result result;

	query.kind = RECORD_MESSAGE;
	on->is_failed = !search_run(on->state_dir, &query, take_hit, context,
				    &result, on->error);
	search_result_release(&result);
}

/* True when it found one; or most one. */
static bool ask(struct matching *on, struct search_query query,
		const char *how, size_t most)
{
	query.limit = COMPLAINT_RECORDS_MAX;
	search(on, query, take, on);
	if (on->is_failed || !on->out->record_count ||
	    on->out->record_count > most) {
		*on->out = none;
		return false;
	}
	on->out->how = how;
	return true;
}

static bool is_by_message_id(struct matching *on)
{
	return *on->complaint->message_id &&
	       ask(on, (struct search_query){
			.message_id = on->complaint->message_id,
		   }, "message-id", COMPLAINT_RECORDS_MAX);
}

/* What may prove that a record with the queue id is the one. */
struct facts {
	struct search_query queries[FACTS];
	struct querymatch matches[FACTS];
	struct complaint_match found[FACTS];
	const char *how[FACTS];
	size_t count;
	struct arena *arena;
};

static void add_fact(struct facts *facts, struct search_query query,
		     const char *how)
{
	size_t i = facts->count++;

	facts->queries[i] = query;
	facts->found[i] = none;
	facts->how[i] = how;
	querymatch_init(&facts->matches[i], &facts->queries[i]);
}

static void gather_facts(struct facts *facts,
			 const struct complaint *complaint)
{
	if (*complaint->sender)
		add_fact(facts, (struct search_query){
			.sender = complaint->sender }, "queue id, sender");
	if (*complaint->recipient)
		add_fact(facts, (struct search_query){
			.recipient = complaint->recipient },
			"queue id, recipient");
	for (size_t i = 0; i < complaint->hop_count; i++)
		add_fact(facts, (struct search_query){
			.client = network_around(&complaint->hops[i], 128) },
			"queue id, client");
}

static bool take_candidate(const struct search_hit *hit, void *context)
{
	struct facts *facts = context;

	for (size_t i = 0; i < facts->count; i++)
		if (querymatch_is(&facts->matches[i], hit->record))
			add(&facts->found[i], hit->record, facts->arena);
	return true;
}

/* One search: what goes with the queue id is looked for in its few records. */
static bool is_by_queue_id(struct matching *on, const char *queue_id)
{
	struct facts facts = { .arena = on->arena };
	bool is_found = false;

	gather_facts(&facts, on->complaint);
	if (facts.count)
		search(on, (struct search_query){
			.queue_id = queue_id, .limit = CANDIDATES_MAX,
		       }, take_candidate, &facts);
	for (size_t i = 0; i < facts.count; i++) {
		if (!is_found && !on->is_failed &&
		    facts.found[i].record_count) {
			*on->out = facts.found[i];
			on->out->how = facts.how[i];
			is_found = true;
		}
		querymatch_release(&facts.matches[i]);
	}
	return is_found;
}

/* Within a day, since clocks of the world differ, and mail waits. */
static bool is_by_time(struct matching *on)
{
	const struct complaint *complaint = on->complaint;

	return complaint->received_us && *complaint->sender &&
	       *complaint->recipient && !complaint->is_redacted &&
	       ask(on, (struct search_query){
			.since_us = complaint->received_us - DAY_US,
			.until_us = complaint->received_us + DAY_US,
			.sender = complaint->sender,
			.recipient = complaint->recipient,
		   }, "sender, recipient, time", 1);
}

/* The question of that number, each a search at most. */
static bool is_by(struct matching *on, size_t question, size_t queue_ids)
{
	if (!question)
		return is_by_message_id(on);
	if (question <= queue_ids)
		return is_by_queue_id(on,
			on->complaint->queue_ids[question - 1]);
	return is_by_time(on);
}

bool complaintmatch_find(const char *state_dir,
			 const struct complaint *complaint,
			 struct complaint_search *search, struct arena *arena,
			 struct complaint_match *match_out, GError **error)
{
	struct matching on = {
		state_dir, complaint, arena, match_out, error, false,
	};
	size_t queue_ids = MIN(complaint->queue_id_count, QUEUE_IDS_ASKED);
	bool is_found, is_last;

	*match_out = none;
	if (search->is_over)
		search->asked = 0;
	do {
		is_found = is_by(&on, search->asked, queue_ids);
		is_last = search->asked++ > queue_ids;
		search->is_over = is_found || is_last || on.is_failed;
	} while (!search->is_over &&
		 (!search->until_us ||
		  clock_monotonic_us() < search->until_us));
	return !on.is_failed;
}

bool complaintmatch_record(const char *state_dir, uint64_t id,
			   struct arena *arena,
			   struct complaint_match *match_out, GError **error)
{
	struct matching on = {
		state_dir, NULL, arena, match_out, error, false,
	};

	*match_out = none;
	if (ask(&on, (struct search_query){ .id = id }, "by hand", 1))
		return true;
	if (!on.is_failed)
		store_error_set_text(error, STORE_ERROR_MISSING,
				     "there is no record of a message with "
				     "that id; reevectl records search finds "
				     "them");
	return false;
}
