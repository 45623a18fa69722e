#include <config.h>

#include "content/metas.h"

#include "content/ruleset.h"

struct metas {
	const GPtrArray *ordered;
	double *at_rest;		/* by a rule's index */
	guint *first;			/* by a rule's index, and one more: where its
					 * users begin */
	GArray *users;			/* of guint: places in ordered */
};

static void each_need(struct metas *metas,
		      void (*take)(struct metas *metas, guint place,
				   guint index))
{
	for (guint place = 0; place < metas->ordered->len; place++) {
		const struct rule *rule = g_ptr_array_index(metas->ordered,
							    place);
		const GPtrArray *names = expression_names(rule->expression);

		for (guint i = 0; i < names->len; i++) {
			const GArray *bound = expression_bound(rule->expression,
							       i);

			for (guint k = 0; bound && k < bound->len; k++)
				take(metas, place,
				     g_array_index(bound, guint, k));
		}
	}
}

static void count(struct metas *metas, guint place, guint index)
{
	(void)place;
	metas->first[index]++;
}

/* From behind, so that first ends at where they begin. */
static void note(struct metas *metas, guint place, guint index)
{
	g_array_index(metas->users, guint, --metas->first[index]) = place;
}

static void find_users(struct metas *metas, guint rule_count)
{
	guint sum = 0;

	each_need(metas, count);
	for (guint i = 0; i <= rule_count; i++)
		metas->first[i] = sum += metas->first[i];
	g_array_set_size(metas->users, sum);
	each_need(metas, note);
}

struct metas *metas_new(const GPtrArray *ordered, guint rule_count)
{
	struct metas *metas = g_new0(struct metas, 1);

	metas->ordered = ordered;
	metas->at_rest = g_new0(double, rule_count + 1);	/* never NULL */
	metas->first = g_new0(guint, rule_count + 1);
	metas->users = g_array_new(FALSE, FALSE, sizeof(guint));
	find_users(metas, rule_count);
	for (guint i = 0; i < ordered->len; i++) {
		const struct rule *rule = g_ptr_array_index(ordered, i);

		metas->at_rest[rule->index] = expression_evaluate(
			rule->expression, metas->at_rest);
	}
	return metas;
}

void metas_free(struct metas *metas)
{
	if (!metas)
		return;
	g_free(metas->at_rest);
	g_free(metas->first);
	g_array_unref(metas->users);
	g_free(metas);
}

const double *metas_at_rest(const struct metas *metas)
{
	return metas->at_rest;
}

static void mark_users(const struct metas *metas, guint index, bool *is_due)
{
	for (guint i = metas->first[index]; i < metas->first[index + 1]; i++)
		is_due[g_array_index(metas->users, guint, i)] = true;
}

void metas_work_out(const struct metas *metas, const GArray *hits,
		    double *values, struct arena *arena)
{
	bool *is_due = arena_new_n(arena, bool, metas->ordered->len);

	for (guint i = 0; i < hits->len; i++)
		mark_users(metas, g_array_index(hits, guint, i), is_due);
	for (guint i = 0; i < metas->ordered->len; i++) {
		const struct rule *rule;
		double value;

		if (!is_due[i])
			continue;
		rule = g_ptr_array_index(metas->ordered, i);
		value = expression_evaluate(rule->expression, values);
		if (value < values[rule->index] || value > values[rule->index])
			mark_users(metas, rule->index, is_due);
		values[rule->index] = value;
	}
}
