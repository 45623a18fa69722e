#include <config.h>

#include "cases/noticesample.h"

#include "base/clock.h"
#include "cases/casesettings.h"
#include "message/encodedword.h"
#include "message/finding.h"
#include "settings/global.h"
#include "store/search.h"

#include <string.h>

#define SAMPLES_MAX 3
#define LOOKED_AT_MAX 200
#define VALUE_MAX 300		/* bytes */
#define BEFORE_US (INT64_C(86400) * G_USEC_PER_SEC)
#define FIRST_SPAN_US (INT64_C(3600) * G_USEC_PER_SEC)
#define ENOUGH_US 200000	/* the daemon's timer waits for it */

struct sampling {
	const struct notice_ask *ask;
	const struct case_facts *facts;
	const struct notice_language *language;
	struct arena *arena;
	GPtrArray *bad, *any;		/* blocks */
	uint64_t looked_at;
};

const char *noticesample_time(const struct notice_ask *ask, int64_t time_us,
			      struct arena *arena)
{
	const char *name = case_settings_of(ask->settings)->zone;
	GTimeZone *zone = *name ? g_time_zone_new_identifier(name) : NULL;
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(
		time_us / G_USEC_PER_SEC);
	g_autoptr(GDateTime) local = NULL;
	g_autofree char *text = NULL;

	if (!zone)
		zone = g_time_zone_new_local();
	local = utc ? g_date_time_to_timezone(utc, zone) : NULL;
	text = local ? g_date_time_format(local, "%Y-%m-%d %H:%M %z") : NULL;
	g_time_zone_unref(zone);
	return arena_text(arena, text ? text : "");
}

static void add(struct sampling *on, GString *out, const char *key,
		const char *value)
{
	if (*value)
		g_string_append_printf(out, "%s %s\n",
				       notice_word(on->language, key), value);
}

static void add_bytes(struct sampling *on, GString *out, const char *key,
		      struct span bytes)
{
	add(on, out, key, noticefacts_plain(bytes, VALUE_MAX, false,
					    on->arena));
}

static void add_header(struct sampling *on, GString *out, const char *key,
		       struct span bytes)
{
	if (bytes.len)
		add_bytes(on, out, key, span_text(encodedword_decode(
			bytes, on->arena)));
}

static void add_symbols(struct sampling *on, GString *out,
			const Reeve__Message *message)
{
	g_autoptr(GString) symbols = g_string_new(NULL);

	for (size_t i = 0; i < message->n_findings; i++)
		if (message->findings[i]->symbol)
			g_string_append_printf(symbols, "%s%s", symbols->len ?
				", " : "", message->findings[i]->symbol);
	add_bytes(on, out, "sample.findings",
		  span_string(symbols));
}

static void add_origin(struct sampling *on, GString *out,
		       const Reeve__Record *record)
{
	char text[NETADDR_TEXT_MAX];
	struct netaddr addr;

	add(on, out, "sample.time", noticesample_time(
		on->ask, recordview_ended_us(record), on->arena));
	if (recordview_client(record, &addr))
		add(on, out, "sample.address", netaddr_format(&addr, text));
	add_bytes(on, out, "sample.account", recordview_account(record));
	add_bytes(on, out, "sample.sender", recordview_sender(record));
}

static char *block_of(struct sampling *on, const Reeve__Record *record)
{
	const Reeve__Message *message = record->message;
	GString *out = g_string_new(NULL);
	char id[RECORD_ID_SIZE];

	add_origin(on, out, record);
	g_string_append_printf(out, "%s %zu\n", notice_word(
		on->language, "sample.recipients"), message->n_recipients);
	add_header(on, out, "sample.from", RECORDVIEW_BYTES(message,
							    header_from));
	if (on->facts->kind != CASE_KIND_HARMFUL)
		add_header(on, out, "sample.subject",
			   RECORDVIEW_BYTES(message, header_subject));
	add_header(on, out, "sample.date", RECORDVIEW_BYTES(message,
							    header_date));
	add_bytes(on, out, "sample.message-id", RECORDVIEW_BYTES(message,
								 message_id));
	add_bytes(on, out, "sample.queue-id", RECORDVIEW_BYTES(message,
							       queue_id));
	add(on, out, "sample.record", recordview_id(record, id));
	add_symbols(on, out, message);
	return g_string_free(out, FALSE);
}

static bool take_hit(const struct search_hit *hit, void *context)
{
	struct sampling *on = context;
	const Reeve__Record *record = hit->record;
	bool is_bad = recordview_action(record) > ACTION_ACCEPT;

	on->looked_at++;
	if (!record->message)
		return true;
	if (is_bad)
		g_ptr_array_add(on->bad, block_of(on, record));
	else if (on->any->len < SAMPLES_MAX)
		g_ptr_array_add(on->any, block_of(on, record));
	return on->bad->len < SAMPLES_MAX;
}

/* False: by this nothing can be searched. */
static bool set_query(const struct case_facts *facts,
		      struct search_query *query)
{
	struct netaddr addr;

	*query = (struct search_query){
		.kind = RECORD_MESSAGE, .limit = LOOKED_AT_MAX,
		.direction = DIRECTION_OUTBOUND,
		.since_us = facts->opened_us - BEFORE_US,
		.client.base.family = NETADDR_NONE,
	};
	switch (facts->subject_kind) {
	case LIST_ADDRESS:
		query->direction = DIRECTION_UNKNOWN;
		if (!netaddr_parse(span_text(facts->subject), &addr))
			return false;
		query->client = network_around(&addr, 128);
		return true;
	case LIST_NETWORK:
		query->direction = DIRECTION_UNKNOWN;
		return network_parse(span_text(facts->subject), &query->client,
				     NULL);
	case LIST_ACCOUNT:
		query->account = facts->subject;
		return true;
	case LIST_SENDER:
		query->sender = facts->subject;
		return true;
	case LIST_DOMAIN:
		query->domain = facts->subject;
		return true;
	case LIST_CUSTOMER:
		query->customer = facts->subject;
		return true;
	default:
		return false;
	}
}

static const char *joined(const GPtrArray *blocks, struct arena *arena)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (guint i = 0; i < blocks->len; i++)
		g_string_append_printf(out, "%s%s", i ? "\n" : "",
				       (const char *)blocks->pdata[i]);
	if (out->len)
		g_string_truncate(out, out->len - 1);
	return arena_text(arena, out->str);
}

/* True: there is more to be asked of what was before. */
static bool look(struct sampling *on, struct search_query *query)
{
	const char *dir = global_settings_of(on->ask->settings)->state_dir;
	struct search_result result;
	bool is_good;

	query->limit = LOOKED_AT_MAX - on->looked_at;
	is_good = search_run(dir, query, take_hit, on, &result, NULL);
	search_result_release(&result);
	/* A letter goes out with those that can be read, and
	 * without the rest. */
	if (!is_good)
		g_ptr_array_set_size(on->any, 0);
	return is_good && on->bad->len < SAMPLES_MAX &&
	       on->looked_at < LOOKED_AT_MAX;
}

/*
 * The last hour, then twice the time before, and so on. Of some subjects very
 * much mail has to be looked at: each step takes about twice as long as the one
 * before, and the one that would take too long is left out, since older samples
 * tell less.
 */
static void look_back(struct sampling *on, struct search_query *query)
{
	int64_t began_us = clock_monotonic_us(), first_us = query->since_us;
	int64_t end_us = on->ask->now_us, span_us = FIRST_SPAN_US, step_us;
	bool is_more;

	do {
		step_us = clock_monotonic_us();
		query->since_us = MAX(first_us, end_us - span_us);
		is_more = look(on, query) && query->since_us > first_us;
		query->until_us = end_us = query->since_us;
		span_us *= 2;
		step_us = clock_monotonic_us() - step_us;
	} while (is_more && clock_monotonic_us() + 2 * step_us <
				    began_us + ENOUGH_US);
}

const char *noticesample_text(const struct notice_ask *ask,
			      const struct case_facts *facts,
			      const struct notice_language *language,
			      struct arena *arena)
{
	g_autoptr(GPtrArray) bad = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) any = g_ptr_array_new_with_free_func(g_free);
	struct sampling on = { ask, facts, language, arena, bad, any, 0 };
	struct search_query query;

	if (!set_query(facts, &query))
		return "";
	look_back(&on, &query);
	return joined(bad->len ? bad : any, arena);
}
