#include <config.h>

#include "admin/reportmonthly.h"

#include "admin/auditlog.h"
#include "admin/desk.h"
#include "admin/figuresprint.h"
#include "admin/outfile.h"
#include "base/clock.h"
#include "cases/casesettings.h"
#include "report/figuresdata.h"
#include "report/figureshtml.h"
#include "report/month.h"
#include "report/monthly.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

static void print_csv(const struct figures *figures)
{
	g_autofree char *text = figuresdata_csv(figures);

	fputs(text, stdout);
}

static void print_json(const struct figures *figures)
{
	json_t *object = figuresdata_json(figures);

	json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(object);
}

static void print_html(const struct figures *figures)
{
	g_autofree char *text = figureshtml_format(figures, "en");

	fputs(text, stdout);
}

static const struct format {
	const char *name;
	void (*print)(const struct figures *figures);
} formats[] = {
	{ "text", figuresprint_all }, { "csv", print_csv },
	{ "json", print_json }, { "html", print_html },
};

static const struct format *find_format(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(formats); i++)
		if (g_str_equal(formats[i].name, name))
			return &formats[i];
	return NULL;
}

/* Not given: the last one that is over. */
static int take_month(const struct admin *admin, const struct command *self,
		      const char *text, struct monthly *wish)
{
	const char *zone = case_settings_of(admin->settings)->zone;
	int now;

	wish->now_us = clock_now_us();
	month_before(wish->now_us, zone, &wish->year, &wish->number);
	if (!text)
		return EX_OK;
	now = wish->year * 12 + wish->number + 1;
	if (!month_parse(span_text(text), &wish->year, &wish->number))
		return admin_fail(self, EX_USAGE, "\"%s\" is no month; write "
				  "2026-11", text);
	if (wish->year * 12 + wish->number > now)
		return admin_fail(self, EX_USAGE, "%s has not begun", text);
	return EX_OK;
}

static int make(const struct admin *admin, const struct command *self,
		const struct monthly *wish, const struct format *format)
{
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_open(admin, self, &status);
	struct figures *figures;

	if (!state)
		return status;
	figures = monthly_make(state, admin->settings, wish, problems, &why);
	state_close(&state);
	if (!figures)
		return admin_fail_store(self, why);
	format->print(figures);
	figures_free(figures);
	for (guint i = 0; i < problems->len; i++)
		admin_fail(self, 0, "%s", (const char *)g_ptr_array_index(
				problems, i));
	return problems->len ? EX_DATAERR : EX_OK;
}

int reportmonthly_run(struct admin *admin, const struct command *self,
		      int argc, char **argv)
{
	g_autofree char *format_name = NULL, *output = NULL, *reason = NULL;
	g_autofree char *asked = g_strjoinv(" ", argv + 1);
	const GOptionEntry entries[] = {
		{ "format", 0, 0, G_OPTION_ARG_STRING, &format_name,
		  "text (preset), csv, json or html: one page with charts",
		  "WORD" },
		{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
		  "A new file, not standard output", "FILE" },
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &reason,
		  "What for: reevectl audit tells it", "TEXT" },
		RECORDS_FROM_ENTRY(admin),
		G_OPTION_ENTRY_NULL,
	};
	const struct format *format = NULL;
	struct monthly wish = { .year = 0 };
	int status = admin_parse(self, entries, &argc, &argv), fd = -1;

	if (status == EX_OK && argc > 2)
		status = admin_fail(self, EX_USAGE, "one month at a time");
	format = find_format(format_name ? format_name : admin->is_json ?
			     "json" : "text");
	if (status == EX_OK && !format)
		status = admin_fail(self, EX_USAGE,
				    "--format: text, csv, json or html");
	if (status == EX_OK)
		status = outfile_open(self, output, &fd);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = take_month(admin, self, argc > 1 ? argv[1] : NULL,
				    &wish);
	if (status == EX_OK)
		status = auditlog_note(admin, self, asked, reason);
	if (status == EX_OK)
		status = outfile_print_to(self, fd);
	wish.records_dir = status == EX_OK ? admin_records_from(admin) : NULL;
	if (status == EX_OK)
		status = make(admin, self, &wish, format);
	return outfile_close(self, output, fd, status);
}
