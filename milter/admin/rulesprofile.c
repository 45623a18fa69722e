#include <config.h>

#include "admin/rulesprofile.h"

#include "admin/input.h"
#include "admin/rulesjob.h"
#include "admin/table.h"
#include "content/match.h"
#include "message/rawmessage.h"

#include <stdio.h>
#include <sysexits.h>

/* Of one set: what all messages took so far. */
struct profile {
	const struct rulesjob *job;
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

int rulesprofile_run(struct admin *admin, const struct command *self, int argc,
		     char **argv)
{
	struct rulesjob job = {
		.admin = admin, .self = self, .is_matched = true,
	};
	struct profile profile = { .job = &job };
	int64_t limit = 30;
	const GOptionEntry entries[] = {
		rulesjob_option(&job),
		{ "limit", 0, 0, G_OPTION_ARG_INT64, &limit,
		  "So many rules (30)", "COUNT" },
		G_OPTION_ENTRY_NULL,
	};
	int status = input_parse(self, entries, &argc, &argv);

	if (status == EX_OK)
		status = rulesjob_read(&job);
	if (status == EX_OK) {
		profile.nanoseconds = g_new0(int64_t, job.set->rules->len + 1);
		status = input_each(self, argc - 1, argv + 1, profile_one,
				    &profile);
	}
	if (status == EX_OK && profile.messages)
		print_profile(&profile, limit);
	g_free(profile.nanoseconds);
	rulesjob_end(&job);
	return status;
}
