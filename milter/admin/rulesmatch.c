#include <config.h>

#include "admin/rulesmatch.h"

#include "admin/input.h"
#include "admin/rulesjob.h"
#include "admin/table.h"
#include "content/keywordcheck.h"
#include "content/match.h"
#include "message/rawmessage.h"

#include <jansson.h>
#include <stdio.h>
#include <sysexits.h>

static json_t *names_of(const struct rulesjob *job,
			const struct matches *matches, bool is_sub)
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

static json_t *hits_of(const struct rulesjob *job,
		       const struct matches *matches,
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

static void print_hits(const struct rulesjob *job,
		       const struct matches *matches, struct transaction *tx)
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
	const struct rulesjob *job = mydata;
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

int rulesmatch_run(struct admin *admin, const struct command *self, int argc,
		   char **argv)
{
	struct rulesjob job = {
		.admin = admin, .self = self, .is_matched = true,
	};
	const GOptionEntry entries[] = {
		rulesjob_option(&job),
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object a line", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = input_parse(self, entries, &argc, &argv);

	if (status == EX_OK)
		status = rulesjob_read(&job);
	if (status == EX_OK)
		status = input_each(self, argc - 1, argv + 1, match_one, &job);
	rulesjob_end(&job);
	return status;
}
