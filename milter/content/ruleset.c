#include <config.h>

#include "content/ruleset.h"

#include "content/captures.h"
#include "content/evals.h"
#include "content/metas.h"
#include "content/prefilter.h"
#include "content/redirects.h"
#include "content/rulebind.h"
#include "content/rulecompile.h"
#include "content/uridetail.h"

static const char *const kind_words[RULE_KINDS] = {
	"none", "header", "body", "rawbody", "full", "uri", "mimeheader",
	"meta",
};

const char *ruleset_kind_word(enum rule_kind kind)
{
	return kind_words[kind];
}

bool ruleset_is_lacking(const struct rule *rule)
{
	return !rule->pattern && !rule->expression && !rule->is_exists &&
	       !rule->call && !rule->detail;
}

int64_t ruleset_most_hits(const struct rule *rule)
{
	return !rule->is_multiple ? 1 :
	       rule->max_hits > 0 ? rule->max_hits : INT64_MAX;
}

bool ruleset_is_left_out(const struct ruleset *set, const struct rule *rule)
{
	return rule->pattern && set->cut_offs_max &&
	       pattern_cut_offs(rule->pattern) >= set->cut_offs_max;
}

void ruleset_problem(struct ruleset *set, const char *file, unsigned line,
		     const char *fmt, ...)
{
	struct rule_problem problem = { .file = file, .line = line };
	va_list args;

	va_start(args, fmt);
	problem.what = g_strdup_vprintf(fmt, args);
	va_end(args);
	g_array_append_val(set->problems, problem);
}

static void clear_problem(gpointer problem)
{
	g_free(((struct rule_problem *)problem)->what);
}

static void free_rule(gpointer memory)
{
	struct rule *rule = memory;

	g_free(rule->name);
	g_free(rule->describe);
	g_free(rule->unset);
	pattern_free(rule->pattern);
	captures_user_free(rule->user);
	expression_free(rule->expression);
	evals_free(rule->call);
	uridetail_free(rule->detail);
	g_free(rule);
}

static void free_spec(gpointer memory)
{
	struct header_spec *spec = memory;

	g_free(spec->text);
	g_free(spec->name);
	g_free(spec);
}

void ruleset_turn_off(struct ruleset *set, struct rule *rule, const char *why)
{
	rule->is_off = true;
	ruleset_problem(set, rule->file, rule->line, "%s %s: %s",
			kind_words[rule->kind], rule->name, why);
}

/* A filter knows nothing of headers that are not there. */
static bool is_always(const struct rule *rule)
{
	return !rule->is_off && !rule->expression &&
	       (!rule->is_filtered || rule->is_negated || rule->unset);
}

static void find_always(struct ruleset *set)
{
	g_ptr_array_set_size(set->always, 0);
	for (guint i = 0; i < set->rules->len; i++) {
		struct rule *rule = g_ptr_array_index(set->rules, i);

		rule->is_always = is_always(rule);
		if (rule->is_always && !rule->is_deferred)
			g_ptr_array_add(set->always, rule);
	}
	metas_begin_anew(set->metas);
}

static struct ruleset *set_new(void)
{
	struct ruleset *set = g_new0(struct ruleset, 1);

	set->rules = g_ptr_array_new_with_free_func(free_rule);
	set->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	set->specs = g_ptr_array_new_with_free_func(free_spec);
	set->ordered = g_ptr_array_new();
	set->always = g_ptr_array_new();
	set->capturing = g_ptr_array_new();
	set->lists = addrlists_new();
	set->origins = g_ptr_array_new_with_free_func(g_free);
	set->redirects = redirects_new();
	set->problems = g_array_new(FALSE, FALSE, sizeof(struct rule_problem));
	g_array_set_clear_func(set->problems, clear_problem);
	set->ignored = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					     NULL);
	set->files = g_ptr_array_new_with_free_func(g_free);
	set->includes = g_ptr_array_new();
	set->include_facts = g_string_new(NULL);
	return set;
}

struct ruleset *ruleset_load(const GPtrArray *files, GError **error)
{
	struct ruleset *set = set_new();
	struct ruledrafts drafts;
	bool is_good = true;

	ruledraft_init(&drafts, set);
	for (guint i = 0; i < files->len && is_good; i++) {
		const char *file = g_intern_string(g_ptr_array_index(files, i));

		g_ptr_array_add(set->files, g_strdup(file));
		is_good = ruledraft_read(&drafts, file, error);
	}
	if (is_good) {
		rulecompile_all(&drafts);
		rulebind_all(set);
		find_always(set);
		rulebind_try(set, drafts.remarks);
	} else {
		g_clear_pointer(&set, ruleset_free);
	}
	ruledraft_release(&drafts);
	return set;
}

void ruleset_filter(struct ruleset *set, const char *cache_dir)
{
	static const enum rule_kind kinds[] = {
		RULE_BODY, RULE_RAWBODY, RULE_FULL, RULE_URI,
	};

	set->header_filters = g_new0(struct prefilter *, set->specs->len);
	for (guint i = 0; i < set->specs->len; i++)
		set->header_filters[i] = prefilter_new(set, RULE_HEADER, i,
						       cache_dir);

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		set->filters[kinds[i]] = prefilter_new(set, kinds[i], 0,
						       cache_dir);
	find_always(set);
}

void ruleset_free(struct ruleset *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < RULE_KINDS; i++)
		prefilter_free(set->filters[i]);
	for (guint i = 0; set->header_filters && i < set->specs->len; i++)
		prefilter_free(set->header_filters[i]);
	g_free(set->header_filters);
	g_hash_table_unref(set->by_name);
	g_ptr_array_unref(set->ordered);
	g_ptr_array_unref(set->always);
	g_ptr_array_unref(set->capturing);
	metas_free(set->metas);
	g_ptr_array_unref(set->rules);
	g_ptr_array_unref(set->specs);
	addrlists_free(set->lists);
	redirects_free(set->redirects);
	g_free(set->locales);
	g_ptr_array_unref(set->origins);
	g_array_unref(set->problems);
	g_hash_table_unref(set->ignored);
	g_ptr_array_unref(set->files);
	g_ptr_array_unref(set->includes);
	g_string_free(set->include_facts, TRUE);
	g_free(set);
}
