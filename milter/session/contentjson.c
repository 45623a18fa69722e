#include <config.h>

#include "session/contentjson.h"

#include "content/clamd.h"
#include "content/keywordlists.h"
#include "content/keywordset.h"
#include "content/rulefiles.h"
#include "content/ruleset.h"

#define LEFT_OUT_MAX 50		/* names that are told */

/* How many rules run, and how many cannot. */
struct count {
	json_int_t rules, run, score_0, not_supported;
	json_t *left_out;
};

static void count_rule(struct count *count, const struct ruleset *set,
		       const struct rule *rule)
{
	if (rule->kind == RULE_NONE)
		return;
	count->rules++;
	if (!rule->is_off)
		count->run++;
	else if (ruleset_is_lacking(rule))
		count->not_supported++;
	else
		count->score_0++;
	if (ruleset_is_left_out(set, rule) &&
	    json_array_size(count->left_out) < LEFT_OUT_MAX)
		json_array_append_new(count->left_out,
				      json_string(rule->name));
}

/* Of the set that is in force. */
static json_t *rules_object(const struct settings *settings)
{
	const struct ruleset *set = rulefiles_of(settings, NULL);
	struct count count = { .left_out = json_array() };

	for (guint i = 0; set && i < set->rules->len; i++)
		count_rule(&count, set, g_ptr_array_index(set->rules, i));
	return json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:I, s:o}",
		"files", (json_int_t)(set ? set->files->len : 0),
		"rules", count.rules, "run", count.run,
		"score_0", count.score_0,
		"not_supported", count.not_supported,
		"problems", (json_int_t)(set ? set->problems->len : 0),
		"one_pass", rulefiles_is_one_pass(settings),
		"read_us", (json_int_t)rulefiles_read_us(settings),
		"left_out", count.left_out);
}

static json_t *keywords_object(const struct settings *settings)
{
	const struct keywordset *set = keywordlists_of(settings, NULL);
	guint lists = keywordlists_all(settings)->len;
	json_int_t phrases = 0;

	for (guint i = 0; set && i < lists; i++)
		phrases += keywordset_phrases(set, i);
	return json_pack("{s:I, s:I}", "lists", (json_int_t)lists,
			 "phrases", phrases);
}

static json_t *clamd_array(const struct settings *settings)
{
	const GArray *addresses = clamd_settings_of(settings)->addresses;
	json_t *array = json_array();

	for (guint i = 0; i < addresses->len; i++) {
		const struct clamd_address *address = &g_array_index(
			addresses, struct clamd_address, i);
		struct clamd_last last = clamd_last(address);

		json_array_append_new(array, json_pack("{s:s, s:s, s:I, s:s*}",
			"socket", address->text,
			"state", !last.at_us ? "not asked" :
				 last.is_well ? "well" : "failed",
			"asked_us", (json_int_t)last.at_us,
			"why", *last.why ? last.why : NULL));
	}
	return array;
}

json_t *contentjson_object(const struct settings *settings)
{
	return json_pack("{s:o, s:o, s:o}", "rules", rules_object(settings),
			 "keywords", keywords_object(settings),
			 "clamd", clamd_array(settings));
}
