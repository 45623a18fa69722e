#include <config.h>

#include "content/expressionrange.h"
#include "content/metas.h"

#include "unit/tap.h"

#include <math.h>
#include <string.h>

#define LEAVES 8		/* __0 and so on, of which the last two hit at
				 * most three times */
#define METAS 30

/* N: a name. */
static const char *const shapes[] = {
	"N && N", "N || N", "N && !N && N", "(N || N) && N", "N + N + N > 1",
	"!N", "N && (N || !N)", "(N + N) * N >= 2", "N - N", "N == N",
	"N != N && N", "N ? N : N", "-N + N < 0", "N / N > 1 || N",
	"(N && N) + (N || N) > N", "N % 2", "N <= N && N", "N * 3 - N",
	"!(N && N) || N", "(N > 1) + N", "N + (N && N) + N > 1",
	"N && N + N > 1", "(N || N + N) + N", "!(N + N + N)", "-N + N + N",
};

/* Of one field, and of all. */
static struct header_spec specs[] = {
	{ .name = NULL }, { .is_special = true },
};

struct world {
	struct ruleset set;
	GRand *random;
	double truth[LEAVES];
	bool is_asked[LEAVES];
	guint asked;
};

static guint below(struct world *on, guint count)
{
	return (guint)g_rand_int_range(on->random, 0, (gint32)count);
}

static struct rule *add_rule(struct world *on, enum rule_kind kind)
{
	struct rule *rule = g_new0(struct rule, 1);

	rule->index = on->set.rules->len;
	rule->kind = kind;
	g_ptr_array_add(on->set.rules, rule);
	return rule;
}

static void add_leaf(struct world *on, guint i)
{
	struct rule *rule = add_rule(on, i % 4 ? RULE_BODY : RULE_HEADER);

	rule->header = i % 8 ? 1 : 0;
	rule->is_sub = i != 1;
	rule->is_always = i % 2;
	rule->is_multiple = i >= LEAVES - 2;
	rule->max_hits = 3;
	rule->pattern = pattern_compile("x", "", NULL);
}

/* Names are the rules that come before. */
static void add_meta(struct world *on)
{
	struct rule *rule = add_rule(on, RULE_META);

	rule->is_sub = below(on, 3);
	rule->expression = expression_parse(
		shapes[below(on, COUNT_OF(shapes))], NULL);
	assert_non_null(rule->expression);
	for (guint i = 0; i < expression_names(rule->expression)->len; i++) {
		GArray *one = g_array_new(FALSE, FALSE, sizeof(guint));
		guint other = below(on, rule->index);

		g_array_append_val(one, other);
		expression_bind(rule->expression, i, one);
	}
	g_ptr_array_add(on->set.ordered, rule);
}

static void free_rule(gpointer memory)
{
	struct rule *rule = memory;

	pattern_free(rule->pattern);
	expression_free(rule->expression);
	g_free(rule);
}

static void make_world(struct world *on, guint32 seed)
{
	memset(on, 0, sizeof *on);
	on->random = g_rand_new_with_seed(seed);
	on->set.rules = g_ptr_array_new_with_free_func(free_rule);
	on->set.ordered = g_ptr_array_new();
	on->set.specs = g_ptr_array_new();
	for (size_t i = 0; i < COUNT_OF(specs); i++)
		g_ptr_array_add(on->set.specs, &specs[i]);
	for (guint i = 0; i < LEAVES; i++)
		add_leaf(on, i);
	for (guint i = 0; i < METAS; i++)
		add_meta(on);
	on->set.metas = metas_new(&on->set);
	metas_begin_anew(on->set.metas);
}

static void drop_world(struct world *on)
{
	metas_free(on->set.metas);
	g_ptr_array_unref(on->set.ordered);
	g_ptr_array_unref(on->set.specs);
	g_ptr_array_unref(on->set.rules);
	g_rand_free(on->random);
}

static const struct rule *rule_at(const struct world *on, guint index)
{
	return g_ptr_array_index(on->set.rules, index);
}

static double ask(void *mydata, guint index)
{
	struct world *on = mydata;

	assert_true(index < LEAVES && rule_at(on, index)->is_deferred);
	assert_false(on->is_asked[index]);
	on->is_asked[index] = true;
	on->asked++;
	return on->truth[index];
}

static void roll(struct world *on)
{
	for (guint i = 0; i < LEAVES; i++)
		on->truth[i] = below(on, rule_at(on, i)->is_multiple ? 4 : 2);
}

/* How often it asked. */
static guint work_out(struct world *on, bool is_all, double *values)
{
	struct metas_run *run = metas_begin(on->set.metas);

	on->asked = 0;
	memset(on->is_asked, 0, sizeof on->is_asked);
	for (guint i = 0; i < LEAVES; i++) {
		if (!rule_at(on, i)->is_deferred && on->truth[i] > 0)
			metas_tell(run, i, on->truth[i]);
		/* A filter knows more or less. */
		if (rule_at(on, i)->is_deferred && !rule_at(on, i)->is_always &&
		    (on->truth[i] > 0 || below(on, 2)))
			metas_doubt(run, i);
	}
	memset(values, 0, (LEAVES + METAS) * sizeof *values);
	memcpy(values, on->truth, sizeof on->truth);
	metas_work_out(run, is_all, ask, on, values);
	metas_end(run);
	return on->asked;
}

/* By values alone, in order. */
static void work_out_plainly(const struct world *on, double *values)
{
	struct range ranges[LEAVES + METAS];

	for (guint i = 0; i < LEAVES + METAS; i++) {
		ranges[i] = i < LEAVES ?
			expressionrange_exactly(on->truth[i]) :
			expressionrange_of(rule_at(on, i)->expression, ranges);
		assert_true(expressionrange_is_exact(&ranges[i]));
		values[i] = ranges[i].low;
	}
}

static bool is_hit(double value)
{
	return value < 0 || value > 0;
}

static void compare(struct world *on, guint *few, guint *all)
{
	double needed[LEAVES + METAS], every[LEAVES + METAS];
	double plain[LEAVES + METAS];

	roll(on);
	work_out_plainly(on, plain);
	*all += work_out(on, true, every);
	*few += work_out(on, false, needed);
	for (guint i = LEAVES; i < LEAVES + METAS; i++) {
		assert_true(fabs(every[i] - plain[i]) < 1e-9);
		if (!rule_at(on, i)->is_sub)
			assert_true(is_hit(needed[i]) == is_hit(plain[i]));
	}
}

static void what_counts_is_the_same_when_less_is_asked(void **state)
{
	guint few = 0, all = 0;

	(void)state;
	for (guint32 seed = 1; seed <= 300; seed++) {
		struct world on;

		make_world(&on, seed);
		for (int i = 0; i < 20; i++)
			compare(&on, &few, &all);
		drop_world(&on);
	}
	assert_true(few > 0 && few < all);
}

static void set_open(struct range *ranges, unsigned open)
{
	for (guint i = 0; i < 4; i++)
		if (open >> i & 1)
			ranges[i] = (struct range){ 0, 2, i, 0, false };
}

/* All values of those that are open: what comes out is in the range. */
static void check_range(const struct expression *expression,
			const struct range *exact, unsigned open)
{
	struct range some[4], range, result;

	memcpy(some, exact, sizeof some);
	set_open(some, open);
	range = expressionrange_of(expression, some);
	for (guint k = 0; k < 81; k++) {
		guint rest = k;

		for (guint i = 0; i < 4; i++, rest /= 3)
			some[i] = open >> i & 1 ?
				expressionrange_exactly(rest % 3) : exact[i];
		result = expressionrange_of(expression, some);
		assert_true(expressionrange_is_exact(&result));
		assert_true(result.low >= range.low &&
			    result.low <= range.high);
		assert_true(is_hit(result.low) ?
			    expressionrange_may_be_true(&range) :
			    expressionrange_may_be_false(&range));
	}
	if (!expressionrange_is_exact(&range))
		assert_true(open >> range.open & 1);
}

static void check_shape(const char *shape)
{
	struct expression *expression = expression_parse(shape, NULL);
	guint count = expression_names(expression)->len;

	for (guint i = 0; i < count; i++) {
		GArray *one = g_array_new(FALSE, FALSE, sizeof(guint));
		guint index = i % 4;

		g_array_append_val(one, index);
		expression_bind(expression, i, one);
	}
	for (guint k = 0; k < 81 * 16; k++) {
		struct range exact[4];
		guint rest = k / 16;

		for (guint i = 0; i < 4; i++, rest /= 3)
			exact[i] = expressionrange_exactly(rest % 3);
		check_range(expression, exact, k % 16);
	}
	expression_free(expression);
}

static void ranges_hold_all_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(shapes); i++)
		check_shape(shapes[i]);
}

/* A stands for the first rule, and so on. */
static struct expression *parse_letters(const char *text)
{
	struct expression *expression = expression_parse(text, NULL);
	const GPtrArray *names = expression_names(expression);

	for (guint i = 0; i < names->len; i++) {
		GArray *one = g_array_new(FALSE, FALSE, sizeof(guint));
		const char *name = g_ptr_array_index(names, i);
		guint index = (guint)(*name - 'A');

		g_array_append_val(one, index);
		expression_bind(expression, i, one);
	}
	return expression;
}

static const struct { const char *text; bool is_known; } known[] = {
	{ "A && C", true }, { "C && A", true }, { "A || C", false },
	{ "A > 2", true }, { "A + A > 3", false }, { "A + C > 2", true },
	{ "A && B && C", true }, { "A * C", true }, { "!A", false },
	{ "A ? C : C", true }, { "A == 3", true }, { "A >= C", true },
};

/* A is from 0 to 2, B is 1, C is 0. */
static void what_does_not_matter_is_not_asked(void **state)
{
	const struct range ranges[] = {
		{ 0, 2, 0, 0, false }, expressionrange_exactly(1),
		expressionrange_exactly(0),
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(known); i++) {
		struct expression *expression = parse_letters(known[i].text);
		struct range range;

		range = expressionrange_of(expression, ranges);
		if (expressionrange_is_exact(&range) != known[i].is_known)
			fail_msg("\"%s\"", known[i].text);
		expression_free(expression);
	}
}

static const struct { const char *text, *guards; } guarded[] = {
	{ "A", "A" }, { "A && B", "BA" }, { "A && B && C", "CBA" },
	{ "A && (B || C)", "A" }, { "(A || B) && C", "C" }, { "A || B", "" },
	{ "A || (B && C)", "" }, { "(A && B) || C", "" }, { "!A", "" },
	{ "!(A && B)", "" }, { "(A && B) > C", "" }, { "A && B > C", "A" },
	{ "A && (B && C)", "A" }, { "A ? B : C && A", "" },
	{ "A - (B && C)", "" }, { "A && !B && C", "CA" },
	{ "A && B && C && A && B", "BACB" },
};

static void what_must_hit_guards(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(guarded); i++) {
		struct expression *expression = parse_letters(guarded[i].text);
		guint guards[4], count;
		char got[5] = "";

		count = expressionrange_guards(expression, guards, 4);
		for (guint k = 0; k < count; k++)
			got[k] = (char)('A' + guards[k]);
		if (strcmp(got, guarded[i].guards) != 0)
			fail_msg("\"%s\": %s", guarded[i].text, got);
		expression_free(expression);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_counts_is_the_same_when_less_is_asked),
	cmocka_unit_test(ranges_hold_all_values),
	cmocka_unit_test(what_does_not_matter_is_not_asked),
	cmocka_unit_test(what_must_hit_guards),
};

TAP_MAIN(tests)
