#include <config.h>

#include "report/monthly.h"

#include "cases/casesettings.h"
#include "report/monthlydesk.h"
#include "report/monthlymail.h"
#include "report/reportsettings.h"
#include "store/day.h"
#include "store/search.h"
#include "store/storeerror.h"

/* All that a report is made of. */
struct making {
	const struct settings *settings;
	const struct monthly *wish;
	struct month month;
	struct monthlymail *mail;
	struct monthlydesk *desk;
	struct figures *figures;
};

static bool take_record(const struct search_hit *hit, void *context)
{
	monthlymail_add(context, hit->record);
	return true;
}

static bool read_records(struct making *on, GPtrArray *problems,
			 GError **error)
{
	const struct search_query query = {
		.since_us = on->month.begins_us[0],
		.until_us = on->month.begins_us[on->month.days],
		.kind = RECORD_MESSAGE,
	};
	struct search_result result;
	bool is_done = search_run(on->wish->records_dir, &query, take_record,
				  on->mail, &result, error);

	for (guint i = 0; i < result.problems->len; i++)
		g_ptr_array_add(problems, g_strdup(g_ptr_array_index(
			result.problems, i)));
	search_result_release(&result);
	return is_done;
}

static void add_time(struct figures *figures, const char *name,
		     const char *title, int64_t time_us)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(
		time_us / G_USEC_PER_SEC);
	g_autofree char *text = g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");

	figures_add_fact(figures, name, title, text);
}

/* Records go when their term is over: of an old month there may
 * be none any more. */
static void add_first_day(struct making *on)
{
	g_autofree char *dir = g_build_filename(on->wish->records_dir,
						"records", NULL);
	GArray *days = day_list(dir, NULL);
	char text[DAY_TEXT_MAX];

	if (days && days->len && day_begin_us(g_array_index(
			days, int64_t, 0)) > on->month.begins_us[0])
		figures_add_fact(on->figures, "records_from",
			"records are there from", day_format(
				g_array_index(days, int64_t, 0), text));
	if (days)
		g_array_unref(days);
}

static void add_facts(struct making *on)
{
	const struct report_settings *reporter =
		report_settings_of(on->settings);
	const struct case_settings *cases = case_settings_of(on->settings);
	int64_t end_us = on->month.begins_us[on->month.days];
	char text[MONTH_TEXT_MAX];

	figures_add_fact(on->figures, "month", "month",
			 month_format(&on->month, text));
	figures_add_fact(on->figures, "zone", "time zone", *cases->zone ?
			 cases->zone : "local");
	figures_add_fact(on->figures, "organisation", "organisation",
			 reporter->organisation);
	figures_add_fact(on->figures, "contact", "contact",
			 reporter->contact);
	add_time(on->figures, "made", "made", on->wish->now_us);
	if (on->wish->now_us < end_us)
		figures_add_fact(on->figures, "state", "state",
				 "the month is not over yet");
	add_first_day(on);
}

static void add_row(struct figures *figures, const char *name, uint64_t number)
{
	figures_add_text(figures, name);
	figures_add_number(figures, (double)number);
}

static void tell_overview(struct making *on)
{
	static const struct figures_column columns[] = {
		{ "figure", "Figure", FIGURES_TEXT, false },
		{ "count", "Count", FIGURES_COUNT, false },
		{ NULL, NULL, FIGURES_TEXT, false },
	};
	static const struct { const char *name; enum monthlydesk_count which; }
	rows[] = {
		{ "complaints", MONTHLYDESK_COMPLAINTS },
		{ "complaints_matched", MONTHLYDESK_MATCHED },
		{ "incidents", MONTHLYDESK_INCIDENTS },
		{ "cases_opened", MONTHLYDESK_CASES },
		{ "warnings", MONTHLYDESK_WARNINGS },
		{ "suspensions", MONTHLYDESK_SUSPENSIONS },
		{ "resumptions", MONTHLYDESK_RESUMPTIONS },
		{ "terminations", MONTHLYDESK_TERMINATIONS },
		{ "cases_closed", MONTHLYDESK_CLOSED },
		{ "reports_to_authority", MONTHLYDESK_REPORTS },
		{ "customers_new", MONTHLYDESK_NEW_CUSTOMERS },
	};

	figures_begin(on->figures, "overview", "Overview", columns);
	add_row(on->figures, "messages", monthlymail_messages(on->mail));
	add_row(on->figures, "stopped", monthlymail_stopped(on->mail));
	add_row(on->figures, "originals_kept",
		monthlymail_originals(on->mail));
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		add_row(on->figures, rows[i].name,
			monthlydesk_count(on->desk, rows[i].which));
	add_row(on->figures, "customers_now",
		monthlydesk_customers(on->desk));
}

static void tell_week(struct making *on, int week)
{
	static const enum monthlydesk_count shown[] = {
		MONTHLYDESK_COMPLAINTS, MONTHLYDESK_CASES,
		MONTHLYDESK_WARNINGS, MONTHLYDESK_SUSPENSIONS,
	};
	int first = MAX(week * 7 - on->month.weekday, 0);
	int last = MIN(week * 7 - on->month.weekday + 7, on->month.days);
	char text[MONTH_TEXT_MAX];

	figures_add_text(on->figures, month_format_week(&on->month, week,
							text));
	figures_add_number(on->figures, (double)monthlymail_messages_of(
		on->mail, first, last));
	figures_add_number(on->figures, (double)monthlymail_stopped_of(
		on->mail, first, last));
	for (size_t i = 0; i < COUNT_OF(shown); i++)
		figures_add_number(on->figures, (double)monthlydesk_count_of(
			on->desk, shown[i], first, last));
}

static void tell_weeks(struct making *on)
{
	static const struct figures_column columns[] = {
		{ "week", "Week", FIGURES_TEXT, false },
		{ "messages", "Messages", FIGURES_COUNT, true },
		{ "stopped", "Stopped", FIGURES_COUNT, true },
		{ "complaints", "Complaints", FIGURES_COUNT, false },
		{ "cases", "Cases", FIGURES_COUNT, false },
		{ "warnings", "Warnings", FIGURES_COUNT, false },
		{ "suspensions", "Suspensions", FIGURES_COUNT, false },
		{ NULL, NULL, FIGURES_TEXT, false },
	};

	figures_begin(on->figures, "weeks", "By week", columns);
	for (int week = 0; week < on->month.weeks; week++)
		tell_week(on, week);
}

static void tell(struct making *on)
{
	char text[MONTH_TEXT_MAX];
	g_autofree char *title = g_strdup_printf("Monthly report %s",
		month_format(&on->month, text));

	on->figures = figures_new(title);
	add_facts(on);
	tell_overview(on);
	monthlydesk_tell(on->desk, on->figures);
	tell_weeks(on);
	monthlymail_tell(on->mail, on->figures);
}

struct figures *monthly_make(struct state *state,
			     const struct settings *settings,
			     const struct monthly *wish, GPtrArray *problems,
			     GError **error)
{
	const struct case_settings *cases = case_settings_of(settings);
	struct making on = { .settings = settings, .wish = wish };

	if (!month_init(&on.month, wish->year, wish->number, cases->zone)) {
		store_error_set_text(error, STORE_ERROR_INVALID,
				     "calendar.zone: no such time zone");
		return NULL;
	}
	on.mail = monthlymail_new(&on.month);
	on.desk = monthlydesk_new(state, &on.month, wish->now_us, error);
	if (on.desk && read_records(&on, problems, error))
		tell(&on);
	monthlymail_free(on.mail);
	monthlydesk_free(on.desk);
	return on.figures;
}
