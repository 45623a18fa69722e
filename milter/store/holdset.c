#include <config.h>

#include "store/holdset.h"

#include "store/day.h"
#include "store/querymatch.h"

/* Its texts live as long as the set. */
struct rule {
	int64_t since_day, until_day;
	bool is_of_days, is_any;	/* is_any: its client could not
					 * be read */
	struct search_query query;
	struct querymatch match;
};

struct holdset {
	struct arena arena;
	GPtrArray *rules;
	guint mark;
};

static void free_rule(void *data)
{
	struct rule *rule = data;

	querymatch_release(&rule->match);
	g_free(rule);
}

static const char *keep(struct holdset *set, const char *text)
{
	set->mark = set->mark * 31 + g_str_hash(text);
	return *text ? arena_text(&set->arena, text) : NULL;
}

static void add(const struct hold *hold, void *context)
{
	struct holdset *set = context;
	struct rule *rule = g_new0(struct rule, 1);

	rule->since_day = hold->since_day;
	rule->until_day = hold->until_day;
	rule->is_of_days = holds_is_of_days(hold);
	rule->query.sender = keep(set, hold->sender);
	rule->query.recipient = keep(set, hold->recipient);
	rule->query.account = keep(set, hold->account);
	rule->is_any = *hold->client &&
		       !network_parse(span_text(keep(set, hold->client)),
				      &rule->query.client, NULL);
	keep(set, hold->name);
	set->mark = set->mark * 31 + (guint)hold->since_day * 7 +
		    (guint)hold->until_day;
	querymatch_init(&rule->match, &rule->query);
	g_ptr_array_add(set->rules, rule);
}

struct holdset *holdset_load(struct state *state, GError **error)
{
	struct holdset *set = g_new0(struct holdset, 1);

	arena_init(&set->arena);
	set->rules = g_ptr_array_new_with_free_func(free_rule);
	if (!holds_each(state, add, set, error))
		holdset_free(&set);
	return set;
}

void holdset_free(struct holdset **set)
{
	struct holdset *old = *set;

	*set = NULL;
	if (!old)
		return;
	g_ptr_array_unref(old->rules);
	arena_release(&old->arena);
	g_free(old);
}

static bool is_within(const struct rule *rule, int64_t day)
{
	return day >= rule->since_day && day <= rule->until_day;
}

bool holdset_has_day(const struct holdset *set, int64_t day)
{
	for (guint i = 0; i < set->rules->len; i++) {
		const struct rule *rule = g_ptr_array_index(set->rules, i);

		if (is_within(rule, day) && (rule->is_of_days || rule->is_any))
			return true;
	}
	return false;
}

bool holdset_may_have(const struct holdset *set, int64_t day)
{
	for (guint i = 0; i < set->rules->len; i++)
		if (is_within(g_ptr_array_index(set->rules, i), day))
			return true;
	return false;
}

GArray *holdset_before(const struct holdset *set, int64_t day)
{
	GArray *ranges = g_array_new(FALSE, FALSE, sizeof(struct day_range));

	for (guint i = 0; i < set->rules->len; i++) {
		const struct rule *rule = g_ptr_array_index(set->rules, i);
		const struct day_range range = { rule->since_day,
						 rule->until_day };

		if (range.until < day)
			g_array_append_val(ranges, range);
	}
	return ranges;
}

/* Its file is of that day or a later one. */
bool holdset_may_have_of(const struct holdset *set, int64_t day)
{
	for (guint i = 0; i < set->rules->len; i++) {
		const struct rule *rule = g_ptr_array_index(set->rules, i);

		if (rule->until_day >= day)
			return true;
	}
	return false;
}

bool holdset_has_record(const struct holdset *set, int64_t day,
			const Reeve__Record *record)
{
	int64_t own_day = day_of_us(recordview_ended_us(record));

	for (guint i = 0; i < set->rules->len; i++) {
		const struct rule *rule = g_ptr_array_index(set->rules, i);

		if ((is_within(rule, day) || is_within(rule, own_day)) &&
		    (rule->is_of_days || rule->is_any ||
		     querymatch_is(&rule->match, record)))
			return true;
	}
	return false;
}

guint holdset_mark(const struct holdset *set)
{
	return set->mark;
}
