#include <config.h>

#include "store/search.h"

#include "base/arena.h"
#include "store/day.h"
#include "store/recordform.h"
#include "store/recordid.h"
#include "store/recordkey.h"
#include "store/dayreader.h"
#include "store/storeerror.h"

#include <string.h>
#include <strings.h>

/*
 * Days are looked through from the newest. In a day the index gives candidates by
 * the most telling of the words asked for; each is read and compared with all of
 * the query, since a key may be shared.
 */
struct searching {
	const struct search_query *query;
	search_take_fn *take;
	void *context;
	struct search_result *result;
	struct arena arena;		/* of the record in hand */
	struct span message_id;
	bool is_ended;
};

void search_result_release(struct search_result *result)
{
	g_clear_pointer(&result->problems, g_ptr_array_unref);
}

static void note_problem(struct searching *on, const char *what)
{
	g_ptr_array_add(on->result->problems, g_strdup(what));
}

static bool is_same(struct span value, const char *wanted)
{
	return span_is_word(value, wanted);
}

/* An address, or all of a domain when wanted is "@domain". */
static bool is_address(struct span value, const char *wanted)
{
	if (wanted[0] != '@')
		return is_same(value, wanted);
	return is_same(record_key_domain_of(value), wanted + 1);
}

static bool has_recipient(const Reeve__Record *record, const char *wanted)
{
	for (size_t i = 0; record->message &&
			   i < record->message->n_recipients; i++)
		if (is_address(RECORDVIEW_BYTES(record->message->recipients[i],
						address), wanted))
			return true;
	return false;
}

static bool has_domain(const Reeve__Record *record, const char *domain)
{
	g_autofree char *wanted = g_strconcat("@", domain, NULL);

	return is_address(recordview_sender(record), wanted) ||
	       has_recipient(record, wanted);
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
	       (value.len == 0 || memcmp(value.ptr, wanted.ptr, value.len) == 0);
}

static bool matches_message(const struct searching *on,
			    const Reeve__Record *record)
{
	const struct search_query *query = on->query;
	const Reeve__Message *message = record->message;

	if (query->message_id &&
	    !(message && is_exact(RECORDVIEW_BYTES(message, message_id),
				  on->message_id)))
		return false;
	if (query->queue_id &&
	    !(message && span_is(RECORDVIEW_BYTES(message, queue_id),
				 query->queue_id)))
		return false;
	if (query->symbol && !recordview_has_symbol(record, query->symbol))
		return false;
	if (query->has_action &&
	    (!message || recordview_action(record) != query->action))
		return false;
	return query->direction == DIRECTION_UNKNOWN ||
	       recordview_direction(record) == query->direction;
}

static bool matches(const struct searching *on, const Reeve__Record *record)
{
	const struct search_query *query = on->query;
	int64_t ended_us = recordview_ended_us(record);

	if ((query->since_us && ended_us < query->since_us) ||
	    (query->until_us && ended_us >= query->until_us))
		return false;
	if (query->kind != RECORD_ANY &&
	    recordview_kind(record) != query->kind)
		return false;
	if ((query->id && record->id != query->id) ||
	    (query->session && !is_session(record, query->session)))
		return false;
	if (query->client.base.family != NETADDR_NONE &&
	    !is_client(record, &query->client))
		return false;
	if (query->account && !is_same(recordview_account(record),
				       query->account))
		return false;
	if (query->sender && !is_address(recordview_sender(record),
					 query->sender))
		return false;
	if (query->recipient && !has_recipient(record, query->recipient))
		return false;
	if (query->domain && !has_domain(record, query->domain))
		return false;
	return matches_message(on, record);
}

/* One candidate; false when the search is over. */
static bool look_at(struct searching *on, const char *path,
		    const struct dayreader_record *record)
{
	struct search_hit hit = {
		.sequence = record->sequence, .bytes = record->bytes,
	};

	arena_reset(&on->arena);
	on->result->looked_at++;
	hit.record = recordview_unpack(hit.bytes, &on->arena);
	if (!hit.record) {
		g_autofree char *what = g_strdup_printf(
			"%s: record %" G_GUINT64_FORMAT " cannot be read",
			path, record->sequence);

		note_problem(on, what);
		return true;
	}
	if (!matches(on, hit.record))
		return true;
	on->result->found++;
	on->is_ended = !on->take(&hit, on->context) ||
		       (on->query->limit &&
			on->result->found >= on->query->limit);
	return !on->is_ended;
}

static bool look_up(struct searching *on, struct dayreader *reader,
		    const char *path, uint64_t sequence)
{
	struct dayreader_record record;

	if (!dayreader_at(reader, sequence, &record)) {
		g_autofree char *what = g_strdup_printf(
			"%s: record %" G_GUINT64_FORMAT " is not there", path,
			sequence);

		note_problem(on, what);
		return true;
	}
	return look_at(on, path, &record);
}

static void note_unread(struct searching *on,
			const struct dayreader *reader, const char *path)
{
	const char *why = dayreader_problem(reader);
	g_autofree char *what = g_strdup_printf("%s: %s", path, why ?: "");

	if (why)
		note_problem(on, what);
}

/* All records, from the last. */
static void walk_all(struct searching *on, struct dayreader *reader,
		     const char *path)
{
	uint64_t to = UINT64_MAX;
	struct dayreader_record record;

	while (dayreader_before(reader, to, &record)) {
		if (!look_at(on, path, &record))
			return;
		to = record.sequence - 1;
	}
	note_unread(on, reader, path);
}

/* The sequences under one key, from the last. */
static void walk_key(struct searching *on, struct dayreader *reader,
		     const char *path, struct record_key wanted)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	uint64_t most = UINT64_MAX;

	while (dayreader_postings(reader, &wanted, most, found)) {
		for (guint i = 0; i < found->len; i++)
			if (!look_up(on, reader, path, g_array_index(
					     found, uint64_t, i)))
				return;
		most = g_array_index(found, uint64_t, found->len - 1) - 1;
		g_array_set_size(found, 0);
	}
}

static int newest_first(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

static void collect(struct dayreader *reader, GArray *found,
		    struct record_key from, struct record_key to)
{
	dayreader_collect(reader, &from, &to, found);
}

static void walk_found(struct searching *on, struct dayreader *reader,
		       const char *path, GArray *found)
{
	uint64_t before = 0;

	g_array_sort(found, newest_first);
	for (guint i = 0; i < found->len; i++) {
		uint64_t sequence = g_array_index(found, uint64_t, i);

		if (sequence != before &&
		    !look_up(on, reader, path, sequence))
			return;
		before = sequence;
	}
}

/* A network is a range of keys, whose records are put in order afterwards. */
static void walk_network(struct searching *on, struct dayreader *reader,
			 const char *path)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	const struct network *net = &on->query->client;
	struct netaddr last = net->base;

	for (unsigned i = net->bits; i < 128; i++)
		last.bytes[i / 8] |= (uint8_t)(0x80u >> i % 8);
	collect(reader, found, record_key_client(&net->base),
		record_key_client(&last));
	walk_found(on, reader, path, found);
}

/* A domain is the sender's or a recipient's: two keys, one order. */
static void walk_domain(struct searching *on, struct dayreader *reader,
			const char *path)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	struct span domain = span_text(on->query->domain);
	struct record_key keys[] = {
		record_key_text(RECORD_KEY_SENDER_DOMAIN, domain),
		record_key_text(RECORD_KEY_RECIPIENT_DOMAIN, domain),
	};

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		collect(reader, found, keys[i], keys[i]);
	walk_found(on, reader, path, found);
}

static struct record_key address_key(enum record_key_kind address,
				     enum record_key_kind domain,
				     const char *wanted)
{
	return wanted[0] == '@' ?
	       record_key_text(domain, span_text(wanted + 1)) :
	       record_key_text(address, span_text(wanted));
}

/* The most telling key that the query has; false: none. */
static bool find_key(const struct searching *on, struct record_key *key)
{
	const struct search_query *query = on->query;

	if (query->id)
		*key = record_key_number(RECORD_KEY_ID, query->id);
	else if (query->message_id)
		*key = record_key_text(RECORD_KEY_MESSAGE_ID,
				       on->message_id);
	else if (query->queue_id)
		*key = record_key_text(RECORD_KEY_QUEUE_ID,
				       span_text(query->queue_id));
	else if (query->session)
		*key = record_key_number(RECORD_KEY_SESSION, query->session);
	else if (query->recipient && query->recipient[0] != '@')
		*key = address_key(RECORD_KEY_RECIPIENT,
				   RECORD_KEY_RECIPIENT_DOMAIN,
				   query->recipient);
	else if (query->sender)
		*key = address_key(RECORD_KEY_SENDER,
				   RECORD_KEY_SENDER_DOMAIN, query->sender);
	else if (query->account)
		*key = record_key_text(RECORD_KEY_ACCOUNT,
				       span_text(query->account));
	else if (query->client.base.family != NETADDR_NONE &&
		 query->client.bits == 128)
		*key = record_key_client(&query->client.base);
	else if (query->recipient)
		*key = address_key(RECORD_KEY_RECIPIENT,
				   RECORD_KEY_RECIPIENT_DOMAIN,
				   query->recipient);
	else
		return false;
	return true;
}

/* Whether since or until lie within the day, so that part of it is out. */
static bool is_day_cut(const struct search_query *query, int64_t day)
{
	int64_t begin_us = day_begin_us(day);

	return query->since_us > begin_us ||
	       (query->until_us && query->until_us < begin_us + DAY_US);
}

/* The minutes of the day that are asked for. */
static void walk_minutes(struct searching *on, struct dayreader *reader,
			 const char *path)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	int64_t since_us = on->query->since_us, until_us = on->query->until_us;
	uint64_t last = until_us ? (uint64_t)until_us / RECORD_MINUTE_US :
				   UINT64_MAX;

	collect(reader, found,
		record_key_number(RECORD_KEY_MINUTE,
				  (uint64_t)since_us / RECORD_MINUTE_US),
		record_key_number(RECORD_KEY_MINUTE, last));
	walk_found(on, reader, path, found);
}

static void walk(struct searching *on, struct dayreader *reader,
		 const char *path, int64_t day)
{
	struct record_key key;

	if (find_key(on, &key))
		walk_key(on, reader, path, key);
	else if (on->query->domain)
		walk_domain(on, reader, path);
	else if (on->query->client.base.family != NETADDR_NONE &&
		 on->query->client.bits > 96)
		walk_network(on, reader, path);
	else if (is_day_cut(on->query, day))
		walk_minutes(on, reader, path);
	else
		walk_all(on, reader, path);
}

static void search_day(struct searching *on, const char *dir, int64_t day)
{
	g_autofree char *path = day_path(dir, day);
	g_autoptr(GError) why = NULL;
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, &why);
	struct dayreader *reader = segment ? dayreader_new(
		segment, DAYREADER_RECORDS, &why) : NULL;

	if (reader)
		walk(on, reader, path, day);
	dayreader_free(&reader);
	segment_close(&segment);
	/* A day that expired between the list and now is no problem. */
	if (why && !g_error_matches(why, STORE_ERROR, STORE_ERROR_MISSING))
		note_problem(on, why->message);
}

/* A record lies in the day in which it ended, or a later one when that had
 * begun before it was written: so only days that ended before since are out, or
 * before the id was made. */
static bool is_day_wanted(const struct search_query *query, int64_t day)
{
	int64_t end_us = day_begin_us(day) + DAY_US;

	return end_us > query->since_us &&
	       (!query->id || end_us > record_id_time_us(query->id));
}

static void result_init(struct search_result *result)
{
	*result = (struct search_result){
		.problems = g_ptr_array_new_with_free_func(g_free),
	};
}

bool search_run(const char *state_dir, const struct search_query *query,
		search_take_fn *take, void *context,
		struct search_result *result_out, GError **error)
{
	g_autofree char *dir = g_build_filename(state_dir, "records", NULL);
	g_autoptr(GArray) days = day_list(dir, error);
	struct searching on = {
		.query = query, .take = take, .context = context,
		.result = result_out,
		.message_id = recordform_message_id(
			span_text(query->message_id)),
	};

	result_init(result_out);
	if (!days)
		return false;
	arena_init(&on.arena);
	for (guint i = days->len; i > 0 && !on.is_ended; i--) {
		int64_t day = g_array_index(days, int64_t, i - 1);

		if (is_day_wanted(query, day))
			search_day(&on, dir, day);
	}
	arena_release(&on.arena);
	return true;
}

/* One day's records behind the sequence, from the first. */
static void follow_day(struct searching *on, const char *dir, int64_t day,
		       uint64_t sequence)
{
	g_autofree char *path = day_path(dir, day);
	g_autoptr(GError) why = NULL;
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, &why);
	struct dayreader *reader = segment ? dayreader_new(
		segment, DAYREADER_RECORDS, &why) : NULL;
	struct dayreader_record record;

	if (reader) {
		while (dayreader_next(reader, sequence + 1, &record) &&
		       look_at(on, path, &record))
			sequence = record.sequence;
		note_unread(on, reader, path);
	}
	dayreader_free(&reader);
	segment_close(&segment);
	if (why)
		note_problem(on, why->message);
}

/* The last sequence of a day's file; 0 and a problem when it can't be read. */
static bool day_facts(const char *dir, int64_t day,
		      struct segment_facts *facts, GError **error)
{
	g_autofree char *path = day_path(dir, day);
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, error);
	bool is_read = segment && segment_facts(segment, facts, error);

	segment_close(&segment);
	return is_read;
}

bool search_after(const char *state_dir, uint64_t sequence, uint64_t limit,
		  search_take_fn *take, void *context,
		  struct search_result *result_out, GError **error)
{
	const struct search_query query = { .limit = limit };
	g_autofree char *dir = g_build_filename(state_dir, "records", NULL);
	g_autoptr(GArray) days = day_list(dir, error);
	struct searching on = {
		.query = &query, .take = take, .context = context,
		.result = result_out,
	};
	guint first;

	result_init(result_out);
	if (!days)
		return false;
	/* Back to the first day that has some of them. */
	for (first = days->len; first > 0; first--) {
		struct segment_facts facts;
		int64_t day = g_array_index(days, int64_t, first - 1);

		if (!day_facts(dir, day, &facts, NULL) ||
		    facts.head.sequence <= sequence)
			break;
	}
	arena_init(&on.arena);
	for (guint i = first; i < days->len && !on.is_ended; i++)
		follow_day(&on, dir, g_array_index(days, int64_t, i),
			   sequence);
	arena_release(&on.arena);
	return true;
}

bool search_last_sequence(const char *state_dir, uint64_t *sequence_out,
			  GError **error)
{
	g_autofree char *dir = g_build_filename(state_dir, "records", NULL);
	g_autoptr(GArray) days = day_list(dir, error);
	struct segment_facts facts = { .count = 0 };

	*sequence_out = 0;
	if (!days)
		return false;
	if (days->len && !day_facts(dir, g_array_index(days, int64_t,
						       days->len - 1),
				    &facts, error))
		return false;
	*sequence_out = facts.head.sequence;
	return true;
}
