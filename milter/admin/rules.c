#include <config.h>

#include "admin/admin.h"

#include "admin/input.h"
#include "admin/table.h"
#include "content/keywordcheck.h"
#include "content/keywordlists.h"
#include "content/keywordset.h"
#include "content/match.h"
#include "content/rulefiles.h"
#include "message/rawmessage.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* The rules to look at, and what to do with them. */
struct job {
	struct admin *admin;
	const struct command *self;
	char **globs;			/* --rules; NULL: those of the
					 * settings */
	bool is_matched;		/* messages will be matched */
	struct ruleset *own;		/* read for --rules */
	const struct ruleset *set;
	const struct keywordset *keywords;	/* NULL: with rules of
						 * its own */
};

static int read_own(struct job *job)
{
	g_autoptr(GPtrArray) globs = g_ptr_array_new(), files = NULL;
	g_autoptr(GError) why = NULL;

	for (char **glob = job->globs; *glob; glob++)
		g_ptr_array_add(globs, *glob);
	files = rulefiles_expand(globs, &why);
	if (files && !files->len)
		return admin_fail(job->self, EX_NOINPUT,
				  "no file fits %s", job->globs[0]);
	if (files)
		job->own = ruleset_load(files, &why);
	if (!job->own)
		return admin_fail(job->self, EX_DATAERR, "%s", why->message);
	if (job->is_matched)
		rulefiles_filter(job->admin->settings, job->own);
	job->set = job->own;
	return EX_OK;
}

static int read_rules(struct job *job)
{
	g_autoptr(GError) why = NULL;
	int status = admin_load(job->admin);

	if (status != EX_OK)
		return status;
	if (job->globs && *job->globs)
		return read_own(job);
	job->set = rulefiles_of(job->admin->settings, &why);
	if (job->set)
		job->keywords = keywordlists_of(job->admin->settings, &why);
	return job->keywords ? EX_OK : admin_fail(job->self, EX_CONFIG, "%s",
					     why->message);
}

static void end(struct job *job)
{
	ruleset_free(job->own);
	g_strfreev(job->globs);
}

static const char *state_of(const struct rule *rule)
{
	return !rule->is_off ? "on" :
	       ruleset_is_lacking(rule) ? "not supported" : "score 0";
}

static GOptionEntry rules_option(struct job *job)
{
	return (GOptionEntry){
		"rules", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &job->globs,
		"Rule files instead of those of the settings", "GLOB",
	};
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
	struct job job = { .admin = admin, .self = self };
	const GOptionEntry entries[] = {
		rules_option(&job), G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);
	struct table *table;

	if (status == EX_OK)
		status = read_rules(&job);
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
	end(&job);
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
static void print_keywords(const struct job *job)
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
	struct job job = { .admin = admin, .self = self };
	int status = admin_parse(self, NULL, &argc, &argv);

	if (status == EX_OK && argc > 1)
		job.globs = g_strdupv(argv + 1);
	if (status == EX_OK)
		status = read_rules(&job);
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
	end(&job);
	return status;
}

static json_t *names_of(const struct job *job, const struct matches *matches,
			bool is_sub)
{
	json_t *array = json_array();

	for (guint i = 0; i < job->set->rules->len; i++) {
		const struct rule *rule = g_ptr_array_index(job->set->rules,
							    i);

		if (rule->is_sub == is_sub && matches_is_hit(matches, rule))
			json_array_append_new(array, json_string(rule->name));
	}
	return array;
}

static const struct finding *finding_at(const struct transaction *tx, guint i)
{
	return &g_array_index(tx->findings, struct finding, i);
}

/* Rules and keyword lists. */
static double score_of(const struct matches *matches,
		       const struct transaction *tx)
{
	double score = matches->score;

	for (guint i = 0; i < tx->findings->len; i++)
		score += finding_at(tx, i)->score;
	return score;
}

static json_t *hits_of(const struct job *job, const struct matches *matches,
		       const struct transaction *tx)
{
	json_t *array = names_of(job, matches, false);

	for (guint i = 0; i < tx->findings->len; i++)
		json_array_append_new(array,
				      json_string(finding_at(tx, i)->symbol));
	return array;
}

static void add_hit(struct table *table, const char *name, double score,
		    const char *what)
{
	table_add(table, TABLE_PLAIN, "%s", name);
	table_add(table, TABLE_PLAIN, "%.1f", score);
	table_add(table, TABLE_PLAIN, "%s", what);
}

static void print_hits(const struct job *job, const struct matches *matches,
		       struct transaction *tx)
{
	static const char *const titles[] = {
		"rule", "score", "what matched", NULL,
	};
	struct table *table = table_new(titles);

	printf("score %.1f\n", score_of(matches, tx));
	for (guint i = 0; i < job->set->rules->len; i++) {
		const struct rule *rule = g_ptr_array_index(job->set->rules,
							    i);
		const char *found;

		if (rule->is_sub || !matches_is_hit(matches, rule))
			continue;
		found = matches_found(matches, rule, &tx->arena);
		add_hit(table, rule->name, rule->score, found ? found :
			rule->describe ? rule->describe : "");
	}
	for (guint i = 0; i < tx->findings->len; i++)
		add_hit(table, finding_at(tx, i)->symbol,
			finding_at(tx, i)->score, finding_at(tx, i)->detail);
	table_print(table);
	table_free(table);
}

static int match_one(void *mydata, struct span bytes, const char *name,
		     bool is_named)
{
	static const struct session_facts session = { .messages = 0 };
	const struct job *job = mydata;
	struct transaction tx;
	const struct matches *matches;

	transaction_init(&tx, job->admin->settings, &session);
	rawmessage_take(&tx, bytes);
	matches = match_run(job->set, &tx);
	if (job->keywords)
		keywordcheck_message(&tx);
	if (is_named || job->admin->is_json) {
		json_t *object = json_pack("{s:s, s:f, s:o, s:o}", "file", name,
			"score", score_of(matches, &tx),
			"hits", hits_of(job, matches, &tx),
			"subhits", names_of(job, matches, true));

		json_dumpf(object, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(object);
	} else {
		print_hits(job, matches, &tx);
	}
	transaction_release(&tx);
	return EX_OK;
}

static int run_match(struct admin *admin, const struct command *self,
		     int argc, char **argv)
{
	struct job job = {
		.admin = admin, .self = self, .is_matched = true,
	};
	const GOptionEntry entries[] = {
		rules_option(&job),
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object a line", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && argc < 2)
		status = admin_fail(self, EX_USAGE,
				    "a FILE, a folder or - is needed");
	if (status == EX_OK)
		status = read_rules(&job);
	if (status == EX_OK)
		status = input_each(self, argc - 1, argv + 1, match_one, &job);
	end(&job);
	return status;
}

/* Of one set: what all messages took so far. */
struct profile {
	const struct job *job;
	int64_t *nanoseconds;		/* see match_profile() */
	unsigned messages;
};

static int profile_one(void *mydata, struct span bytes, const char *name,
		       bool is_named)
{
	static const struct session_facts session = { .messages = 0 };
	struct profile *profile = mydata;
	struct transaction tx;

	(void)name;
	(void)is_named;
	transaction_init(&tx, profile->job->admin->settings, &session);
	rawmessage_take(&tx, bytes);
	(void)match_profile(profile->job->set, &tx, profile->nanoseconds);
	profile->messages++;
	transaction_release(&tx);
	return EX_OK;
}

static int by_time(gconstpointer a, gconstpointer b, gpointer mydata)
{
	const int64_t *nanoseconds = mydata;
	int64_t first = nanoseconds[*(const guint *)a];
	int64_t second = nanoseconds[*(const guint *)b];

	return first < second ? 1 : first > second ? -1 : 0;
}

static void print_cost(struct table *table, const struct profile *profile,
		       guint index, int64_t all)
{
	const struct ruleset *set = profile->job->set;
	const struct rule *rule = index < set->rules->len ?
		g_ptr_array_index(set->rules, index) : NULL;
	double spent = (double)profile->nanoseconds[index];

	table_add(table, TABLE_PLAIN, "%s", rule ? rule->name : "-");
	table_add(table, TABLE_PLAIN, "%.1f",
		  spent / 1000 / profile->messages);
	table_add(table, TABLE_PLAIN, "%.1f",
		  all ? 100 * spent / (double)all : 0);
	if (rule)
		table_add(table, TABLE_PLAIN, "%s:%u", rule->file,
			  rule->line);
	else
		table_add(table, TABLE_PLAIN, "the message's text, and one "
			  "pass over it");
}

static void print_profile(const struct profile *profile, int64_t limit)
{
	static const char *const titles[] = {
		"rule", "microseconds a message", "%", "where", NULL,
	};
	struct table *table = table_new(titles);
	guint count = profile->job->set->rules->len + 1;
	g_autofree guint *order = g_new(guint, count);
	int64_t all = 0;

	for (guint i = 0; i < count; i++) {
		order[i] = i;
		all += profile->nanoseconds[i];
	}
	g_qsort_with_data(order, (gint)count, sizeof *order, by_time,
			  profile->nanoseconds);
	for (guint i = 0; i < count && i < limit; i++)
		if (profile->nanoseconds[order[i]])
			print_cost(table, profile, order[i], all);
	printf("%u messages, %.1f microseconds each\n", profile->messages,
	       (double)all / 1000 / profile->messages);
	table_print(table);
	table_free(table);
}

static int run_profile(struct admin *admin, const struct command *self,
		       int argc, char **argv)
{
	struct job job = {
		.admin = admin, .self = self, .is_matched = true,
	};
	struct profile profile = { .job = &job };
	int64_t limit = 30;
	const GOptionEntry entries[] = {
		rules_option(&job),
		{ "limit", 0, 0, G_OPTION_ARG_INT64, &limit,
		  "So many rules (30)", "COUNT" },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && argc < 2)
		status = admin_fail(self, EX_USAGE,
				    "a FILE, a folder or - is needed");
	if (status == EX_OK)
		status = read_rules(&job);
	if (status == EX_OK) {
		profile.nanoseconds = g_new0(int64_t, job.set->rules->len + 1);
		status = input_each(self, argc - 1, argv + 1, profile_one,
				    &profile);
	}
	if (status == EX_OK && profile.messages)
		print_profile(&profile, limit);
	g_free(profile.nanoseconds);
	end(&job);
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
		.run = run_match,
	}, {
		.name = "rules profile",
		.arguments = "[OPTION...] FILE|FOLDER|-...",
		.summary = "The time that each rule takes, slowest first",
		.examples = "  reevectl rules profile --limit 10 folder\n",
		.run = run_profile,
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
