#include <config.h>

#include "admin/admin.h"

#include "admin/rulesjob.h"
#include "admin/rulesmatch.h"
#include "admin/rulesprofile.h"
#include "admin/table.h"
#include "content/keywordlists.h"
#include "content/keywordset.h"
#include "content/ruleset.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const char *state_of(const struct rule *rule)
{
	return !rule->is_off ? "on" :
	       ruleset_is_lacking(rule) ? "not supported" : "score 0";
}

static void list_rule(struct table *table, const struct rule *rule)
{
	table_add(table, rule->is_off ? TABLE_DIM : TABLE_PLAIN, "%s",
		  rule->name);
	table_add(table, TABLE_PLAIN, "%s", ruleset_kind_word(rule->kind));
	table_add(table, TABLE_PLAIN, "%.3g", rule->score);
	table_add(table, TABLE_PLAIN, "%s", state_of(rule));
	table_add(table, TABLE_PLAIN, "%s",
		  rule->describe ? rule->describe : "");
}

static int run_list(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	static const char *const titles[] = {
		"rule", "kind", "score", "state", "description", NULL,
	};
	struct rulesjob job = { .admin = admin, .self = self };
	const GOptionEntry entries[] = {
		rulesjob_option(&job), G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);
	struct table *table;

	if (status == EX_OK)
		status = rulesjob_read(&job);
	if (status == EX_OK) {
		table = table_new(titles);
		for (guint i = 0; i < job.set->rules->len; i++) {
			const struct rule *rule = g_ptr_array_index(
				job.set->rules, i);

			if (rule->kind != RULE_NONE)
				list_rule(table, rule);
		}
		table_print(table);
		table_free(table);
	}
	rulesjob_end(&job);
	return status;
}

/* How many of each kind can run. */
static void print_kinds(const struct ruleset *set)
{
	static const char *const titles[] = {
		"kind", "rules", "run", "score 0", "not supported", NULL,
	};
	struct table *table = table_new(titles);

	for (enum rule_kind kind = RULE_HEADER; kind < RULE_KINDS; kind++) {
		unsigned all = 0, on = 0, lacking = 0;

		for (guint i = 0; i < set->rules->len; i++) {
			const struct rule *rule = g_ptr_array_index(
				set->rules, i);

			if (rule->kind != kind)
				continue;
			all++;
			on += !rule->is_off;
			lacking += rule->is_off && ruleset_is_lacking(rule);
		}
		table_add(table, TABLE_PLAIN, "%s", ruleset_kind_word(kind));
		table_add(table, TABLE_PLAIN, "%u", all);
		table_add(table, TABLE_PLAIN, "%u", on);
		table_add(table, TABLE_PLAIN, "%u", all - on - lacking);
		table_add(table, TABLE_PLAIN, "%u", lacking);
	}
	table_print(table);
	table_free(table);
}

/* The keyword lists of the settings. */
static void print_keywords(const struct rulesjob *job)
{
	static const char *const titles[] = {
		"keyword list", "phrases", "score", "action", "finding", NULL,
	};
	const GArray *lists = keywordlists_all(job->admin->settings);
	struct table *table;

	if (!job->keywords || !lists->len)
		return;
	putchar('\n');
	table = table_new(titles);
	for (guint i = 0; i < lists->len; i++) {
		const struct keyword_list *list = &g_array_index(
			lists, struct keyword_list, i);

		table_add(table, TABLE_PLAIN, "%s", list->name);
		table_add(table, TABLE_PLAIN, "%u",
			  keywordset_phrases(job->keywords, i));
		table_add(table, TABLE_PLAIN, "%.3g", list->score);
		table_add(table, TABLE_PLAIN, "%s", action_word(list->action));
		table_add(table, TABLE_PLAIN, "%s", list->symbol);
	}
	table_print(table);
	table_free(table);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Settings of SpamAssassin's own, that are no rules. */
static void print_ignored(const struct ruleset *set)
{
	g_autofree gpointer *words = g_hash_table_get_keys_as_array(
		set->ignored, NULL);
	guint count = g_hash_table_size(set->ignored);

	if (!count)
		return;
	qsort(words, count, sizeof *words, by_text);
	printf("\nlines that are no rules, and passed over:\n");
	for (guint i = 0; i < count; i++)
		printf("  %u %s\n", GPOINTER_TO_UINT(g_hash_table_lookup(
			set->ignored, words[i])), (const char *)words[i]);
}

static int run_check(struct admin *admin, const struct command *self,
		     int argc, char **argv)
{
	struct rulesjob job = { .admin = admin, .self = self };
	int status = admin_parse(self, NULL, &argc, &argv);

	if (status == EX_OK && argc > 1)
		job.globs = g_strdupv(argv + 1);
	if (status == EX_OK)
		status = rulesjob_read(&job);
	if (status == EX_OK) {
		print_kinds(job.set);
		if (job.set->problems->len)
			putchar('\n');
		for (guint i = 0; i < job.set->problems->len; i++) {
			const struct rule_problem *problem = &g_array_index(
				job.set->problems, struct rule_problem, i);

			printf("%s:%u: %s\n", problem->file, problem->line,
			       problem->what);
		}
		print_ignored(job.set);
		print_keywords(&job);
	}
	rulesjob_end(&job);
	return status;
}

static const struct command verbs[] = {
	{
		.name = "rules check",
		.arguments = "[FILE...]",
		.summary = "What of the rules can run, and what cannot, and why",
		.examples = "  reevectl rules check\n"
			    "  reevectl rules check "
			    "'/usr/share/spamassassin/*.cf'\n",
		.run = run_check,
	}, {
		.name = "rules list",
		.arguments = "[OPTION...]",
		.summary = "All rules with their scores",
		.examples = "  reevectl rules list\n",
		.run = run_list,
	}, {
		.name = "rules match",
		.arguments = "[OPTION...] FILE|FOLDER|-...",
		.summary = "The rules that hit a message",
		.examples =
		"  reevectl rules match message.eml\n"
		"  reevectl rules match --rules 'my/*.cf' --json folder\n",
		.run = rulesmatch_run,
	}, {
		.name = "rules profile",
		.arguments = "[OPTION...] FILE|FOLDER|-...",
		.summary = "The time that each rule takes, slowest first",
		.examples = "  reevectl rules profile --limit 10 folder\n",
		.run = rulesprofile_run,
	},
};

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	return admin_run_verb(admin, self, verbs, COUNT_OF(verbs), argc, argv);
}

const struct command command_rules = {
	.name = "rules",
	.arguments = "check|list|match|profile ...",
	.summary = "Content rules: what they are, and what they hit",
	.run = run,
};
