#include <config.h>

#include "report/casematter.h"

#include "cases/customerbook.h"
#include "store/day.h"
#include "store/search.h"

#include <string.h>

#define MINUTE_US (INT64_C(60) * G_USEC_PER_SEC)
#define BEFORE_US (60 * MINUTE_US)	/* of the case, its mail may
					 * have come */
#define BEHIND_US (10 * MINUTE_US)	/* an incident, its message may end */
#define QUESTIONS_MAX 1000		/* of records that complaints name */

struct loading {
	struct state *state;
	struct casematter *out;
	struct arena *arena;
	GHashTable *seen;		/* of sequences */
	bool is_all;
};

static bool is_word(const char *a, const char *b)
{
	return g_ascii_strcasecmp(a, b) == 0;
}

static bool is_client(const struct case_facts *facts, const char *client)
{
	struct netaddr addr;
	struct network network;

	if (!netaddr_parse(span_text(client), &addr))
		return false;
	return network_parse(span_text(facts->subject), &network, NULL) &&
	       network_has(&network, &addr);
}

static bool is_domain(const char *pattern, const char *sender)
{
	const char *at = strrchr(sender, '@');

	if (!at)
		return false;
	return *pattern == '.' ? g_str_has_suffix(at + 1, pattern) :
				 is_word(at + 1, pattern);
}

/* Whose it is in the book, for a case about a customer. */
static bool is_customers(struct loading *on, enum list_kind kind,
			 const char *value)
{
	const char *at = strrchr(value, '@');
	const char *domain = kind == LIST_DOMAIN ? value :
			     kind == LIST_SENDER && at ? at + 1 : NULL;
	struct netaddr addr = { .family = NETADDR_NONE };
	const char *id = value;

	if (kind == LIST_ADDRESS && !netaddr_parse(span_text(value), &addr))
		return false;
	if (kind != LIST_CUSTOMER)
		id = customerbook_find(on->state, kind == LIST_ACCOUNT ?
				       value : NULL, &addr, domain, on->arena);
	return id && is_word(id, on->out->facts.subject);
}

static bool is_about(struct loading *on, enum list_kind kind,
		     const char *value)
{
	const struct case_facts *facts = &on->out->facts;

	if (!*value)
		return false;
	if (facts->subject_kind == LIST_CUSTOMER)
		return is_customers(on, kind, value);
	if (facts->subject_kind == LIST_NETWORK && kind == LIST_ADDRESS)
		return is_client(facts, value);
	if (facts->subject_kind == LIST_DOMAIN && kind == LIST_SENDER)
		return is_domain(facts->subject, value);
	return kind == facts->subject_kind && is_word(value, facts->subject);
}

/* What happened before the case, or long after it, is another's. */
static bool is_in_its_time(const struct case_facts *facts, int64_t first_us,
			   int64_t last_us)
{
	return last_us >= facts->opened_us - DAY_US &&
	       (casestate_is_live(facts->state) ||
		first_us <= facts->changed_us);
}

static bool take_step(const struct case_step *step, void *context)
{
	struct loading *on = context;
	struct case_step *copy = arena_new(on->arena, struct case_step);

	*copy = *step;
	copy->operator_name = arena_text(on->arena, step->operator_name);
	copy->note = arena_text(on->arena, step->note);
	g_ptr_array_add(on->out->steps, copy);
	return true;
}

static bool take_incident(const struct incident *incident, void *context)
{
	struct loading *on = context;
	struct incident *copy;

	/* The newest come first. */
	if (incident->last_us < on->out->facts.opened_us - DAY_US)
		return false;
	if (!is_in_its_time(&on->out->facts, incident->first_us,
			    incident->last_us) ||
	    !is_about(on, incident->subject.kind, incident->subject.value))
		return true;
	copy = arena_new(on->arena, struct incident);
	*copy = *incident;
	copy->kind = arena_text(on->arena, incident->kind);
	copy->key = arena_text(on->arena, incident->key);
	copy->text = arena_text(on->arena, incident->text);
	copy->subject.value = arena_text(on->arena, incident->subject.value);
	g_ptr_array_add(on->out->incidents, copy);
	return true;
}

static bool is_complaint_about(struct loading *on,
			       const struct complaint_entry *entry)
{
	const struct complaint_match *match = &entry->match;

	return match->record_count && match->is_ours &&
	       is_in_its_time(&on->out->facts, entry->first_us,
			      entry->last_us) &&
	       (is_about(on, LIST_CUSTOMER, match->customer) ||
		is_about(on, LIST_ACCOUNT, match->account) ||
		is_about(on, LIST_ADDRESS, match->client) ||
		is_about(on, LIST_SENDER, entry->complaint.sender));
}

/* Only the numbers: a page of the book is no place to write
 * into an arena from. */
static bool take_complaint(const struct complaint_entry *entry, void *context)
{
	struct loading *on = context;
	struct complaint_entry *copy;

	if (!is_complaint_about(on, entry))
		return true;
	copy = arena_new(on->arena, struct complaint_entry);
	copy->number = entry->number;
	g_ptr_array_add(on->out->complaints, copy);
	return true;
}

static bool read_complaints(struct loading *on, GError **error)
{
	const GPtrArray *all = on->out->complaints;

	for (guint i = 0; i < all->len; i++) {
		struct complaint_entry *entry = g_ptr_array_index(all, i);

		if (!complaintbook_get(on->state, entry->number, on->arena,
				       entry, error))
			return false;
	}
	return true;
}

static bool is_telling(const Reeve__Record *record)
{
	enum action action = recordview_action(record);
	const Reeve__Message *message = record->message;

	if (message->evidence ||
	    (action != ACTION_ACCEPT && action != ACTION_NONE) ||
	    recordview_ending(record) == ENDING_REFUSED)
		return true;
	for (size_t i = 0; i < message->n_findings; i++)
		if (recordview_demand(message->findings[i]) != ACTION_NONE)
			return true;
	return false;
}

static void add_record(struct loading *on, const struct search_hit *hit)
{
	struct casematter_record *copy;
	gint64 *sequence;

	if (g_hash_table_contains(on->seen, &hit->sequence))
		return;
	copy = arena_new(on->arena, struct casematter_record);
	copy->sequence = hit->sequence;
	copy->record = recordview_unpack(hit->bytes, on->arena);
	if (!copy->record)
		return;
	sequence = g_memdup2(&hit->sequence, sizeof *sequence);
	g_hash_table_add(on->seen, sequence);
	g_ptr_array_add(on->out->records, copy);
}

static bool take_named(const struct search_hit *hit, void *context)
{
	if (hit->record->message)
		add_record(context, hit);
	return true;
}

static bool is_stranger(const struct loading *on, const Reeve__Record *record)
{
	enum list_kind kind = on->out->facts.subject_kind;

	return (kind == LIST_SENDER || kind == LIST_DOMAIN) &&
	       recordview_direction(record) == DIRECTION_INBOUND;
}

static bool take_found(const struct search_hit *hit, void *context)
{
	struct loading *on = context;

	if (is_stranger(on, hit->record) ||
	    (!on->is_all && !is_telling(hit->record)))
		return true;
	if (on->out->records->len >= CASEMATTER_RECORDS_MAX) {
		on->out->is_cut = true;
		return false;
	}
	add_record(on, hit);
	return true;
}

static bool ask(struct loading *on, const char *dir,
		const struct search_query *query, search_take_fn *take,
		GError **error)
{
	struct search_result result;
	bool is_done = search_run(dir, query, take, on, &result, error);

	for (guint i = 0; i < result.problems->len; i++)
		g_ptr_array_add(on->out->problems, g_strdup(
			g_ptr_array_index(result.problems, i)));
	search_result_release(&result);
	return is_done;
}

static bool ask_complaints(struct loading *on, const char *dir, GError **error)
{
	unsigned questions = 0;

	for (guint i = 0; i < on->out->complaints->len; i++) {
		const struct complaint_entry *entry = g_ptr_array_index(
			on->out->complaints, i);

		for (size_t k = 0; k < entry->match.record_count; k++) {
			struct search_query query = {
				.id = entry->match.records[k], .limit = 1,
			};

			if (questions++ >= QUESTIONS_MAX) {
				on->out->is_cut = true;
				return true;
			}
			if (!ask(on, dir, &query, take_named, error))
				return false;
		}
	}
	return true;
}

static bool ask_subject(struct loading *on, const char *dir, GError **error)
{
	const struct case_facts *facts = &on->out->facts;
	const char *subject = facts->subject;
	struct search_query query = {
		.since_us = on->out->since_us, .until_us = on->out->until_us,
		.kind = RECORD_MESSAGE,
	};

	if (facts->subject_kind == LIST_CUSTOMER)
		query.customer = subject;
	else if (facts->subject_kind == LIST_ACCOUNT)
		query.account = subject;
	else if (facts->subject_kind == LIST_SENDER)
		query.sender = subject;
	else if (facts->subject_kind == LIST_DOMAIN)
		query.sender = arena_printf(on->arena, "@%s", *subject == '.' ?
					    subject + 1 : subject);
	else if (!network_parse(span_text(subject), &query.client, error))
		return false;
	return ask(on, dir, &query, take_found, error);
}

static void set_times(struct casematter *out,
		      const struct casematter_wish *wish)
{
	int64_t first_us = out->facts.opened_us;
	int64_t last_us = MAX(first_us, out->facts.incident_us);

	for (guint i = 0; i < out->incidents->len; i++) {
		const struct incident *one = g_ptr_array_index(out->incidents,
							       i);

		first_us = MIN(first_us, one->first_us);
		last_us = MAX(last_us, one->last_us);
	}
	out->since_us = wish->since_us ? wish->since_us : first_us - BEFORE_US;
	out->until_us = wish->until_us ? wish->until_us : last_us + BEHIND_US;
}

/* By whom the case is about, or else by the first message that
 * has a customer. */
static void find_customer(struct loading *on)
{
	struct casematter *out = on->out;
	const char *value = out->facts.subject, *at = strrchr(value, '@');
	enum list_kind kind = out->facts.subject_kind;
	struct netaddr addr = { .family = NETADDR_NONE };
	struct network network;
	const char *id = kind == LIST_CUSTOMER ? value : NULL;

	if ((kind == LIST_ADDRESS || kind == LIST_NETWORK) &&
	    network_parse(span_text(value), &network, NULL))
		addr = network.base;
	if (!id)
		id = customerbook_find(on->state, kind == LIST_ACCOUNT ?
			value : NULL, &addr, kind == LIST_DOMAIN ? value :
			kind == LIST_SENDER && at ? at + 1 : NULL, on->arena);
	for (guint i = 0; !id && i < out->records->len; i++) {
		const struct casematter_record *one = g_ptr_array_index(
			out->records, i);

		id = one->record->message->customer;
	}
	if (!id || !customerbook_get(on->state, id, on->arena, &out->customer))
		customerentry_init(&out->customer);
}

static int by_sequence(const void *left, const void *right)
{
	const struct casematter_record *a =
		*(const struct casematter_record *const *)left;
	const struct casematter_record *b =
		*(const struct casematter_record *const *)right;

	return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

static void init(struct casematter *out)
{
	*out = (struct casematter){
		.steps = g_ptr_array_new(), .incidents = g_ptr_array_new(),
		.complaints = g_ptr_array_new(), .records = g_ptr_array_new(),
		.problems = g_ptr_array_new_with_free_func(g_free),
	};
	customerentry_init(&out->customer);
	arena_init(&out->arena);
}

static bool load_desk(struct loading *on, struct case_id id, GError **error)
{
	return casebook_get(on->state, id, &on->out->facts, on->arena,
			    error) &&
	       casebook_each_step(on->state, id, take_step, on, error) &&
	       incidents_each(on->state, take_incident, on, error) &&
	       complaintbook_each(on->state, false, take_complaint, on,
				  error) &&
	       read_complaints(on, error);
}

bool casematter_load(struct state *state, const char *records_dir,
		     const struct casematter_wish *wish,
		     struct casematter *out, GError **error)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(
		g_int64_hash, g_int64_equal, g_free, NULL);
	struct loading on = { state, out, &out->arena, seen, wish->is_all };

	init(out);
	if (!load_desk(&on, wish->id, error))
		return false;
	set_times(out, wish);
	if (!ask_complaints(&on, records_dir, error) ||
	    !ask_subject(&on, records_dir, error))
		return false;
	g_ptr_array_sort(out->records, by_sequence);
	find_customer(&on);
	return true;
}

void casematter_release(struct casematter *matter)
{
	g_ptr_array_unref(matter->steps);
	g_ptr_array_unref(matter->incidents);
	g_ptr_array_unref(matter->complaints);
	g_ptr_array_unref(matter->records);
	g_ptr_array_unref(matter->problems);
	arena_release(&matter->arena);
}
