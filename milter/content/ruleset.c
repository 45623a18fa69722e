#include <config.h>

#include "content/ruleset.h"

#include "content/captures.h"
#include "content/evals.h"
#include "content/metas.h"
#include "content/prefilter.h"
#include "content/remarks.h"
#include "content/replacetags.h"
#include "content/ruletext.h"
#include "content/uridetail.h"

#include <fnmatch.h>
#include <string.h>

#define NAME_BYTES_MAX 200
#define DETAIL "uri_detail"

/* What a rule says before all files are read. */
struct draft {
	char *text;			/* behind the name */
	bool is_replaced;		/* replace_rules names it */
	bool is_net;			/* tflags net */
	bool is_detail;			/* uri_detail */
};

struct loader {
	struct ruleset *set;
	struct remarks *remarks;
	GHashTable *drafts;		/* struct rule * -> struct draft * */
	struct replacetags *tags;
};

static const char *const kind_words[RULE_KINDS] = {
	"none", "header", "body", "rawbody", "full", "uri", "mimeheader",
	"meta",
};

const char *ruleset_kind_word(enum rule_kind kind)
{
	return kind_words[kind];
}

static void add_problem(struct ruleset *set, const char *file, unsigned line,
			const char *fmt, ...) PRINTF_LIKE(4, 5);

static void add_problem(struct ruleset *set, const char *file, unsigned line,
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

static void free_draft(gpointer memory)
{
	struct draft *draft = memory;

	g_free(draft->text);
	g_free(draft);
}

static bool is_name(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > NAME_BYTES_MAX || g_ascii_isdigit(*name))
		return false;
	for (; *name; name++)
		if (!g_ascii_isalnum(*name) && *name != '_')
			return false;
	return true;
}

static struct rule *find_rule(struct loader *on, const char *name)
{
	struct rule *rule = g_hash_table_lookup(on->set->by_name, name);

	if (rule)
		return rule;
	rule = g_new0(struct rule, 1);
	rule->name = g_strdup(name);
	rule->index = on->set->rules->len;
	rule->is_sub = g_str_has_prefix(name, "__");
	rule->score = rule->is_sub ? 0 :
		      g_str_has_prefix(name, "T_") ? 0.01 : 1;
	g_ptr_array_add(on->set->rules, rule);
	g_hash_table_insert(on->set->by_name, rule->name, rule);
	g_hash_table_insert(on->drafts, rule, g_new0(struct draft, 1));
	return rule;
}

/* SpamAssassin has four sets of scores; ours is that without network and learning. */
static void set_score(struct rule *rule, const char *rest)
{
	bool is_relative = *rest == '(';
	double score = g_ascii_strtod(rest + is_relative, NULL);

	if (rule->is_sub)
		return;
	rule->score = is_relative ? rule->score + score : score;
}

static void set_flags(struct rule *rule, struct draft *draft,
		      const char *rest)
{
	g_auto(GStrv) words = g_strsplit_set(rest, " \t", -1);

	for (char **word = words; *word; word++) {
		if (strcmp(*word, "multiple") == 0)
			rule->is_multiple = true;
		else if (strcmp(*word, "nosubject") == 0)
			rule->is_nosubject = true;
		else if (strcmp(*word, "net") == 0)
			draft->is_net = true;
		else if (g_str_has_prefix(*word, "maxhits="))
			rule->max_hits = g_ascii_strtoll(
				*word + strlen("maxhits="), NULL, 10);
	}
}

static void set_attribute(struct loader *on, struct rule *rule,
			  const char *word, const char *rest)
{
	struct draft *draft = g_hash_table_lookup(on->drafts, rule);

	if (strcmp(word, "score") == 0) {
		set_score(rule, rest);
	} else if (strcmp(word, "tflags") == 0) {
		set_flags(rule, draft, rest);
	} else if (strcmp(word, "describe") == 0) {
		g_free(rule->describe);
		rule->describe = g_strdup(rest);
	}
}

static enum rule_kind kind_of(const char *word)
{
	for (enum rule_kind kind = RULE_HEADER; kind < RULE_KINDS; kind++)
		if (strcmp(word, kind_words[kind]) == 0)
			return kind;
	return strcmp(word, DETAIL) == 0 ? RULE_URI : RULE_NONE;
}

/* A later definition of the same name takes the place of the first. */
static void define(struct loader *on, struct rule *rule, const char *word,
		   const char *rest, const char *file, unsigned line)
{
	struct draft *draft = g_hash_table_lookup(on->drafts, rule);

	rule->kind = kind_of(word);
	draft->is_detail = strcmp(word, DETAIL) == 0;
	rule->file = file;
	rule->line = line;
	g_free(draft->text);
	draft->text = g_strdup(rest);
}

static void note_replaced(struct loader *on, const char *rest)
{
	g_auto(GStrv) names = g_strsplit_set(rest, " \t", -1);

	for (char **name = names; *name; name++)
		if (is_name(*name)) {
			struct draft *draft = g_hash_table_lookup(
				on->drafts, find_rule(on, *name));

			draft->is_replaced = true;
		}
}

static bool is_attribute(const char *word)
{
	return strcmp(word, "score") == 0 || strcmp(word, "tflags") == 0 ||
	       strcmp(word, "describe") == 0;
}

static void count_ignored(struct ruleset *set, const char *word)
{
	gpointer count = g_hash_table_lookup(set->ignored, word);

	g_hash_table_replace(set->ignored, g_strdup(word),
			     GUINT_TO_POINTER(GPOINTER_TO_UINT(count) + 1));
}

/* The word that a line begins with, cut off; what stands behind it. */
static char *cut_word(char *line)
{
	char *rest = line + strcspn(line, " \t");

	if (*rest)
		*rest++ = '\0';
	return g_strchug(rest);
}

/* false: it is no such line. */
static bool take_remark(struct loader *on, const char *file, unsigned line,
			const char *word, const char *rest)
{
	enum remarks_result result = remarks_take(on->remarks, file, line,
						  word, rest);

	if (result == REMARKS_WRONG)
		add_problem(on->set, file, line, "%s: no sense in \"%s\"",
			    word, rest);
	return result != REMARKS_OTHER;
}

/* A line that is no rule, and says nothing of one. */
static void take_setting(struct loader *on, const char *file, unsigned line,
			 const char *word, const char *rest)
{
	enum addrlists_result result = addrlists_take(on->set->lists, word,
						      rest);

	if (result == ADDRLISTS_WRONG) {
		add_problem(on->set, file, line, "%s: no sense in \"%s\"",
			    word, rest);
	} else if (strcmp(word, "ok_locales") == 0) {
		g_free(on->set->locales);
		on->set->locales = g_strdup(rest);
	} else if (result == ADDRLISTS_OTHER &&
		   !replacetags_add(on->tags, word, rest)) {
		count_ignored(on->set, word);
	}
}

static void on_line(void *mydata, const char *file, unsigned line,
		    const char *word, char *rest)
{
	struct loader *on = mydata;
	enum rule_kind kind = kind_of(word);
	size_t len = strcspn(rest, " \t");

	/* What is said to people, in the language that we write to them in. */
	if (strcmp(word, "lang") == 0 && g_str_has_prefix(rest, "en")) {
		char *inner = cut_word(rest), *behind = cut_word(inner);

		if (strcmp(inner, "lang") != 0)
			on_line(mydata, file, line, inner, behind);
		return;
	}
	if (strcmp(word, "replace_rules") == 0) {
		note_replaced(on, rest);
		return;
	}
	if (take_remark(on, file, line, word, rest))
		return;
	if (kind == RULE_NONE && !is_attribute(word)) {
		take_setting(on, file, line, word, rest);
		return;
	}
	g_autofree char *name = g_strndup(rest, len);

	rest += len + strspn(rest + len, " \t");
	if (!is_name(name) || !*rest)
		add_problem(on->set, file, line, "%s: %s", word, *name ?
			    "a name has letters, digits and _, and something "
			    "behind it" : "no name");
	else if (kind == RULE_NONE)
		set_attribute(on, find_rule(on, name), word, rest);
	else
		define(on, find_rule(on, name), word, rest, file, line);
}

static void on_wrong(void *mydata, const char *file, unsigned line,
		     const char *what)
{
	struct loader *on = mydata;

	add_problem(on->set, file, line, "%s", what);
}

static void turn_off(struct loader *on, struct rule *rule, const char *why)
{
	rule->is_off = true;
	add_problem(on->set, rule->file, rule->line, "%s %s: %s",
		    kind_words[rule->kind], rule->name, why);
}

/* With its tags put in; with calls of them where that is too long. */
static struct pattern *compile_tagged(const struct loader *on,
				      const char *bare, const char *modifiers,
				      GError **error)
{
	g_autofree char *tagged = replacetags_apply(on->tags, bare);
	g_autofree char *folded = NULL;
	g_autoptr(GError) why = NULL;
	struct pattern *pattern = pattern_compile(tagged, modifiers, &why);

	if (pattern)
		return pattern;
	folded = strchr(modifiers, 'x') ? NULL :
		 replacetags_fold(on->tags, bare);
	if (folded)
		return pattern_compile_as(tagged, folded, modifiers, error);
	g_propagate_error(error, g_steal_pointer(&why));
	return NULL;
}

static char *put_in_tags(const struct loader *on, char *pattern)
{
	char *tagged = replacetags_apply(on->tags, pattern);

	g_free(pattern);
	return tagged;
}

static void compile(struct loader *on, struct rule *rule, const char *text)
{
	const struct draft *draft = g_hash_table_lookup(on->drafts, rule);
	g_autofree char *modifiers = NULL;
	g_autoptr(GError) why = NULL;
	g_autofree char *bare = pattern_strip(text, &modifiers, &why);

	if (bare) {
		g_autofree char *written = bare;

		/* What is put in later is no tag. */
		if (draft->is_replaced && strstr(bare, "%{"))
			written = put_in_tags(on, g_steal_pointer(&written));

		rule->user = captures_user_new(written, modifiers);
		bare = rule->user ? captures_user_loose(rule->user) :
				    g_steal_pointer(&written);
	}
	if (bare)
		rule->pattern = draft->is_replaced ?
			compile_tagged(on, bare, modifiers, &why) :
			pattern_compile(bare, modifiers, &why);
	if (!rule->pattern)
		turn_off(on, rule, why->message);
	else
		rule->is_capturing = pattern_has_groups(rule->pattern);
}

static struct header_spec *make_spec(const char *text)
{
	struct header_spec *spec = g_new0(struct header_spec, 1);
	g_auto(GStrv) words = g_strsplit(text, ":", -1);

	spec->text = g_strdup(text);
	spec->name = g_strdup(words[0]);
	for (char **word = words + 1; *word; word++) {
		spec->is_raw |= strcmp(*word, "raw") == 0;
		spec->is_addr |= strcmp(*word, "addr") == 0;
		spec->is_name |= strcmp(*word, "name") == 0;
		spec->is_first |= strcmp(*word, "first") == 0;
		spec->is_last |= strcmp(*word, "last") == 0;
		spec->is_domain |= strcmp(*word, "domain") == 0;
		spec->is_host |= spec->is_domain || strcmp(*word, "host") == 0;
		spec->is_reversed |= strcmp(*word, "revip") == 0;
		spec->is_ip |= spec->is_reversed || strcmp(*word, "ip") == 0;
	}
	return spec;
}

static guint spec_of(struct ruleset *set, const char *text)
{
	for (guint i = 0; i < set->specs->len; i++) {
		const struct header_spec *spec = g_ptr_array_index(set->specs,
								   i);

		if (strcmp(spec->text, text) == 0)
			return i;
	}
	g_ptr_array_add(set->specs, make_spec(text));
	return set->specs->len - 1;
}

static bool is_field_name(const char *spec)
{
	size_t len = 0;

	while (g_ascii_isalnum(spec[len]) || (spec[len] &&
					      strchr("_.-", spec[len])))
		len++;
	return len && (!spec[len] || spec[len] == ':');
}

static const char *what_lacks(const char *spec)
{
	if (!is_field_name(spec))
		return "no name of a header field";
	if (strcmp(spec, "X-Languages") == 0)
		return "languages are not told apart";
	return NULL;
}

/* "Subject:raw =~ /.../i [if-unset: x]" */
static void read_header(struct loader *on, struct rule *rule, char *text)
{
	char *operator = strstr(text, "=~"), *negated = strstr(text, "!~");
	char *unset = strstr(text, "[if-unset:");
	const char *lacks;
	size_t len = strlen(text);

	if (negated && (!operator || negated < operator)) {
		operator = negated;
		rule->is_negated = true;
	}
	if (!operator) {
		turn_off(on, rule, "no =~ or !~");
		return;
	}
	if (unset && text[len - 1] == ']') {
		text[len - 1] = '\0';
		rule->unset = g_strdup(g_strstrip(unset +
						  strlen("[if-unset:")));
		*unset = '\0';
	}
	*operator = '\0';
	g_strstrip(text);
	if (g_str_has_suffix(text, ":"))
		text[strlen(text) - 1] = '\0';
	lacks = what_lacks(text);
	if (lacks) {
		turn_off(on, rule, lacks);
		return;
	}
	rule->header = spec_of(on->set, text);
	compile(on, rule, g_strstrip(operator + 2));
}

static void read_exists(struct loader *on, struct rule *rule,
			const char *name)
{
	const char *lacks = what_lacks(name);

	if (lacks) {
		turn_off(on, rule, lacks);
		return;
	}
	rule->is_exists = true;
	rule->header = spec_of(on->set, name);
}

static void finish_rule(struct loader *on, struct rule *rule)
{
	struct draft *draft = g_hash_table_lookup(on->drafts, rule);
	char *text = draft->text;
	g_autoptr(GError) why = NULL;

	if (rule->kind == RULE_NONE)
		return;
	if (draft->is_net && rule->kind != RULE_META) {
		turn_off(on, rule, "tflags net: it asks the network");
	} else if (draft->is_detail) {
		rule->detail = uridetail_parse(text, &why);
		if (!rule->detail)
			turn_off(on, rule, why->message);
	} else if (g_str_has_prefix(text, "eval:")) {
		rule->call = evals_parse(text + strlen("eval:"), &why);
		if (!rule->call)
			turn_off(on, rule, why->message);
	} else if (rule->kind == RULE_META) {
		rule->expression = expression_parse(text, &why);
		if (!rule->expression)
			turn_off(on, rule, why->message);
	} else if (g_str_has_prefix(text, "exists:") &&
		   rule->kind != RULE_BODY) {
		read_exists(on, rule, g_strstrip(text + strlen("exists:")));
	} else if (rule->kind == RULE_HEADER || rule->kind == RULE_MIMEHEADER) {
		read_header(on, rule, text);
	} else {
		compile(on, rule, text);
	}
}

/* A score of 0 turns a rule off; what only a meta needs has a name with "__". */
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

static void bind_names(struct loader *on, struct rule *rule)
{
	const GPtrArray *names = expression_names(rule->expression);

	for (guint i = 0; i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);
		const struct rule *other;

		if (strpbrk(name, "*?")) {
			expression_bind(rule->expression, i,
					fitting(on->set, name));
			continue;
		}
		other = g_hash_table_lookup(on->set->by_name, name);
		if (!other || other->kind == RULE_NONE)
			add_problem(on->set, rule->file, rule->line,
				    "meta %s: there is no rule %s; it counts "
				    "as not hit", rule->name, name);
		else if (other->is_off)
			add_problem(on->set, rule->file, rule->line,
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
		    == MARK_OPEN)
			add_problem(set, rule->file, rule->line,
				    "meta %s: it needs itself by way of %s",
				    rule->name, other->name);
		order(set, other, marks);
	}
	g_hash_table_insert(marks, rule, GINT_TO_POINTER(MARK_DONE));
	if (is_wanted(rule))
		g_ptr_array_add(set->ordered, rule);
}

static void try_example(struct loader *on,
			const struct remarks_example *example)
{
	const struct rule *rule = g_hash_table_lookup(on->set->by_name,
						      example->name);
	bool is_hit;

	if (!rule || !rule->pattern || rule->is_off || rule->user)
		return;
	is_hit = (pattern_match(rule->pattern, span_text(example->text), 0,
				NULL) == PATTERN_YES) != rule->is_negated;
	if (is_hit != example->is_hit)
		add_problem(on->set, example->file, example->line,
			    "test %s: it %s \"%s\"", rule->name, is_hit ?
			    "should not hit" : "should hit", example->text);
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
		if (rule->is_always)
			g_ptr_array_add(set->always, rule);
	}
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

static void bind_user(struct loader *on, struct rule *rule)
{
	const GPtrArray *names = captures_user_names(rule->user);

	for (guint i = 0; i < names->len && !rule->is_off; i++) {
		const char *name = g_ptr_array_index(names, i);
		g_autofree char *why = g_strdup_printf(
			"%%{%s}: no rule has a (?<%s>...)", name, name);

		if (!is_captured(on->set, name))
			turn_off(on, rule, why);
	}
}

static void bind_captures(struct loader *on)
{
	const struct ruleset *set = on->set;

	for (guint i = 0; i < set->rules->len; i++) {
		struct rule *rule = g_ptr_array_index(set->rules, i);

		/* None can be used that uses others: it would be too late. */
		if (rule->is_capturing && !rule->user && is_wanted(rule))
			g_ptr_array_add(set->capturing, rule);
	}
	for (guint i = 0; i < set->rules->len; i++) {
		struct rule *rule = g_ptr_array_index(set->rules, i);

		if (rule->user)
			bind_user(on, rule);
	}
}

static void finish(struct loader *on)
{
	g_autoptr(GHashTable) marks = g_hash_table_new(NULL, NULL);
	const GArray *examples = remarks_examples(on->remarks);
	struct ruleset *set = on->set;

	for (guint i = 0; i < set->rules->len; i++)
		finish_rule(on, g_ptr_array_index(set->rules, i));
	bind_captures(on);
	for (guint i = 0; i < set->rules->len; i++) {
		struct rule *rule = g_ptr_array_index(set->rules, i);

		if (rule->expression)
			bind_names(on, rule);
	}
	for (guint i = 0; i < set->rules->len; i++)
		order(set, g_ptr_array_index(set->rules, i), marks);
	for (guint i = 0; i < set->rules->len; i++) {
		struct rule *rule = g_ptr_array_index(set->rules, i);

		rule->is_off |= !is_wanted(rule);
	}
	set->metas = metas_new(set->ordered, set->rules->len);
	find_always(set);
	for (guint i = 0; i < examples->len; i++)
		try_example(on, &g_array_index(examples,
					       struct remarks_example, i));
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
	set->problems = g_array_new(FALSE, FALSE, sizeof(struct rule_problem));
	g_array_set_clear_func(set->problems, clear_problem);
	set->ignored = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					     NULL);
	set->files = g_ptr_array_new_with_free_func(g_free);
	return set;
}

struct ruleset *ruleset_load(const GPtrArray *files, GError **error)
{
	struct loader on = {
		.set = set_new(),
		.drafts = g_hash_table_new_full(NULL, NULL, NULL, free_draft),
		.tags = replacetags_new(),
		.remarks = remarks_new(),
	};
	struct ruletext reader = { on_line, on_wrong, &on };
	bool is_good = true;

	for (guint i = 0; i < files->len && is_good; i++) {
		const char *file = g_intern_string(g_ptr_array_index(files, i));

		g_ptr_array_add(on.set->files, g_strdup(file));
		is_good = ruletext_read(&reader, file, error);
	}
	if (is_good)
		finish(&on);
	else
		g_clear_pointer(&on.set, ruleset_free);
	g_hash_table_unref(on.drafts);
	replacetags_free(on.tags);
	remarks_free(on.remarks);
	return on.set;
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
	g_free(set->locales);
	g_array_unref(set->problems);
	g_hash_table_unref(set->ignored);
	g_ptr_array_unref(set->files);
	g_free(set);
}
