#include <config.h>

#include "content/rulecompile.h"

#include "content/captures.h"
#include "content/evals.h"
#include "content/replacetags.h"
#include "content/uridetail.h"

#include <string.h>

/* With its tags put in; with calls of them where that is too
 * long, as few as can be. */
static struct pattern *compile_tagged(const struct ruledrafts *on,
				      const char *bare, const char *modifiers,
				      GError **error)
{
	static const size_t short_bytes[] = { 250, 120, 50, 0 };
	g_autofree char *tagged = replacetags_apply(on->tags, bare);
	g_autoptr(GError) why = NULL;
	struct pattern *pattern = pattern_compile(tagged, modifiers, &why);

	for (size_t i = 0; !pattern && i < COUNT_OF(short_bytes) &&
	     !strchr(modifiers, 'x'); i++) {
		g_autofree char *folded = replacetags_fold(on->tags, bare,
							   short_bytes[i]);

		if (folded)
			pattern = pattern_compile_as(tagged, folded, modifiers,
						     NULL);
	}
	if (!pattern)
		g_propagate_error(error, g_steal_pointer(&why));
	return pattern;
}

static char *put_in_tags(const struct ruledrafts *on, char *pattern)
{
	char *tagged = replacetags_apply(on->tags, pattern);

	g_free(pattern);
	return tagged;
}

static void compile(const struct ruledrafts *on, struct rule *rule,
		    const char *text)
{
	const struct ruledraft *draft = g_hash_table_lookup(on->drafts, rule);
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
		ruleset_turn_off(on->set, rule, why->message);
	else
		rule->is_capturing = pattern_has_groups(rule->pattern);
}

static struct header_spec *make_spec(const char *text)
{
	struct header_spec *spec = g_new0(struct header_spec, 1);
	g_auto(GStrv) words = g_strsplit(text, ":", -1);

	spec->text = g_strdup(text);
	headertext_set_name(spec, words[0]);
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
static void read_header(const struct ruledrafts *on, struct rule *rule,
			char *text)
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
		ruleset_turn_off(on->set, rule, "no =~ or !~");
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
		ruleset_turn_off(on->set, rule, lacks);
		return;
	}
	rule->header = spec_of(on->set, text);
	compile(on, rule, g_strstrip(operator + 2));
}

static void read_exists(const struct ruledrafts *on, struct rule *rule,
			const char *name)
{
	const char *lacks = what_lacks(name);

	if (lacks) {
		ruleset_turn_off(on->set, rule, lacks);
		return;
	}
	rule->is_exists = true;
	rule->header = spec_of(on->set, name);
}

static void finish_rule(const struct ruledrafts *on, struct rule *rule)
{
	struct ruledraft *draft = g_hash_table_lookup(on->drafts, rule);
	char *text = draft->text;
	g_autoptr(GError) why = NULL;

	if (rule->kind == RULE_NONE)
		return;
	if (draft->is_net && rule->kind != RULE_META) {
		ruleset_turn_off(on->set, rule, "tflags net: it asks the network");
	} else if (draft->is_detail) {
		rule->detail = uridetail_parse(text, &why);
		if (!rule->detail)
			ruleset_turn_off(on->set, rule, why->message);
	} else if (g_str_has_prefix(text, "eval:")) {
		rule->call = evals_parse(text + strlen("eval:"), &why);
		if (!rule->call)
			ruleset_turn_off(on->set, rule, why->message);
	} else if (rule->kind == RULE_META) {
		rule->expression = expression_parse(text, &why);
		if (!rule->expression)
			ruleset_turn_off(on->set, rule, why->message);
	} else if (g_str_has_prefix(text, "exists:") &&
		   rule->kind != RULE_BODY) {
		read_exists(on, rule, g_strstrip(text + strlen("exists:")));
	} else if (rule->kind == RULE_HEADER || rule->kind == RULE_MIMEHEADER) {
		read_header(on, rule, text);
	} else {
		compile(on, rule, text);
	}
}

void rulecompile_all(const struct ruledrafts *drafts)
{
	for (guint i = 0; i < drafts->set->rules->len; i++)
		finish_rule(drafts, g_ptr_array_index(drafts->set->rules, i));
}
