#include <config.h>

#include "content/rulebind.h"

#include "content/captures.h"
#include "content/metas.h"
#include "content/remarks.h"

#include <fnmatch.h>
#include <string.h>

/* A score of 0 turns a rule off; what only a meta needs has a
 * name with "__". */
static bool is_wanted(const struct rule *rule)
{
	return rule->kind != RULE_NONE && !rule->is_off &&
	       (rule->is_sub || rule->score < 0 || rule->score > 0);
}

static GArray *fitting(struct ruleset *set, const char *glob)
{
	GArray *indexes = g_array_new(FALSE, FALSE, sizeof(guint));

	for (guint i = 0; i < set->rules->len; i++) {
		const struct rule *rule = g_ptr_array_index(set->rules, i);

		if (rule->kind != RULE_META &&
		    fnmatch(glob, rule->name, 0) == 0)
			g_array_append_val(indexes, i);
	}
	return indexes;
}

static GArray *only(const struct rule *rule)
{
	GArray *one = g_array_new(FALSE, FALSE, sizeof(guint));

	g_array_append_val(one, rule->index);
	return one;
}

static void bind_names(struct ruleset *set, struct rule *rule)
{
	const GPtrArray *names = expression_names(rule->expression);

	for (guint i = 0; i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);
		const struct rule *other;

		if (strpbrk(name, "*?")) {
			expression_bind(rule->expression, i,
					fitting(set, name));
			continue;
		}
		other = g_hash_table_lookup(set->by_name, name);
		if (!other || other->kind == RULE_NONE)
			ruleset_problem(set, rule->file, rule->line,
				    "meta %s: there is no rule %s; it counts "
				    "as not hit", rule->name, name);
		else if (other->is_off)
			ruleset_problem(set, rule->file, rule->line,
				    "meta %s: %s cannot run; it counts as not "
				    "hit", rule->name, name);
		if (other)
			expression_bind(rule->expression, i, only(other));
	}
}

enum mark { MARK_NONE, MARK_OPEN, MARK_DONE };

/* Those that it needs first; a ring is broken where it closes. */
static void order(struct ruleset *set, struct rule *rule, GHashTable *marks)
{
	const GPtrArray *names;

	if (!rule || rule->kind != RULE_META || !rule->expression ||
	    g_hash_table_lookup(marks, rule))
		return;
	g_hash_table_insert(marks, rule, GINT_TO_POINTER(MARK_OPEN));
	names = expression_names(rule->expression);
	for (guint i = 0; i < names->len; i++) {
		struct rule *other = g_hash_table_lookup(
			set->by_name, g_ptr_array_index(names, i));

		if (other && GPOINTER_TO_INT(g_hash_table_lookup(marks, other))
		    == MARK_OPEN) {
			set->has_rings = true;
			ruleset_problem(set, rule->file, rule->line,
				    "meta %s: it needs itself by way of %s",
				    rule->name, other->name);
		}
		order(set, other, marks);
	}
	g_hash_table_insert(marks, rule, GINT_TO_POINTER(MARK_DONE));
	if (is_wanted(rule))
		g_ptr_array_add(set->ordered, rule);
}

/* Whether a rule that runs has a group of that name. */
static bool is_captured(const struct ruleset *set, const char *name)
{
	g_autofree char *group = g_strdup_printf("<%s>", name);

	for (guint i = 0; i < set->capturing->len; i++) {
		const struct rule *rule = g_ptr_array_index(set->capturing, i);

		if (strstr(pattern_text(rule->pattern), group))
			return true;
	}
	return false;
}

static void bind_user(struct ruleset *set, struct rule *rule)
{
	const GPtrArray *names = captures_user_names(rule->user);

	for (guint i = 0; i < names->len && !rule->is_off; i++) {
		const char *name = g_ptr_array_index(names, i);
		g_autofree char *why = g_strdup_printf(
			"%%{%s}: no rule has a (?<%s>...)", name, name);

		if (!is_captured(set, name))
			ruleset_turn_off(set, rule, why);
	}
}

static void bind_captures(struct ruleset *set)
{
	for (guint i = 0; i < set->rules->len; i++) {
		struct rule *rule = g_ptr_array_index(set->rules, i);

		/* None can be used that uses others: it would be too late. */
		if (rule->is_capturing && !rule->user && is_wanted(rule))
			g_ptr_array_add(set->capturing, rule);
	}
	for (guint i = 0; i < set->rules->len; i++) {
		struct rule *rule = g_ptr_array_index(set->rules, i);

		if (rule->user)
			bind_user(set, rule);
	}
}

static void bind_metas(struct ruleset *set)
{
	g_autoptr(GHashTable) marks = g_hash_table_new(NULL, NULL);

	for (guint i = 0; i < set->rules->len; i++) {
		struct rule *rule = g_ptr_array_index(set->rules, i);

		if (rule->expression)
			bind_names(set, rule);
	}
	for (guint i = 0; i < set->rules->len; i++)
		order(set, g_ptr_array_index(set->rules, i), marks);
}

void rulebind_all(struct ruleset *set)
{
	bind_captures(set);
	bind_metas(set);
	for (guint i = 0; i < set->rules->len; i++) {
		struct rule *rule = g_ptr_array_index(set->rules, i);

		rule->is_off |= !is_wanted(rule);
	}
	set->metas = metas_new(set);
}

static void try_example(struct ruleset *set,
			const struct remarks_example *example)
{
	const struct rule *rule = g_hash_table_lookup(set->by_name,
						      example->name);
	bool is_hit;

	if (!rule || !rule->pattern || rule->is_off || rule->user)
		return;
	is_hit = (pattern_match(rule->pattern, span_text(example->text), 0,
				NULL) == PATTERN_YES) != rule->is_negated;
	if (is_hit != example->is_hit)
		ruleset_problem(set, example->file, example->line,
			    "test %s: it %s \"%s\"", rule->name, is_hit ?
			    "should not hit" : "should hit", example->text);
}

void rulebind_try(struct ruleset *set, const struct remarks *remarks)
{
	const GArray *examples = remarks_examples(remarks);

	for (guint i = 0; i < examples->len; i++)
		try_example(set, &g_array_index(
			examples, struct remarks_example, i));
}
