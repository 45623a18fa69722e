#include <config.h>

#include "cases/complaintmatch.h"

#include "store/search.h"
#include "store/storeerror.h"

#include <string.h>

#define DAY_US (INT64_C(86400) * G_USEC_PER_SEC)
#define QUESTIONS_MAX 16	/* of queue ids; a stranger could ask thousands */

struct matching {
	const char *state_dir;
	const struct complaint *complaint;
	struct arena *arena;
	struct complaint_match *out;
	GError **error;
	unsigned questions;
	bool is_failed;
};

static bool take(const struct search_hit *hit, void *context)
{
	struct matching *on = context;
	struct complaint_match *out = on->out;
	struct netaddr addr;

	if (!out->record_count) {
		out->account = arena_span_text(
			on->arena, recordview_account(hit->record));
		out->is_ours = recordview_direction(hit->record) !=
			       DIRECTION_INBOUND;
		if (hit->record->message && hit->record->message->customer)
			out->customer = arena_text(
				on->arena, hit->record->message->customer);
		if (recordview_client(hit->record, &addr)) {
			char text[NETADDR_TEXT_MAX];

			out->client = arena_text(on->arena,
						 netaddr_format(&addr, text));
		}
	}
	out->sent_us = MAX(out->sent_us, recordview_ended_us(hit->record));
	out->records[out->record_count++] = hit->record->id;
	return out->record_count < COMPLAINT_RECORDS_MAX;
}

static void forget(struct matching *on)
{
	*on->out = (struct complaint_match){
		.how = "", .account = "", .client = "", .customer = "",
	};
}

/* True when it found one; or most one. */
static bool ask(struct matching *on, struct search_query query,
		const char *how, size_t most)
{
	struct search_result result;

	if (on->is_failed)
		return false;
	query.kind = RECORD_MESSAGE;
	query.limit = COMPLAINT_RECORDS_MAX;
	on->is_failed = !search_run(on->state_dir, &query, take, on, &result,
				    on->error);
	search_result_release(&result);
	if (on->is_failed || !on->out->record_count ||
	    on->out->record_count > most) {
		forget(on);
		return false;
	}
	on->out->how = how;
	return true;
}

static struct network host_of(const struct netaddr *addr)
{
	return network_around(addr, 128);
}

static bool is_by_message_id(struct matching *on)
{
	return *on->complaint->message_id &&
	       ask(on, (struct search_query){
			.message_id = on->complaint->message_id,
		   }, "message-id", COMPLAINT_RECORDS_MAX);
}

static bool is_by_queue_id(struct matching *on, struct search_query query)
{
	const struct complaint *complaint = on->complaint;
	struct search_query other = query;

	other.sender = complaint->sender;
	if (*complaint->sender &&
	    ask(on, other, "queue id, sender", COMPLAINT_RECORDS_MAX))
		return true;
	other = query;
	other.recipient = complaint->recipient;
	if (*complaint->recipient &&
	    ask(on, other, "queue id, recipient", COMPLAINT_RECORDS_MAX))
		return true;
	for (size_t i = 0; i < complaint->hop_count; i++) {
		other = query;
		other.client = host_of(&complaint->hops[i]);
		if (on->questions++ < QUESTIONS_MAX &&
		    ask(on, other, "queue id, client", COMPLAINT_RECORDS_MAX))
			return true;
	}
	return false;
}

static bool is_by_queue_ids(struct matching *on)
{
	const struct complaint *complaint = on->complaint;

	for (size_t i = 0; i < complaint->queue_id_count; i++)
		if (on->questions++ < QUESTIONS_MAX &&
		    is_by_queue_id(on, (struct search_query){
				.queue_id = complaint->queue_ids[i] }))
			return true;
	return false;
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

bool complaintmatch_find(const char *state_dir,
			 const struct complaint *complaint,
			 struct arena *arena, struct complaint_match *match_out,
			 GError **error)
{
	struct matching on = {
		state_dir, complaint, arena, match_out, error, 0, false,
	};

	forget(&on);
	if (!is_by_message_id(&on) && !is_by_queue_ids(&on) &&
	    !is_by_time(&on))
		forget(&on);
	return !on.is_failed;
}

bool complaintmatch_record(const char *state_dir, uint64_t id,
			   struct arena *arena,
			   struct complaint_match *match_out, GError **error)
{
	struct matching on = {
		state_dir, NULL, arena, match_out, error, 0, false,
	};

	forget(&on);
	if (ask(&on, (struct search_query){ .id = id }, "by hand", 1))
		return true;
	if (!on.is_failed)
		store_error_set_text(error, STORE_ERROR_MISSING,
				     "there is no record of a message with "
				     "that id; reevectl records search finds "
				     "them");
	return false;
}
