#include <config.h>

#include "admin/admin.h"

#include "admin/desk.h"
#include "admin/limitsshow.h"
#include "base/clock.h"
#include "bulk/exemptions.h"
#include "bulk/limitsettings.h"

#include <stdio.h>
#include <sysexits.h>

#define TOP_PRESET 20

static int check_limit(const struct admin *admin, const struct command *self,
		       const char *name)
{
	const GArray *all = limit_settings_all(admin->settings);
	g_autoptr(GString) known = g_string_new(NULL);

	if (!name || limit_settings_find(admin->settings, name))
		return EX_OK;
	for (guint i = 0; i < all->len; i++)
		g_string_append_printf(known, "%s%s", i ? ", " : "",
			g_array_index(all, struct limit, i).name);
	return admin_fail(self, EX_USAGE, "--limit: \"%s\" is none of %s",
			  name, known->str);
}

static int run_show(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	g_autofree char *limit = NULL, *key = NULL;
	const GOptionEntry entries[] = {
		{ "limit", 'l', 0, G_OPTION_ARG_STRING, &limit,
		  "Of this limit alone", "NAME" },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);
	struct limitsshow_query query = { .admin = admin };

	if (status == EX_OK && argc > 2)
		status = admin_fail(self, EX_USAGE, "one KEY at most");
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = check_limit(admin, self, limit);
	if (status != EX_OK)
		return status;
	key = argc == 2 ? g_ascii_strdown(argv[1], -1) : NULL;
	query.limit = limit;
	query.key = key;
	query.is_with_exceptions = true;
	return limitsshow_print(&query, self, G_MAXUINT);
}

static int run_top(struct admin *admin, const struct command *self, int argc,
		   char **argv)
{
	g_autofree char *limit = NULL;
	int most = TOP_PRESET;
	const GOptionEntry entries[] = {
		{ "limit", 'l', 0, G_OPTION_ARG_STRING, &limit,
		  "Of this limit alone", "NAME" },
		{ "count", 'n', 0, G_OPTION_ARG_INT, &most,
		  "So many (20)", "N" },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);
	struct limitsshow_query query = { .admin = admin };

	if (status == EX_OK && (argc > 1 || most < 1))
		status = admin_fail(self, EX_USAGE, "takes --limit NAME and "
				    "--count N, from 1 on");
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = check_limit(admin, self, limit);
	query.limit = limit;
	return status == EX_OK ? limitsshow_print(&query, self, (guint)most) :
				 status;
}

static int put(struct admin *admin, const struct command *self,
	       struct exemption *exemption, const char *said)
{
	g_autofree char *who = admin_operator();
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_open(admin, self, &status);

	if (!state)
		return status;
	exemption->operator_name = who;
	exemption->created_us = clock_now_us();
	if (!exemptions_put(state, exemption, &why))
		status = admin_fail_store(self, why);
	else if (admin->is_json)
		printf("{\"limits\":\"%s\"}\n", said);
	else
		printf("%s; in force from now on\n", said);
	state_close(&state);
	return status;
}

static int lower(struct admin *admin, const struct command *self,
		 const struct exemption *exemption)
{
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_open(admin, self, &status);

	if (!state)
		return status;
	if (!exemptions_lower(state, exemption->limit, exemption->key, &why))
		status = desk_fail_named(self, why);
	else
		puts(admin->is_json ? "{\"limits\":\"lowered\"}" :
				      "as the settings say again");
	state_close(&state);
	return status;
}

struct raising {
	char *limit, *span, *reason;
	int64_t most, times;
	gboolean is_undone;
};

/* A number for all limits at once would lower some. */
static int take_raise(const struct admin *admin, const struct command *self,
		      const struct raising *asked, struct exemption *out)
{
	const struct limit *limit = asked->limit ?
		limit_settings_find(admin->settings, asked->limit) : NULL;
	uint64_t most = (uint64_t)MAX(asked->most, 0);
	int64_t span_us = 0;

	if (asked->is_undone)
		return EX_OK;
	if ((asked->most > 0) == (asked->times > 0))
		return admin_fail(self, EX_USAGE, "needs --times N or "
			"--most N, or --undo");
	if (asked->most > 0 && !limit)
		return admin_fail(self, EX_USAGE,
				  "--most needs --limit NAME");
	if (limit && limit->count == LIMIT_BYTES)
		most /= 1024;
	if ((asked->most > 0 && most <= limit->most) || asked->times == 1)
		return admin_fail(self, EX_USAGE,
				  "that is no more than the settings let");
	if (asked->span && !admin_parse_span(asked->span, &span_us))
		return admin_fail(self, EX_USAGE, "--for: \"%s\" is no span; "
			"write 30min, 12h, 7d or never", asked->span);
	out->most = most;
	out->times = (uint64_t)MAX(asked->times, 0);
	out->expires_us = span_us ? clock_now_us() + span_us : 0;
	return EX_OK;
}

static int raise_one(struct admin *admin, const struct command *self,
		     const struct raising *asked, const char *word)
{
	g_autofree char *key = g_ascii_strdown(word, -1);
	struct exemption exemption = {
		.limit = asked->limit ? asked->limit : EXEMPTION_ALL,
		.key = key, .reason = asked->reason ? asked->reason : "",
	};
	int status = check_limit(admin, self, asked->limit);

	if (status == EX_OK)
		status = take_raise(admin, self, asked, &exemption);
	if (status != EX_OK)
		return status;
	return asked->is_undone ? lower(admin, self, &exemption) :
				  put(admin, self, &exemption, "raised");
}

static int run_raise(struct admin *admin, const struct command *self,
		     int argc, char **argv)
{
	struct raising asked = { .span = NULL };
	const GOptionEntry entries[] = {
		{ "limit", 'l', 0, G_OPTION_ARG_STRING, &asked.limit,
		  "This limit alone", "NAME" },
		{ "times", 't', 0, G_OPTION_ARG_INT64, &asked.times,
		  "To so many times what the settings say", "N" },
		{ "most", 'm', 0, G_OPTION_ARG_INT64, &asked.most,
		  "To so many (bytes are bytes)", "N" },
		{ "for", 'f', 0, G_OPTION_ARG_STRING, &asked.span,
		  "For so long (30min, 12h, 7d; never ends without)",
		  "SPAN" },
		{ "reason", 'r', 0, G_OPTION_ARG_STRING, &asked.reason,
		  "Why, for those who come after", "TEXT" },
		{ "undo", 'u', 0, G_OPTION_ARG_NONE, &asked.is_undone,
		  "As the settings say again", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && argc != 2)
		status = admin_fail(self, EX_USAGE, "needs one KEY");
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = raise_one(admin, self, &asked, argv[1]);
	g_free(asked.limit);
	g_free(asked.span);
	g_free(asked.reason);
	return status;
}

static int run_clear(struct admin *admin, const struct command *self,
		     int argc, char **argv)
{
	g_autofree char *limit = NULL, *reason = NULL, *key = NULL;
	const GOptionEntry entries[] = {
		{ "limit", 'l', 0, G_OPTION_ARG_STRING, &limit,
		  "This limit alone", "NAME" },
		{ "reason", 'r', 0, G_OPTION_ARG_STRING, &reason,
		  "Why, for those who come after", "TEXT" },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);
	struct exemption exemption = { .clear_us = clock_now_us() };

	if (status == EX_OK && argc != 2)
		status = admin_fail(self, EX_USAGE, "needs one KEY");
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = check_limit(admin, self, limit);
	if (status != EX_OK)
		return status;
	key = g_ascii_strdown(argv[1], -1);
	exemption.limit = limit ? limit : EXEMPTION_ALL;
	exemption.key = key;
	exemption.reason = reason ? reason : "";
	return put(admin, self, &exemption, "cleared");
}

#define KEYS "KEY is as limits show writes it: a login, an address, " \
	"192.0.2.0/24, a domain,\nor both of a pair with a comma between.\n"

static const struct command verbs[] = {
	{
		.name = "limits show",
		.arguments = "[--limit NAME] [KEY]",
		.summary = "What is counted, the fullest first",
		.examples = "  reevectl limits show alice\n" KEYS,
		.run = run_show,
	}, {
		.name = "limits top",
		.arguments = "[--limit NAME] [--count N]",
		.summary = "The keys that are nearest to their limits",
		.examples = "  reevectl limits top --count 5\n",
		.run = run_top,
	}, {
		.name = "limits raise",
		.arguments = "--times N|--most N|--undo [OPTION...] KEY",
		.summary = "Let a key have more, for a time",
		.examples =
		"  reevectl limits raise --times 5 --for 7d "
		"--reason \"newsletter\" alice\n"
		"  reevectl limits raise --limit account-messages "
		"--most 5000 alice\n"
		"  reevectl limits raise --undo alice\n" KEYS,
		.run = run_raise,
	}, {
		.name = "limits clear",
		.arguments = "[--limit NAME] [--reason TEXT] KEY",
		.summary = "Forget what was counted: the limit frees at once",
		.examples = "  reevectl limits clear alice\n" KEYS,
		.run = run_clear,
	},
};

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	return admin_run_verb(admin, self, verbs, COUNT_OF(verbs), argc, argv);
}

const struct command command_limits = {
	.name = "limits",
	.arguments = "show|top|raise|clear ...",
	.summary = "Who sends how much, and exceptions from limits",
	.run = run,
};
