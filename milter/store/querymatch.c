#include <config.h>

#include "store/querymatch.h"

#include "store/recordform.h"
#include "store/recordkey.h"
#include "store/subjectwords.h"

#include <string.h>
#include <strings.h>

struct address_wanted querymatch_address(const char *text)
{
	struct span all = span_text(text);
	struct span local = record_key_local_of(all);
	struct address_wanted wanted = { .domain = record_key_domain_of(all) };

	if (local.len && local.ptr[local.len - 1] == '*')
		wanted.local = span_first(local, local.len - 1);
	else if (local.len)
		wanted.whole = all;
	return wanted;
}

void querymatch_init(struct querymatch *match,
		     const struct search_query *query)
{
	*match = (struct querymatch){
		.query = query,
		.sender = querymatch_address(query->sender),
		.recipient = querymatch_address(query->recipient),
		.message_id = recordform_message_id(
			span_text(query->message_id)),
		.subject_words = query->subject ? subjectwords_of(
			span_text(query->subject)) : NULL,
	};
}

void querymatch_release(struct querymatch *match)
{
	g_clear_pointer(&match->subject_words, g_array_unref);
}

static bool is_word(struct span value, struct span wanted)
{
	return value.len == wanted.len &&
	       (!wanted.len ||
		strncasecmp(value.ptr, wanted.ptr, wanted.len) == 0);
}

bool querymatch_is_address(struct span value,
			   const struct address_wanted *wanted)
{
	struct span begin;

	if (wanted->whole.len)
		return is_word(value, wanted->whole);
	begin = span_first(record_key_local_of(value), wanted->local.len);
	return is_word(begin, wanted->local) &&
	       (!wanted->domain.len ||
		is_word(record_key_domain_of(value), wanted->domain));
}

static bool has_recipient(const Reeve__Record *record,
			  const struct address_wanted *wanted)
{
	const Reeve__Message *message = record->message;

	for (size_t i = 0; message && i < message->n_recipients; i++)
		if (querymatch_is_address(
				RECORDVIEW_BYTES(message->recipients[i],
						 address), wanted))
			return true;
	return false;
}

static bool has_domain(const Reeve__Record *record, const char *domain)
{
	const struct address_wanted wanted = { .domain = span_text(domain) };

	return querymatch_is_address(recordview_sender(record), &wanted) ||
	       has_recipient(record, &wanted);
}

static bool is_client(const Reeve__Record *record, const struct network *net)
{
	struct netaddr addr;

	return recordview_client(record, &addr) && network_has(net, &addr);
}

static bool is_session(const Reeve__Record *record, uint64_t session)
{
	return record->has_session_id ? record->session_id == session :
	       record->session && record->id == session;
}

static bool is_exact(struct span value, struct span wanted)
{
	return value.len == wanted.len &&
	       (value.len == 0 ||
		memcmp(value.ptr, wanted.ptr, value.len) == 0);
}

static bool has_words(const Reeve__Message *message, const GArray *wanted)
{
	g_autoptr(GArray) words = NULL;

	if (message->has_header_subject)
		words = subjectwords_of(RECORDVIEW_BYTES(message,
							 header_subject));
	else
		words = g_array_append_vals(
			g_array_new(FALSE, FALSE, sizeof(uint64_t)),
			message->subject_words,
			(guint)message->n_subject_words);
	return subjectwords_has_all(words, wanted);
}

/* What only a message has. */
static bool is_message(const struct querymatch *match,
		       const Reeve__Message *message)
{
	const struct search_query *query = match->query;

	if (query->message_id && !is_exact(
			RECORDVIEW_BYTES(message, message_id),
			match->message_id))
		return false;
	if (query->queue_id && !span_is(RECORDVIEW_BYTES(message, queue_id),
					query->queue_id))
		return false;
	if (query->customer && !span_is_word(span_text(message->customer),
					     query->customer))
		return false;
	return !match->subject_words ||
	       has_words(message, match->subject_words);
}

static bool is_what_was_done(const struct search_query *query,
			     const Reeve__Record *record)
{
	if (query->symbol && !recordview_has_symbol(record, query->symbol))
		return false;
	if (query->has_evidence &&
	    !(record->message && record->message->evidence))
		return false;
	if (query->has_action &&
	    (!record->message || recordview_action(record) != query->action))
		return false;
	return query->direction == DIRECTION_UNKNOWN ||
	       recordview_direction(record) == query->direction;
}

static bool is_from_whom(const struct querymatch *match,
			 const Reeve__Record *record)
{
	const struct search_query *query = match->query;

	if (query->client.base.family != NETADDR_NONE &&
	    !is_client(record, &query->client))
		return false;
	if (query->account && !span_is_word(recordview_account(record),
					    query->account))
		return false;
	if (query->sender && !(record->message && querymatch_is_address(
			recordview_sender(record), &match->sender)))
		return false;
	if (query->recipient && !has_recipient(record, &match->recipient))
		return false;
	return !query->domain || has_domain(record, query->domain);
}

static bool is_which(const struct search_query *query,
		     const Reeve__Record *record)
{
	int64_t ended_us = recordview_ended_us(record);

	if ((query->since_us && ended_us < query->since_us) ||
	    (query->until_us && ended_us >= query->until_us))
		return false;
	if (query->kind != RECORD_ANY &&
	    recordview_kind(record) != query->kind)
		return false;
	return (!query->id || record->id == query->id) &&
	       (!query->session || is_session(record, query->session));
}

bool querymatch_is(const struct querymatch *match, const Reeve__Record *record)
{
	static const Reeve__Message nothing = REEVE__MESSAGE__INIT;
	const struct search_query *query = match->query;

	if (!is_which(query, record) || !is_from_whom(match, record))
		return false;
	return is_message(match, record->message ?: &nothing) &&
	       is_what_was_done(query, record);
}

bool querymatch_is_recipient(const struct querymatch *match,
			     const Reeve__Recipient *rcpt)
{
	return querymatch_is_address(RECORDVIEW_BYTES(rcpt, address),
				     &match->recipient);
}
