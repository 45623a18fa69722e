#include <config.h>

#include "content/expressionrange.h"

#include "content/expressionsteps.h"

#include <float.h>
#include <math.h>

/* What stands at the left of && and || stays until the right side is known. */
struct left {
	struct range range;
	enum op op;
	guint behind;			/* the step at which it is */
};

struct work {
	size_t top, left_count;
	struct range stack[EXPRESSIONSTEPS_STACK + 1];	/* the first is none */
	struct left lefts[EXPRESSIONSTEPS_DEPTH * 3];
};

struct range expressionrange_exactly(double value)
{
	return (struct range){ value, value, EXPRESSIONRANGE_EXACT, 0, false };
}

bool expressionrange_is_exact(const struct range *range)
{
	return range->open == EXPRESSIONRANGE_EXACT;
}

bool expressionrange_may_be_false(const struct range *range)
{
	return !range->is_sure && range->low <= 0 && range->high >= 0;
}

bool expressionrange_may_be_true(const struct range *range)
{
	return range->low < 0 || range->high > 0;
}

static bool is_true(double value)
{
	return value < 0 || value > 0;
}

static double work_out(enum op op, double a, double b)
{
	switch (op) {
	case OP_MULTIPLY:
		return a * b;
	case OP_DIVIDE:
		return is_true(b) ? a / b : 0;
	case OP_REMAINDER:
		return fabs(b) >= 1 ? fmod(trunc(a), trunc(b)) : 0;
	case OP_ADD:
		return a + b;
	case OP_SUBTRACT:
		return a - b;
	case OP_LESS:
		return a < b;
	case OP_LESS_EQUAL:
		return a <= b;
	case OP_GREATER:
		return a > b;
	case OP_GREATER_EQUAL:
		return a >= b;
	case OP_EQUAL:
		return !is_true(a - b);
	case OP_UNEQUAL:
		return is_true(a - b);
	default:
		BUG_IF(true);
	}
}

/* On what both together hang; one of them is open. */
static struct range hanging(const struct range *a, const struct range *b)
{
	bool is_a = !expressionrange_is_exact(a) &&
		    (expressionrange_is_exact(b) || a->rank <= b->rank);

	return (struct range){ .open = is_a ? a->open : b->open,
			       .rank = is_a ? a->rank : b->rank };
}

/* Never infinite, so that what is worked out with it is a number. */
static struct range within(struct range range, double low, double high)
{
	range.low = MAX(low, -DBL_MAX);
	range.high = MIN(high, DBL_MAX);
	return range.low < range.high ? range :
	       expressionrange_exactly(range.low);
}

static struct range product(struct range out, const struct range *a,
			    const struct range *b)
{
	double w = a->low * b->low, x = a->low * b->high;
	double y = a->high * b->low, z = a->high * b->high;

	return within(out, MIN(MIN(w, x), MIN(y, z)),
		      MAX(MAX(w, x), MAX(y, z)));
}

/* 1, 0, or nobody knows. */
static struct range answer(struct range out, bool is_yes, bool is_no)
{
	return within(out, is_yes, !is_no);
}

static bool is_apart(const struct range *a, const struct range *b)
{
	return a->high < b->low || b->high < a->low;
}

static struct range combine(enum op op, const struct range *a,
			    const struct range *b)
{
	struct range out;

	if (expressionrange_is_exact(a) && expressionrange_is_exact(b))
		return expressionrange_exactly(work_out(op, a->low, b->low));
	out = hanging(a, b);
	switch (op) {
	case OP_MULTIPLY:
		return product(out, a, b);
	case OP_ADD:
		return within(out, a->low + b->low, a->high + b->high);
	case OP_SUBTRACT:
		return within(out, a->low - b->high, a->high - b->low);
	case OP_LESS:
		return answer(out, a->high < b->low, a->low >= b->high);
	case OP_LESS_EQUAL:
		return answer(out, a->high <= b->low, a->low > b->high);
	case OP_GREATER:
		return answer(out, a->low > b->high, a->high <= b->low);
	case OP_GREATER_EQUAL:
		return answer(out, a->low >= b->high, a->high < b->low);
	case OP_EQUAL:
		return answer(out, false, is_apart(a, b));
	case OP_UNEQUAL:
		return answer(out, is_apart(a, b), false);
	default:
		return within(out, -DBL_MAX, DBL_MAX);
	}
}

static struct range negation(const struct range *a)
{
	struct range out = *a;

	if (expressionrange_is_exact(a))
		return expressionrange_exactly(!is_true(a->low));
	out.is_sure = false;
	return answer(out, !expressionrange_may_be_true(a),
		      !expressionrange_may_be_false(a));
}

static struct range turned(const struct range *a)
{
	struct range out = *a;

	out.low = -a->high;
	out.high = -a->low;
	return out;
}

/* One of both, as that says of which it hangs. */
static struct range either(struct range out, const struct range *a,
			   const struct range *b)
{
	return within(out, MIN(a->low, b->low), MAX(a->high, b->high));
}

static struct range choice(const struct range *question,
			   const struct range *yes, const struct range *no)
{
	if (!expressionrange_may_be_false(question))
		return *yes;
	if (!expressionrange_may_be_true(question))
		return *no;
	return either(*question, yes, no);
}

/* Of a left side that may be both. */
static struct range joined(const struct left *left, const struct range *right)
{
	const struct range none = expressionrange_exactly(0);
	struct range out = hanging(&left->range, right);

	if (left->op == OP_AND)
		return either(out, &none, right);
	out = either(out, &left->range, right);
	out.is_sure = !expressionrange_may_be_false(right);
	return out;
}

static struct range sum_of(const GArray *indexes, const struct range *ranges)
{
	struct range sum = expressionrange_exactly(0);

	for (guint i = 0; indexes && i < indexes->len; i++)
		sum = combine(OP_ADD, &sum,
			      &ranges[g_array_index(indexes, guint, i)]);
	return sum;
}

/* && or ||, of which only the left side is known; the next step. */
static guint go_on(struct work *on, const struct step *step, guint at)
{
	const struct range *left = &on->stack[on->top - 1];
	bool may_be_left = step->op == OP_OR ?
			   expressionrange_may_be_true(left) :
			   expressionrange_may_be_false(left);
	bool may_be_right = step->op == OP_OR ?
			    expressionrange_may_be_false(left) :
			    expressionrange_may_be_true(left);

	if (!may_be_right)
		return step->behind;
	if (may_be_left) {
		BUG_IF(on->left_count == COUNT_OF(on->lefts));
		on->lefts[on->left_count++] = (struct left){
			*left, step->op, step->behind,
		};
	}
	on->top--;
	return at + 1;
}

static void join_lefts(struct work *on, guint at)
{
	while (on->left_count && on->lefts[on->left_count - 1].behind == at) {
		struct range *right = &on->stack[on->top - 1];

		*right = joined(&on->lefts[--on->left_count], right);
	}
}

/* Whether a rule alone, at this step, changes nothing: as the left side of &&
 * or || it leaves all to the right side ("A || B", while A has not hit), or as
 * one more of what is added up it is nothing; then it needs not be put down. */
static bool is_passed_over(const struct work *on, const struct step *steps,
			   guint at, guint count, const struct range *range)
{
	bool is_hit = expressionrange_may_be_true(range);

	if (at + 1 == count || is_hit == expressionrange_may_be_false(range) ||
	    (on->left_count &&
	     on->lefts[on->left_count - 1].behind == at + 1))
		return false;
	return is_hit ? steps[at + 1].op == OP_AND :
			steps[at + 1].op == OP_OR || steps[at + 1].op == OP_ADD;
}

static void do_step(struct work *on, const struct expression *expression,
		    const struct step *step, const struct range *ranges)
{
	struct range *last = &on->stack[on->top - 1];

	switch (step->op) {
	case OP_NUMBER:
		on->stack[on->top++] = expressionrange_exactly(step->number);
		break;
	case OP_NAME:
		on->stack[on->top++] = sum_of(expression_bound(
			expression, step->name), ranges);
		break;
	case OP_NOT:
		*last = negation(last);
		break;
	case OP_NEGATE:
		*last = turned(last);
		break;
	case OP_CHOOSE:
		on->top -= 2;
		last[-2] = choice(&last[-2], &last[-1], last);
		break;
	default:
		on->top--;
		last[-1] = combine(step->op, &last[-1], last);
	}
}

struct range expressionrange_of(const struct expression *expression,
				const struct range *ranges)
{
	struct work on;
	const struct step *steps = expression->steps;
	guint count = expression->count;

	on.top = 1;
	on.left_count = 0;
	for (guint i = 0; i < count;) {
		const struct step *step = &steps[i];

		if (step->op == OP_AND || step->op == OP_OR)
			i = go_on(&on, step, i);
		else if (step->op == OP_NAME &&
			 step->rule != EXPRESSIONSTEPS_NONE) {
			const struct range *range = &ranges[step->rule];

			if (is_passed_over(&on, steps, i, count, range))
				i += 2;
			else
				on.stack[on.top++] = *range, i++;
		} else {
			do_step(&on, expression, step, ranges), i++;
		}
		if (on.left_count)
			join_lefts(&on, i);
	}
	return on.stack[1];
}

/* The outermost && or || of the steps before end; end: another thing is. */
static guint outermost(const struct step *steps, guint end)
{
	guint at = 0;

	while (at < end && ((steps[at].op != OP_AND && steps[at].op != OP_OR) ||
			    steps[at].behind != end))
		at++;
	return at;
}

guint expressionrange_guards(const struct expression *expression,
			     guint *guards_out, guint most)
{
	const struct step *steps = expression->steps;
	guint end = expression->count, count = 0;

	/* From the last && to the first. */
	while (end && count < most) {
		guint at = outermost(steps, end);
		guint first = at < end ? at + 1 : 0;

		if (at < end && steps[at].op == OP_OR)
			break;
		if (end - first == 1 && steps[first].op == OP_NAME &&
		    steps[first].rule != EXPRESSIONSTEPS_NONE)
			guards_out[count++] = steps[first].rule;
		end = at < end ? at : 0;
	}
	return count;
}
