#include <config.h>

#include "content/metas.h"

#include "content/expressionrange.h"

#include <string.h>

#define RANK_MAX 60000
#define GUARDS_MAX 4u

/* What is needed of a rule to work it out, close together. */
struct meta {
	const struct expression *expression;
	guint index;
	guint guards[GUARDS_MAX];	/* see expressionrange_guards() */
	guint guard_count;
	bool is_sub;
};

/* Of a meta that is worth something while nothing has hit. */
struct rest_value {
	guint index;
	double value;
};

/* Most of what a message needs is as it was at rest, and stays in the nearest
 * cache from one message to the next. */
struct idle {
	GMutex lock;
	GPtrArray *runs;		/* of struct metas_run * */
};

struct metas {
	const struct ruleset *set;
	struct meta *ordered;
	uint8_t *marks_at_rest;		/* by place in ordered */
	GArray *rest_values;		/* of struct rest_value */
	struct idle *idle;
	struct range *at_rest;		/* by a rule's index */
	struct range *if_open;		/* likewise: when it may hit */
	guint *first;			/* by a rule's index, and one more:
					 * where its users begin */
	GArray *users;			/* of guint: places in the set's
					 * ordered */
};

#define MARK_DUE 1		/* something that it needs has changed */
#define MARK_OPEN 2		/* it counts, and is not known at rest */

struct metas_run {
	const struct metas *metas;
	struct range *ranges;		/* by a rule's index */
	guint *changed;			/* rules' indexes: those not at rest */
	guint changed_count;
	bool *is_changed;		/* by a rule's index */
	uint8_t *marks;			/* by place in ordered */
	metas_ask_fn *ask;
	void *mydata;
};

static const struct rule *rule_at(const struct metas *metas, guint index)
{
	return g_ptr_array_index(metas->set->rules, index);
}

static void each_need(struct metas *metas,
		      void (*take)(struct metas *metas, guint place,
				   guint index))
{
	for (guint place = 0; place < metas->set->ordered->len; place++) {
		const struct expression *expression =
			metas->ordered[place].expression;
		const GPtrArray *names = expression_names(expression);

		for (guint i = 0; i < names->len; i++) {
			const GArray *bound = expression_bound(expression, i);

			for (guint k = 0; bound && k < bound->len; k++)
				take(metas, place,
				     g_array_index(bound, guint, k));
		}
	}
}

static void count_user(struct metas *metas, guint place, guint index)
{
	(void)place;
	metas->first[index]++;
}

/* From behind, so that first ends at where they begin. */
static void note(struct metas *metas, guint place, guint index)
{
	g_array_index(metas->users, guint, --metas->first[index]) = place;
}

static void find_users(struct metas *metas)
{
	guint sum = 0;

	each_need(metas, count_user);
	for (guint i = 0; i <= metas->set->rules->len; i++)
		metas->first[i] = sum += metas->first[i];
	g_array_set_size(metas->users, sum);
	each_need(metas, note);
}

/* What looks at one field is known sooner than what its metas
 * are worth without it. */
static bool is_quick(const struct ruleset *set, const struct rule *rule)
{
	const struct header_spec *spec;

	if (rule->call || rule->kind != RULE_HEADER)
		return rule->kind == RULE_MIMEHEADER;
	spec = g_ptr_array_index(set->specs, rule->header);
	return !spec->is_special;
}

/* In a ring of metas it matters in which order they are worked out. */
static bool is_deferred(const struct ruleset *set, const struct rule *rule)
{
	return rule->is_sub && !rule->is_off &&
	       (rule->pattern || rule->call) && !is_quick(set, rule) &&
	       !set->has_rings && (!rule->is_capturing || rule->user);
}

/* How dear it is, about. */
static uint16_t rank_of(const struct rule *rule)
{
	size_t bytes = rule->pattern ? strlen(pattern_text(rule->pattern)) : 0;

	return (uint16_t)MIN(RANK_MAX, bytes);
}

static struct range open_range(const struct rule *rule)
{
	return (struct range){
		0, (double)ruleset_most_hits(rule), rule->index,
		rank_of(rule), false,
	};
}

static void order_metas(struct metas *metas)
{
	metas->ordered = g_new0(struct meta, metas->set->ordered->len);
	for (guint i = 0; i < metas->set->ordered->len; i++) {
		const struct rule *rule = g_ptr_array_index(metas->set->ordered,
							    i);

		struct meta *meta = &metas->ordered[i];

		meta->expression = rule->expression;
		meta->index = rule->index;
		meta->is_sub = rule->is_sub;
		meta->guard_count = expressionrange_guards(
			rule->expression, meta->guards, GUARDS_MAX);
	}
}

static void free_run(gpointer memory)
{
	struct metas_run *run = memory;

	g_free(run->ranges);
	g_free(run->changed);
	g_free(run->is_changed);
	g_free(run->marks);
	g_free(run);
}

struct metas *metas_new(struct ruleset *set)
{
	struct metas *metas = g_new0(struct metas, 1);

	metas->set = set;
	metas->at_rest = g_new0(struct range, set->rules->len + 1);
	metas->if_open = g_new0(struct range, set->rules->len + 1);
	metas->first = g_new0(guint, set->rules->len + 1);
	metas->users = g_array_new(FALSE, FALSE, sizeof(guint));
	metas->marks_at_rest = g_new0(uint8_t, set->ordered->len + 1);
	metas->rest_values = g_array_new(FALSE, FALSE,
					 sizeof(struct rest_value));
	metas->idle = g_new0(struct idle, 1);
	g_mutex_init(&metas->idle->lock);
	metas->idle->runs = g_ptr_array_new_with_free_func(free_run);
	order_metas(metas);
	find_users(metas);
	for (guint i = 0; i < set->rules->len; i++) {
		struct rule *rule = g_ptr_array_index(set->rules, i);

		rule->is_deferred = is_deferred(set, rule);
		metas->if_open[i] = open_range(rule);
	}
	return metas;
}

void metas_free(struct metas *metas)
{
	if (!metas)
		return;
	g_free(metas->ordered);
	g_free(metas->at_rest);
	g_free(metas->if_open);
	g_free(metas->first);
	g_array_unref(metas->users);
	g_free(metas->marks_at_rest);
	g_array_unref(metas->rest_values);
	g_ptr_array_unref(metas->idle->runs);
	g_mutex_clear(&metas->idle->lock);
	g_free(metas->idle);
	g_free(metas);
}

static bool is_ruled_out(const struct meta *meta, const struct range *ranges)
{
	for (guint i = 0; i < meta->guard_count; i++)
		if (!expressionrange_may_be_true(&ranges[meta->guards[i]]))
			return true;
	return false;
}

/* Hangs on itself from now on, in the eyes of those that use it. */
static struct range meta_range(const struct meta *meta,
			       const struct range *ranges)
{
	struct range range = is_ruled_out(meta, ranges) ?
		expressionrange_exactly(0) :
		expressionrange_of(meta->expression, ranges);

	if (!expressionrange_is_exact(&range))
		range.open = meta->index;
	return range;
}

/* Of a meta for itself it matters only whether it hits. */
static bool is_settled(const struct range *range)
{
	return expressionrange_is_exact(range) ||
	       !expressionrange_may_be_false(range);
}

static double value_of(const struct range *range)
{
	return expressionrange_is_exact(range) ? range->low :
	       !expressionrange_may_be_false(range);
}

static void rest(struct metas *metas, guint place)
{
	const struct meta *meta = &metas->ordered[place];
	struct range range = meta_range(meta, metas->at_rest);
	struct rest_value value = { meta->index, value_of(&range) };

	metas->at_rest[meta->index] = range;
	metas->marks_at_rest[place] = !meta->is_sub && !is_settled(&range) ?
				      MARK_OPEN : 0;
	if (value.value < 0 || value.value > 0)
		g_array_append_val(metas->rest_values, value);
}

void metas_begin_anew(struct metas *metas)
{
	g_ptr_array_set_size(metas->idle->runs, 0);
	g_array_set_size(metas->rest_values, 0);
	for (guint i = 0; i < metas->set->rules->len; i++) {
		const struct rule *rule = rule_at(metas, i);

		metas->at_rest[i] = rule->is_deferred && rule->is_always ?
				    metas->if_open[i] :
				    expressionrange_exactly(0);
	}
	for (guint i = 0; i < metas->set->ordered->len; i++)
		rest(metas, i);
}

static struct metas_run *new_run(const struct metas *metas)
{
	struct metas_run *run = g_new0(struct metas_run, 1);

	run->metas = metas;
	run->ranges = g_memdup2(metas->at_rest, (metas->set->rules->len + 1) *
						sizeof(struct range));
	run->changed = g_new(guint, metas->set->rules->len + 1);
	run->is_changed = g_new0(bool, metas->set->rules->len + 1);
	run->marks = g_new0(uint8_t, metas->set->ordered->len + 1);
	return run;
}

struct metas_run *metas_begin(const struct metas *metas)
{
	struct idle *idle = metas->idle;
	struct metas_run *run = NULL;

	g_mutex_lock(&idle->lock);
	if (idle->runs->len)
		run = g_ptr_array_steal_index(idle->runs, idle->runs->len - 1);
	g_mutex_unlock(&idle->lock);
	if (!run)
		run = new_run(metas);
	memcpy(run->marks, metas->marks_at_rest, metas->set->ordered->len);
	return run;
}

void metas_end(struct metas_run *run)
{
	struct idle *idle = run->metas->idle;

	for (guint i = 0; i < run->changed_count; i++) {
		guint index = run->changed[i];

		run->ranges[index] = run->metas->at_rest[index];
		run->is_changed[index] = false;
	}
	run->changed_count = 0;
	g_mutex_lock(&idle->lock);
	g_ptr_array_add(idle->runs, run);
	g_mutex_unlock(&idle->lock);
}

static void change(struct metas_run *run, guint index, struct range range)
{
	run->ranges[index] = range;
	if (run->is_changed[index])
		return;
	run->is_changed[index] = true;
	run->changed[run->changed_count++] = index;
}

static void mark_users(struct metas_run *run, guint index)
{
	const struct metas *metas = run->metas;

	for (guint i = metas->first[index]; i < metas->first[index + 1]; i++)
		run->marks[g_array_index(metas->users, guint, i)] |= MARK_DUE;
}

void metas_tell(struct metas_run *run, guint index, double value)
{
	change(run, index, expressionrange_exactly(value));
	mark_users(run, index);
}

void metas_doubt(struct metas_run *run, guint index)
{
	change(run, index, run->metas->if_open[index]);
	mark_users(run, index);
}

static void ask(struct metas_run *run, guint index)
{
	metas_tell(run, index, run->ask(run->mydata, index));
}

static void ask_all(struct metas_run *run)
{
	for (guint i = 0; i < run->metas->set->rules->len; i++)
		if (!rule_at(run->metas, i)->expression &&
		    !expressionrange_is_exact(&run->ranges[i]))
			ask(run, i);
}

static bool is_same(const struct range *a, const struct range *b)
{
	return !(a->low < b->low || a->low > b->low || a->high < b->high ||
		 a->high > b->high) && a->open == b->open &&
	       a->is_sure == b->is_sure;
}

static void work_out(struct metas_run *run, const struct meta *meta)
{
	struct range range = meta_range(meta, run->ranges);

	if (!is_same(&range, &run->ranges[meta->index]))
		mark_users(run, meta->index);
	change(run, meta->index, range);
}

/* A meta, and down to what it hangs on: one rule more is known,
 * or one of the metas. */
static void settle_step(struct metas_run *run, guint top)
{
	guint at = top;
	const struct rule *rule;

	while ((rule = rule_at(run->metas, at))->expression) {
		struct range range = expressionrange_of(rule->expression,
							run->ranges);
		guint next = range.open;

		if (next != EXPRESSIONRANGE_EXACT)
			range.open = at;
		change(run, at, range);
		if (next == EXPRESSIONRANGE_EXACT ||
		    (at == top && is_settled(&range)))
			return;
		at = next;
	}
	ask(run, at);
}

/* What no message has touched is worth what it is at rest. */
static void settle(struct metas_run *run, guint place, double *values)
{
	const struct meta *meta = &run->metas->ordered[place];
	const struct range *range = &run->ranges[meta->index];

	while (!meta->is_sub && !is_settled(range))
		settle_step(run, meta->index);
	values[meta->index] = value_of(range);
}

void metas_work_out(struct metas_run *run, bool is_all, metas_ask_fn *ask_one,
		    void *mydata, double *values)
{
	const struct metas *metas = run->metas;
	guint count = metas->set->ordered->len;

	run->ask = ask_one;
	run->mydata = mydata;
	if (is_all)
		ask_all(run);
	for (guint i = 0; i < count; i++)
		if (run->marks[i] & MARK_DUE)
			work_out(run, &metas->ordered[i]);
	for (guint i = 0; i < metas->rest_values->len; i++) {
		const struct rest_value *rest = &g_array_index(
			metas->rest_values, struct rest_value, i);

		values[rest->index] = rest->value;
	}
	for (guint i = 0; i < count; i++)
		if (run->marks[i])
			settle(run, i, values);
}
