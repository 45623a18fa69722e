#include <config.h>

#include "admin/reportusers.h"

#include "admin/auditlog.h"
#include "admin/desk.h"
#include "admin/figuresprint.h"
#include "admin/outfile.h"
#include "cases/customerbook.h"
#include "report/figuresdata.h"
#include "report/users.h"
#include "report/usersjson.h"

#include <stdio.h>
#include <sysexits.h>

/* since_us negative: the list. */
struct asked {
	int64_t since_us;
	struct arena arena;		/* of a line of JSON */
};

static struct figures *make(struct state *state, const struct asked *asked,
			    GError **error)
{
	return asked->since_us < 0 ? users_list(state, error) :
	       users_changes(state, asked->since_us, error);
}

static bool print_text(struct state *state, struct asked *asked,
		       GError **error)
{
	struct figures *figures = make(state, asked, error);

	if (figures)
		figuresprint_table(g_ptr_array_index(figures->tables, 0));
	figures_free(figures);
	return figures != NULL;
}

static bool print_csv(struct state *state, struct asked *asked, GError **error)
{
	struct figures *figures = make(state, asked, error);
	g_autofree char *text = figures ? figuresdata_csv_table(
		g_ptr_array_index(figures->tables, 0)) : NULL;

	if (text)
		fputs(text, stdout);
	figures_free(figures);
	return text != NULL;
}

/* Takes the object. */
static void print_line(struct asked *asked, json_t *object)
{
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
	arena_reset(&asked->arena);
}

static bool take_customer(const struct customer_entry *entry, void *context)
{
	struct asked *asked = context;

	print_line(asked, usersjson_customer(entry, &asked->arena));
	return true;
}

static bool take_change(const struct customer_change *change, void *context)
{
	struct asked *asked = context;

	print_line(asked, usersjson_change(change, &asked->arena));
	return true;
}

static bool print_json(struct state *state, struct asked *asked,
		       GError **error)
{
	return asked->since_us < 0 ?
	       customerbook_each(state, NULL, take_customer, asked, error) :
	       customerchanges_each(state, asked->since_us, take_change,
				    asked, error);
}

static const struct format {
	const char *name;
	bool (*print)(struct state *state, struct asked *asked,
		      GError **error);
} formats[] = {
	{ "text", print_text }, { "csv", print_csv }, { "json", print_json },
};

static const struct format *find_format(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(formats); i++)
		if (g_str_equal(formats[i].name, name))
			return &formats[i];
	return NULL;
}

static int print_all(const struct admin *admin, const struct command *self,
		     struct asked *asked, const struct format *format)
{
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_open(admin, self, &status);

	if (!state)
		return status;
	arena_init(&asked->arena);
	if (!format->print(state, asked, &why))
		status = admin_fail_store(self, why);
	arena_release(&asked->arena);
	state_close(&state);
	return status;
}

static int take_since(const struct command *self, const char *text,
		      struct asked *asked)
{
	asked->since_us = -1;
	if (!text)
		return EX_OK;
	if (admin_parse_time(text, &asked->since_us) && asked->since_us >= 0)
		return EX_OK;
	return admin_fail(self, EX_USAGE, "--since: \"%s\" is no time; write "
			  "2026-11-23, 2026-11-23T10:00 or 7d (ago)", text);
}

int reportusers_run(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	g_autofree char *format_name = NULL, *output = NULL, *reason = NULL;
	g_autofree char *words = g_strjoinv(" ", argv + 1), *since = NULL;
	const GOptionEntry entries[] = {
		{ "since", 0, 0, G_OPTION_ARG_STRING, &since,
		  "Not the list, but what was changed at or after", "TIME" },
		{ "format", 0, 0, G_OPTION_ARG_STRING, &format_name,
		  "text (preset), csv or json, one object a line", "WORD" },
		{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
		  "A new file, not standard output", "FILE" },
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &reason,
		  "What for: reevectl audit tells it", "TEXT" },
		G_OPTION_ENTRY_NULL,
	};
	const struct format *format = NULL;
	struct asked asked = { .since_us = -1 };
	int status = admin_parse(self, entries, &argc, &argv), fd = -1;

	if (status == EX_OK && argc > 1)
		status = admin_fail(self, EX_USAGE, "takes options only");
	format = find_format(format_name ? format_name : admin->is_json ?
			     "json" : "text");
	if (status == EX_OK && !format)
		status = admin_fail(self, EX_USAGE,
				    "--format: text, csv or json");
	if (status == EX_OK)
		status = take_since(self, since, &asked);
	if (status == EX_OK)
		status = outfile_open(self, output, &fd);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, words, reason);
	if (status == EX_OK)
		status = outfile_print_to(self, fd);
	if (status == EX_OK)
		status = print_all(admin, self, &asked, format);
	return outfile_close(self, output, fd, status);
}
