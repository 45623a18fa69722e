#include <config.h>

#include "content/ruledraft.h"

#include "content/filefacts.h"
#include "content/redirects.h"
#include "content/remarks.h"
#include "content/replacetags.h"
#include "content/ruletext.h"

#include <string.h>

#define NAME_BYTES_MAX 200
#define ORIGINS_MAX 50		/* fields that tell an address */
#define DETAIL "uri_detail"

static void free_draft(gpointer memory)
{
	struct ruledraft *draft = memory;

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

static struct rule *find_rule(struct ruledrafts *on, const char *name)
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
	g_hash_table_insert(on->drafts, rule, g_new0(struct ruledraft, 1));
	return rule;
}

/* SpamAssassin has four sets of scores; ours is that without
 * network and learning. */
static void set_score(struct rule *rule, const char *rest)
{
	bool is_relative = *rest == '(';
	double score = g_ascii_strtod(rest + is_relative, NULL);

	if (rule->is_sub)
		return;
	rule->score = is_relative ? rule->score + score : score;
}

static void set_flags(struct rule *rule, struct ruledraft *draft,
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

static void set_attribute(struct ruledrafts *on, struct rule *rule,
			  const char *word, const char *rest)
{
	struct ruledraft *draft = g_hash_table_lookup(on->drafts, rule);

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
		if (strcmp(word, ruleset_kind_word(kind)) == 0)
			return kind;
	return strcmp(word, DETAIL) == 0 ? RULE_URI : RULE_NONE;
}

/* A later definition of the same name takes the place of the first. */
static void define(struct ruledrafts *on, struct rule *rule, const char *word,
		   const char *rest, const char *file, unsigned line)
{
	struct ruledraft *draft = g_hash_table_lookup(on->drafts, rule);

	rule->kind = kind_of(word);
	draft->is_detail = strcmp(word, DETAIL) == 0;
	rule->file = file;
	rule->line = line;
	g_free(draft->text);
	draft->text = g_strdup(rest);
}

static void note_replaced(struct ruledrafts *on, const char *rest)
{
	g_auto(GStrv) names = g_strsplit_set(rest, " \t", -1);

	for (char **name = names; *name; name++)
		if (is_name(*name)) {
			struct ruledraft *draft = g_hash_table_lookup(
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
static bool take_remark(struct ruledrafts *on, const char *file, unsigned line,
			const char *word, const char *rest)
{
	enum remarks_result result = remarks_take(on->remarks, file, line,
						  word, rest);

	if (result == REMARKS_WRONG)
		ruleset_problem(on->set, file, line, "%s: no sense in \"%s\"",
			    word, rest);
	return result != REMARKS_OTHER;
}

/* false: it is no such line. */
static bool take_redirect(struct ruledrafts *on, const char *file,
			  unsigned line, const char *word, const char *rest)
{
	g_autoptr(GError) why = NULL;

	if (strcmp(word, "redirector_pattern") != 0)
		return false;
	if (!redirects_add(on->set->redirects, rest, file, line, &why))
		ruleset_problem(on->set, file, line, "%s: %s", word, why->message);
	return true;
}

static bool has_origin(const GPtrArray *origins, const char *name)
{
	for (guint i = 0; i < origins->len; i++)
		if (g_ascii_strcasecmp(g_ptr_array_index(origins, i),
				       name) == 0)
			return true;
	return false;
}

/* false: it is no such line. */
static bool take_origins(struct ruledrafts *on, const char *word,
			 const char *rest)
{
	GPtrArray *origins = on->set->origins;
	g_auto(GStrv) names = NULL;

	if (strcmp(word, "clear_originating_ip_headers") == 0) {
		g_ptr_array_set_size(origins, 0);
		return true;
	}
	if (strcmp(word, "originating_ip_headers") != 0)
		return false;
	names = g_strsplit_set(rest, " \t", -1);
	for (char **name = names; *name; name++)
		if (**name && origins->len < ORIGINS_MAX &&
		    !has_origin(origins, *name))
			g_ptr_array_add(origins, g_strdup(*name));
	return true;
}

/* A line that is no rule, and says nothing of one. */
static void take_setting(struct ruledrafts *on, const char *file, unsigned line,
			 const char *word, const char *rest)
{
	enum addrlists_result result = addrlists_take(on->set->lists, word,
						      rest);

	if (result == ADDRLISTS_WRONG) {
		ruleset_problem(on->set, file, line, "%s: no sense in \"%s\"",
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
	struct ruledrafts *on = mydata;
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
	if (take_remark(on, file, line, word, rest) ||
	    take_redirect(on, file, line, word, rest) ||
	    take_origins(on, word, rest))
		return;
	if (kind == RULE_NONE && !is_attribute(word)) {
		take_setting(on, file, line, word, rest);
		return;
	}
	g_autofree char *name = g_strndup(rest, len);

	rest += len + strspn(rest + len, " \t");
	if (!is_name(name) || !*rest)
		ruleset_problem(on->set, file, line, "%s: %s", word, *name ?
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
	struct ruledrafts *on = mydata;

	ruleset_problem(on->set, file, line, "%s", what);
}

static void on_include(void *mydata, const char *path)
{
	struct ruledrafts *on = mydata;

	g_ptr_array_add(on->set->includes, (gpointer)path);
	filefacts_add(on->set->include_facts, path);
}

void ruledraft_init(struct ruledrafts *drafts, struct ruleset *set)
{
	*drafts = (struct ruledrafts){
		.set = set, .remarks = remarks_new(),
		.tags = replacetags_new(),
		.drafts = g_hash_table_new_full(NULL, NULL, NULL, free_draft),
	};
}

void ruledraft_release(struct ruledrafts *drafts)
{
	g_hash_table_unref(drafts->drafts);
	replacetags_free(drafts->tags);
	remarks_free(drafts->remarks);
}

bool ruledraft_read(struct ruledrafts *drafts, const char *file,
		    GError **error)
{
	const struct ruletext reader = {
		on_line, on_wrong, on_include, drafts,
	};

	return ruletext_read(&reader, file, error);
}
