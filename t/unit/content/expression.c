#include <config.h>

#include "content/expressionrange.h"
#include "content/replacetags.h"
#include "content/ruletext.h"

#include "unit/tap.h"

#include <math.h>
#include <string.h>

/* A is 1, B is 2, C is 0; NAN: it is none. */
static const struct { const char *text; double value; } cases[] = {
	{ "A", 1 }, { "A && B", 2 }, { "A && C", 0 }, { "C || B", 2 },
	{ "!A", 0 }, { "!C && A", 1 }, { "A + B * 2", 5 },
	{ "(A + B) * 2", 6 }, { "A + B > 2", 1 }, { "(A+B)>=4", 0 },
	{ "B - A - A", 0 }, { "B / C", 0 }, { "7 % 4", 3 }, { "-B + 3", 1 },
	{ "A ? B : C", 2 }, { "C ? A : B ? 5 : 6", 5 }, { "A == 1.0", 1 },
	{ "A != B", 1 }, { "A < B && B <= 2", 1 }, { "NOBODY", 0 },
	{ "A||B&&C", 1 }, { "A & B", 2 }, { "C | C", 0 }, { "A<2", 1 },
	{ "", NAN }, { "A &&", NAN }, { "(A", NAN }, { "A B", NAN },
	{ "A ? B", NAN }, { "1 +", NAN }, { "$x", NAN }, { "A)", NAN },
};

static double evaluate(struct expression *expression)
{
	const struct range values[] = {
		expressionrange_exactly(1), expressionrange_exactly(2),
		expressionrange_exactly(0),
	};
	struct range range;
	const GPtrArray *names = expression_names(expression);

	for (guint i = 0; i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);
		guint index = (guint)(name[0] - 'A');
		GArray *one;

		if (name[1] || index > 2)
			continue;
		one = g_array_new(FALSE, FALSE, sizeof(guint));
		g_array_append_val(one, index);
		expression_bind(expression, i, one);
	}
	range = expressionrange_of(expression, values);
	assert_true(expressionrange_is_exact(&range));
	return range.low;
}

static void sums_come_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		g_autoptr(GError) why = NULL;
		struct expression *expression = expression_parse(
			cases[i].text, &why);
		double value = expression ? evaluate(expression) : NAN;

		if (isnan(value) != isnan(cases[i].value) ||
		    (!isnan(value) && fabs(value - cases[i].value) > 1e-9))
			fail_msg("\"%s\": %g (%s)", cases[i].text, value,
				 why ? why->message : "");
		expression_free(expression);
	}
}

static void what_is_too_deep_or_long_is_none(void **state)
{
	g_autofree char *deep = g_strnfill(100000, '(');
	g_autoptr(GString) wide = g_string_new("A");

	(void)state;
	assert_null(expression_parse(deep, NULL));
	for (int i = 0; i < 5000; i++)
		g_string_append(wide, " + A");
	struct expression *expression = expression_parse(wide->str, NULL);

	assert_non_null(expression);
	assert_true(evaluate(expression) > 5000);
	expression_free(expression);
}

static void globs_are_names(void **state)
{
	struct expression *expression = expression_parse(
		"rules_matching( __X_* ) > 1 && A", NULL);

	(void)state;
	assert_non_null(expression);
	assert_string_equal(g_ptr_array_index(expression_names(expression), 0),
			    "__X_*");
	expression_free(expression);
}

static const struct { const char *text; int holds; } conditions[] = {
	{ "plugin(Mail::SpamAssassin::Plugin::HeaderEval)", 1 },
	{ "plugin ( x )", -1 },
	{ "!plugin(Mail::SpamAssassin::Plugin::DKIM)", 1 },
	{ "(version >= 3.004000)", 1 }, { "version < 3.0", 0 },
	{ "can(Mail::SpamAssassin::Conf::feature_bug6558_free)", 1 },
	{ "can(Mail::SpamAssassin::Conf::feature_of_tomorrow)", 0 },
	{ "can(Mail::SpamAssassin::Plugin::BodyEval::has_x)", 1 },
	{ "can(Mail::SpamAssassin::Plugin::DKIM::has_arc)", 0 },
	{ "!(plugin(Mail::SpamAssassin::Plugin::SPF)) && version > 4", 1 },
	{ "perl_version >= 5.010", 1 }, { "", -1 }, { "1 &&", -1 },
};

static void conditions_hold_or_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(conditions); i++) {
		bool holds = false;
		int got = ruletext_condition(conditions[i].text, &holds, NULL) ?
			  holds : -1;

		if (got != conditions[i].holds)
			fail_msg("\"%s\": %d", conditions[i].text, got);
	}
}

static const struct { const char *pattern, *want; } tagged[] = {
	{ "x<A>y", "x[aA]y" }, { "<A><B>", "[aA][b8]" },
	{ "<inter W><A><B>", "[aA]\\W?[b8]" },
	{ "<post P><A>c<B>", "[aA]{1,2}c[b8]{1,2}" },
	{ "<pre P><A>", "-[aA]" }, { "<C>", "[aA]c" },
	{ "(?<!x)a<D>", "(?<!x)a<D>" }, { "a<b", "a<b" }, { "", "" },
};

static void tags_are_put_in(void **state)
{
	struct replacetags *tags = replacetags_new();

	(void)state;
	assert_true(replacetags_add(tags, "replace_tag", "A [aA]"));
	assert_true(replacetags_add(tags, "replace_tag", "B\t[b8]"));
	assert_true(replacetags_add(tags, "replace_tag", "C <A>c"));
	assert_true(replacetags_add(tags, "replace_inter", "W \\W?"));
	assert_true(replacetags_add(tags, "replace_post", "P {1,2}"));
	assert_true(replacetags_add(tags, "replace_pre", "P -"));
	assert_false(replacetags_add(tags, "replace_rules", "X"));
	assert_false(replacetags_add(tags, "replace_tag", "X"));
	for (size_t i = 0; i < COUNT_OF(tagged); i++) {
		g_autofree char *got = replacetags_apply(tags,
							 tagged[i].pattern);

		if (strcmp(got, tagged[i].want) != 0)
			fail_msg("%s: %s", tagged[i].pattern, got);
	}
	replacetags_free(tags);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(sums_come_out),
	cmocka_unit_test(what_is_too_deep_or_long_is_none),
	cmocka_unit_test(globs_are_names),
	cmocka_unit_test(conditions_hold_or_not),
	cmocka_unit_test(tags_are_put_in),
};

TAP_MAIN(tests)
