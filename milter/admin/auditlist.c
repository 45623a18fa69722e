#include <config.h>

#include "admin/admin.h"

#include "admin/table.h"
#include "settings/global.h"
#include "store/audit.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <sysexits.h>

/* Which entries are asked for. */
struct wanted {
	char *since, *until, *operator_name;	/* as given; NULL: all */
	int64_t since_us, until_us;
};

struct listing {
	const struct admin *admin;
	const struct wanted *wanted;
	struct table *table;
};

static bool is_wanted(const struct wanted *wanted,
		      const struct audit_entry *entry)
{
	return entry->when_us >= wanted->since_us &&
	       (!wanted->until || entry->when_us < wanted->until_us) &&
	       (!wanted->operator_name || g_str_equal(wanted->operator_name,
						      entry->operator_name));
}

static void print_json(const struct audit_entry *entry)
{
	g_autofree char *subject = g_utf8_make_valid(entry->subject, -1);
	g_autofree char *reason = g_utf8_make_valid(entry->reason, -1);
	g_autofree char *name = g_utf8_make_valid(entry->operator_name, -1);
	json_t *object = json_pack("{s:I, s:I, s:s, s:s, s:s, s:s}",
		"sequence", (json_int_t)entry->sequence,
		"when_us", (json_int_t)entry->when_us, "operator", name,
		"action", entry->action, "subject", subject, "reason", reason);

	if (!object)
		return;
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static bool list_entry(const struct audit_entry *entry, void *context)
{
	const struct listing *listing = context;
	g_autofree char *when = admin_format_time(entry->when_us);

	if (!is_wanted(listing->wanted, entry))
		return true;
	if (listing->admin->is_json) {
		print_json(entry);
		return true;
	}
	table_add(listing->table, TABLE_PLAIN, "%s", when);
	table_add(listing->table, TABLE_PLAIN, "%s", entry->operator_name);
	table_add(listing->table, TABLE_PLAIN, "%s", entry->action);
	table_add(listing->table, TABLE_PLAIN, "%s", entry->reason);
	table_add(listing->table, TABLE_PLAIN, "%s", entry->subject);
	return true;
}

static bool print_list(const struct admin *admin, const struct wanted *wanted,
		       struct state *state, int *status, GError **error)
{
	static const char *const titles[] = {
		"when", "operator", "action", "reason", "what", NULL,
	};
	struct listing listing = { admin, wanted, table_new(titles) };
	bool is_done = audit_each(state, list_entry, &listing, error);

	if (is_done && !admin->is_json)
		table_print(listing.table);
	table_free(listing.table);
	*status = EX_OK;
	return is_done;
}

static bool print_check(const struct admin *admin, const struct wanted *wanted,
			struct state *state, int *status, GError **error)
{
	g_autofree char *problem = NULL;
	uint64_t count;

	(void)admin;
	(void)wanted;
	if (!audit_verify(state, &count, &problem, error))
		return false;
	if (problem)
		puts(problem);
	else
		printf("%" PRIu64 " entries: all there, unchanged\n", count);
	*status = problem ? EX_DATAERR : EX_OK;
	return true;
}

/* False with error: the state cannot be read. */
typedef bool audit_fn(const struct admin *admin, const struct wanted *wanted,
		      struct state *state, int *status, GError **error);

static int with_state(const struct admin *admin, const struct command *self,
		      const struct wanted *wanted, audit_fn *then)
{
	g_autoptr(GError) why = NULL;
	struct state *state = state_open(
		global_settings_of(admin->settings)->state_dir, STATE_CREATE,
		&why);
	int status = EX_OK;

	if (!state || !then(admin, wanted, state, &status, &why))
		status = admin_fail(self, EX_UNAVAILABLE, "%s", why->message);
	state_close(&state);
	return status;
}

static int run_list(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	struct wanted wanted = { .since_us = INT64_MIN };
	const GOptionEntry entries[] = {
		{ "since", 0, 0, G_OPTION_ARG_STRING, &wanted.since,
		  "At or after", "TIME" },
		{ "until", 0, 0, G_OPTION_ARG_STRING, &wanted.until, "Before",
		  "TIME" },
		{ "operator", 0, 0, G_OPTION_ARG_STRING, &wanted.operator_name,
		  "Only what this one did", "LOGIN" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object a line", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK)
		status = admin_take_no_words(self, argc, argv);
	if (status == EX_OK)
		status = admin_take_times(self, wanted.since, wanted.until,
					  &wanted.since_us, &wanted.until_us);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = with_state(admin, self, &wanted, print_list);
	g_free(wanted.since);
	g_free(wanted.until);
	g_free(wanted.operator_name);
	return status;
}

static int run_verify(struct admin *admin, const struct command *self,
		      int argc, char **argv)
{
	int status = admin_parse(self, NULL, &argc, &argv);

	if (status == EX_OK)
		status = admin_take_no_words(self, argc, argv);
	if (status == EX_OK)
		status = admin_load(admin);
	return status == EX_OK ? with_state(admin, self, NULL, print_check) :
				 status;
}

static const struct command verbs[] = {
	{
		.name = "audit list",
		.arguments = "[OPTION...]",
		.summary = "Who looked at records, and what for",
		.examples = "  reevectl audit list\n"
			    "  reevectl audit list --since 7d --operator joe\n",
		.run = run_list,
	}, {
		.name = "audit verify",
		.arguments = "",
		.summary = "Look whether that was changed",
		.examples = "  reevectl audit verify\n",
		.run = run_verify,
	},
};

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	return admin_run_verb(admin, self, verbs, COUNT_OF(verbs), argc, argv);
}

const struct command command_audit = {
	.name = "audit",
	.arguments = "list|verify ...",
	.summary = "Who looked at records, and what for",
	.run = run,
};
