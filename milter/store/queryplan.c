#include <config.h>

#include "store/queryplan.h"

#include "store/day.h"

#include <string.h>

/*
 * What it costs, roughly: to read a record takes as long as READ_COST sequences
 * of the index, and the first of a day far longer. So keys are asked until not
 * even one is likely to have all of them by chance; where one has only FEW, no
 * range is. A range, whose sequences have to be fetched and sorted before the
 * first is known, must not have more than what reading the candidates would
 * cost, RANGE_MOST or one record in eight; a key that half of the day's records
 * have tells nothing.
 */
#define READ_COST 16
#define LIKELY_ENOUGH 0.05
#define FEW 16
#define FETCHED_FIRST 3		/* keys that are asked in most cases */
#define RANGE_MOST 100000
#define RANGE_SHARE 8
#define KEY_SHARE 2

/* A condition: one or two keys, or all from the first to the second. */
struct condition {
	struct record_key first, second;
	bool has_second, is_range;
	uint64_t count;		/* of records that have it, roughly */
	uint64_t seen;		/* the same, in another day */
	guint at;		/* among those as they were asked for */
};

struct planning {
	const struct querymatch *match;
	struct dayreader *reader;
	const struct segment_facts *facts;
	GArray *conditions;	/* of struct condition */
	struct queryplan_seen *seen;
};

static bool is_same(const struct record_key *a, const struct record_key *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static uint64_t seen_of(const struct queryplan_seen *seen,
			const struct condition *condition)
{
	for (size_t i = 0; i < seen->count; i++)
		if (is_same(&seen->of[i].key, &condition->first))
			return seen->of[i].count;
	return UINT64_MAX;
}

static void add(struct planning *plan, const struct condition *condition)
{
	enum record_key_kind kind = condition->first.bytes[0];
	struct condition one = *condition;

	one.count = UINT64_MAX;
	one.seen = seen_of(plan->seen, condition);
	one.at = plan->conditions->len;
	if (record_key_is_of(kind, plan->facts->keys))
		g_array_append_val(plan->conditions, one);
}

static void add_key(struct planning *plan, struct record_key key)
{
	add(plan, &(struct condition){ .first = key });
}

static void add_text(struct planning *plan, enum record_key_kind kind,
		     const char *text)
{
	if (text)
		add_key(plan, record_key_text(kind, span_text(text)));
}

static void add_number(struct planning *plan, enum record_key_kind kind,
		       uint64_t number)
{
	if (number)
		add_key(plan, record_key_number(kind, number));
}

static void add_address(struct planning *plan,
			const struct address_wanted *wanted,
			enum record_key_kind address)
{
	if (wanted->whole.len)
		add_key(plan, record_key_text(address, wanted->whole));
}

static void add_address_parts(struct planning *plan,
			      const struct address_wanted *wanted,
			      enum record_key_kind domain,
			      enum record_key_kind local)
{
	struct condition begin = {
		.first = record_key_local(local, wanted->local, 0),
		.second = record_key_local(local, wanted->local, 0xFF),
		.is_range = true,
	};

	if (wanted->domain.len && !wanted->whole.len)
		add_key(plan, record_key_text(domain, wanted->domain));
	if (wanted->local.len)
		add(plan, &begin);
}

static void add_client(struct planning *plan, const struct network *net)
{
	struct netaddr last = net->base;
	struct condition condition = {
		.first = record_key_client(&net->base),
		.has_second = false, .is_range = net->bits < 128,
	};

	if (net->base.family == NETADDR_NONE)
		return;
	for (unsigned i = net->bits; i < 128; i++)
		last.bytes[i / 8] |= (uint8_t)(0x80u >> i % 8);
	condition.second = record_key_client(&last);
	add(plan, &condition);
}

/* A domain is the sender's or a recipient's. */
static void add_domain(struct planning *plan, const char *domain)
{
	struct span text = span_text(domain);
	struct condition condition = {
		.first = record_key_text(RECORD_KEY_SENDER_DOMAIN, text),
		.second = record_key_text(RECORD_KEY_RECIPIENT_DOMAIN, text),
		.has_second = true,
	};

	if (domain)
		add(plan, &condition);
}

/* Time goes by the end of a record, the order by when it was written: near to
 * each other, but for those that took long. So where since or until lie within
 * the day, the records of its minutes tell between which sequences all of them
 * are. */
static struct dayreader_bounds bounds_of(const struct planning *plan,
					 const struct queryplan_part *part)
{
	const struct search_query *query = plan->match->query;
	struct dayreader_bounds bounds = part->within, minutes;
	int64_t begin_us = day_begin_us(part->day);
	const struct record_key from = record_key_number(RECORD_KEY_MINUTE,
		(uint64_t)query->since_us / RECORD_MINUTE_US);
	const struct record_key to = record_key_number(RECORD_KEY_MINUTE,
		query->until_us ? (uint64_t)query->until_us / RECORD_MINUTE_US :
				  UINT64_MAX);

	if (query->before)
		bounds.last = MIN(bounds.last, query->before - 1);
	if (query->since_us <= begin_us &&
	    (!query->until_us || query->until_us >= begin_us + DAY_US))
		return bounds;
	minutes = dayreader_bounds(plan->reader, &from, &to);
	bounds.first = MAX(bounds.first, minutes.first);
	bounds.last = MIN(bounds.last, minutes.last);
	return bounds;
}

/* Those that tell most come first. */
static void add_all(struct planning *plan)
{
	const struct querymatch *match = plan->match;
	const struct search_query *query = match->query;

	add_number(plan, RECORD_KEY_ID, query->id);
	if (query->message_id)
		add_key(plan, record_key_text(RECORD_KEY_MESSAGE_ID,
					      match->message_id));
	add_text(plan, RECORD_KEY_QUEUE_ID, query->queue_id);
	add_number(plan, RECORD_KEY_SESSION, query->session);
	add_address(plan, &match->recipient, RECORD_KEY_RECIPIENT);
	add_address(plan, &match->sender, RECORD_KEY_SENDER);
	add_text(plan, RECORD_KEY_ACCOUNT, query->account);
	add_text(plan, RECORD_KEY_CUSTOMER, query->customer);
	for (guint i = 0; match->subject_words &&
			  i < match->subject_words->len; i++)
		add_key(plan, record_key_number(RECORD_KEY_SUBJECT_WORD,
			g_array_index(match->subject_words, uint64_t, i)));
	add_domain(plan, query->domain);
	if (query->has_evidence)
		add_key(plan, record_key_number(RECORD_KEY_EVIDENCE, 0));
	add_text(plan, RECORD_KEY_SYMBOL, query->symbol);
	if (query->has_action)
		add_key(plan, record_key_number(RECORD_KEY_ACTION,
						query->action));
	add_client(plan, &query->client);
	add_address_parts(plan, &match->sender, RECORD_KEY_SENDER_DOMAIN,
			  RECORD_KEY_SENDER_LOCAL);
	add_address_parts(plan, &match->recipient, RECORD_KEY_RECIPIENT_DOMAIN,
			  RECORD_KEY_RECIPIENT_LOCAL);
}

static struct condition *condition_at(const struct planning *plan, guint i)
{
	return &g_array_index(plan->conditions, struct condition, i);
}

static uint64_t count_key(const struct planning *plan,
			  const struct record_key *key)
{
	return dayreader_count(plan->reader, key, key, UINT64_MAX);
}

/* Of those by key, as many as are needed; returns that of the rarest,
 * UINT64_MAX when there are none. The others keep UINT64_MAX. */
static uint64_t count_keys(const struct planning *plan)
{
	double likely = (double)plan->facts->count;
	uint64_t least = UINT64_MAX;

	for (guint i = 0; i < plan->conditions->len && likely > LIKELY_ENOUGH;
	     i++) {
		struct condition *one = condition_at(plan, i);

		if (one->is_range)
			continue;
		one->count = count_key(plan, &one->first);
		if (one->has_second)
			one->count += count_key(plan, &one->second);
		least = MIN(least, one->count);
		likely *= (double)one->count /
			  (double)MAX(plan->facts->count, 1);
	}
	return least;
}

/* For the days to come, when this is the first. */
static void keep_counts(const struct planning *plan)
{
	struct queryplan_seen *seen = plan->seen;
	bool is_first = !seen->count;

	for (guint i = 0; is_first && i < plan->conditions->len &&
			  seen->count < QUERYPLAN_SEEN_MAX; i++) {
		const struct condition *one = condition_at(plan, i);

		if (one->is_range || one->count == UINT64_MAX)
			continue;
		seen->of[seen->count].key = one->first;
		seen->of[seen->count++].count = one->count;
	}
}

static gint by_seen(gconstpointer a, gconstpointer b)
{
	const struct condition *x = a, *y = b;

	if (x->seen != y->seen)
		return x->seen < y->seen ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* A day's pages may have to come from disk: those of several keys at once. */
static void prefetch_keys(const struct planning *plan)
{
	for (guint i = 0; i < MIN(plan->conditions->len, FETCHED_FIRST); i++) {
		const struct condition *one = condition_at(plan, i);

		dayreader_prefetch_key(plan->reader, &one->first);
		if (one->has_second)
			dayreader_prefetch_key(plan->reader, &one->second);
	}
}

static void count_ranges(const struct planning *plan, uint64_t *least)
{
	for (guint i = 0; i < plan->conditions->len; i++) {
		struct condition *one = condition_at(plan, i);
		uint64_t enough = MIN(RANGE_MOST, plan->facts->count /
						  RANGE_SHARE + FEW);
		uint64_t count;

		if (!one->is_range || *least <= FEW)
			continue;
		if (*least < RANGE_MOST)
			enough = MIN(enough, *least * READ_COST);
		count = dayreader_count(plan->reader, &one->first,
					&one->second, enough);
		if (count < enough)
			one->count = count;
		*least = MIN(*least, one->count);
	}
}

static gint by_count(gconstpointer a, gconstpointer b)
{
	const struct condition *x = a, *y = b;

	return x->count < y->count ? -1 : x->count > y->count;
}

static bool is_worth_it(const struct planning *plan,
			const struct condition *one)
{
	return one->count != UINT64_MAX &&
	       (one->is_range || one->count < plan->facts->count / KEY_SHARE +
					      FEW);
}

static struct postings *make_postings(const struct planning *plan,
				      const struct dayreader_bounds *bounds)
{
	struct postings *postings = NULL;

	g_array_sort(plan->conditions, by_count);
	for (guint i = 0; i < plan->conditions->len; i++) {
		const struct condition *one = condition_at(plan, i);

		if (!is_worth_it(plan, one))
			continue;
		if (!postings)
			postings = postings_new(plan->reader, bounds);
		if (one->is_range)
			postings_add_range(postings, &one->first,
					   &one->second);
		else
			postings_add_keys(postings, &one->first,
				one->has_second ? &one->second : NULL);
	}
	return postings;
}

static struct planning begin(const struct querymatch *match,
			     const struct segment_facts *facts,
			     struct queryplan_seen *seen)
{
	struct planning plan = {
		.match = match, .facts = facts, .seen = seen,
		.conditions = g_array_new(FALSE, FALSE,
					  sizeof(struct condition)),
	};

	add_all(&plan);
	return plan;
}

bool queryplan_is_divisible(const struct querymatch *match)
{
	const struct segment_facts facts = { .keys = RECORD_KEYS_VERSION };
	struct queryplan_seen nothing = { .count = 0 };
	struct planning plan = begin(match, &facts, &nothing);
	guint ranges = 0, all = plan.conditions->len;

	for (guint i = 0; i < all; i++)
		ranges += condition_at(&plan, i)->is_range;
	g_array_unref(plan.conditions);
	return all > 1 && !ranges;
}

struct queryplan queryplan_make(const struct querymatch *match,
				struct dayreader *reader,
				const struct segment_facts *facts,
				const struct queryplan_part *part,
				struct queryplan_seen *seen)
{
	struct planning plan = begin(match, facts, seen);
	struct queryplan made = { .way = QUERYPLAN_NOTHING };
	uint64_t least;

	plan.reader = reader;
	g_array_sort(plan.conditions, by_seen);
	prefetch_keys(&plan);
	least = count_keys(&plan);
	keep_counts(&plan);
	count_ranges(&plan, &least);
	if (least) {
		made.bounds = bounds_of(&plan, part);
		if (made.bounds.first <= made.bounds.last)
			made.way = QUERYPLAN_ALL;
	}
	if (made.way == QUERYPLAN_ALL) {
		made.postings = make_postings(&plan, &made.bounds);
		if (made.postings)
			made.way = QUERYPLAN_POSTINGS;
	}
	g_array_unref(plan.conditions);
	return made;
}

void queryplan_release(struct queryplan *plan)
{
	postings_free(plan->postings);
	plan->postings = NULL;
}
