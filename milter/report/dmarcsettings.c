#include <config.h>

#include "report/dmarcsettings.h"

#include "report/reportsettings.h"

#include <string.h>

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

static const struct setting rows[] = {
	SETTING_BOOL(struct dmarcsettings, is_enabled, "dmarc_reports.enabled",
		.preset = false,
		.help = "The daemon sends aggregate reports of each day that "
			"is over (RFC 7489, 7.2) to the domains that ask for "
			"them, through evidence.sendmail. No: only reevectl "
			"report dmarc does."),
	SETTING_TEXT(struct dmarcsettings, org_name, "dmarc_reports.org_name",
		.preset_text = "",
		.help = "The name in these reports. Empty: "
			"report.organisation."),
	SETTING_TEXT(struct dmarcsettings, email, "dmarc_reports.email",
		.preset_text = "",
		.help = "The address that they are from, in the report, in "
			"From and in the envelope: bounces come there. Empty: "
			"report.contact."),
	SETTING_TEXT(struct dmarcsettings, extra_contact,
		"dmarc_reports.extra_contact", .preset_text = "",
		.help = "Another way to reach those who make them, such as the "
			"URL of a page. Empty: none."),
	SETTING_TIME_MS(struct dmarcsettings, wait_ms, "dmarc_reports.wait",
		.preset = HOUR_MS, .min = 0, .max = 23 * HOUR_MS,
		.help = "So long after the end of the day, which is at "
			"midnight UTC, the daemon makes its reports."),
	SETTING_TIME_MS(struct dmarcsettings, retry_ms, "dmarc_reports.retry",
		.preset = 15 * MINUTE_MS, .min = 1000, .max = DAY_MS,
		.help = "A report that could not be sent is tried again after "
			"this, then after twice as long, and so on up to 12 "
			"hours."),
	SETTING_TIME_MS(struct dmarcsettings, give_up_ms,
		"dmarc_reports.give_up", .preset = 3 * DAY_MS, .min = HOUR_MS,
		.max = 30 * DAY_MS,
		.help = "So long after it was made a report is tried no more. "
			"Of days that end while the daemon does not run, the "
			"reports of so many are made up for."),
	SETTING_COUNT(struct dmarcsettings, destinations,
		"dmarc_reports.destinations", .preset = 5, .min = 2, .max = 100,
		.help = "Addresses of one domain that get its report: a "
			"stranger's policy can name any number."),
	SETTING_COUNT(struct dmarcsettings, rows, "dmarc_reports.rows",
		.preset = 10000, .min = 10, .max = 1000000,
		.help = "Rows of one report. Messages past that are counted in "
			"it as left out."),
	SETTING_COUNT(struct dmarcsettings, day_rows, "dmarc_reports.day_rows",
		.preset = 500000, .min = 100, .max = 100000000,
		.help = "Rows of all reports of one day, which are in memory "
			"while they are made: 300 to 500 bytes each."),
};

static void replace_empty(char **text, const char *with)
{
	if (**text)
		return;
	g_free(*text);
	*text = g_strdup(with);
}

static bool prepare(void *values, struct settings *settings, GError **error)
{
	const struct report_settings *reporter = report_settings_of(settings);
	struct dmarcsettings *mine = values;
	const char *at = strrchr(mine->email, '@');

	if (*mine->email && (!at || at == mine->email || !at[1] ||
			     *mine->email == '-' ||
			     strpbrk(mine->email, " \t\r\n<>,\"")))
		return settings_fail(settings, "dmarc_reports.email", error,
				     "\"%s\" is no address", mine->email);
	replace_empty(&mine->email, reporter->contact);
	replace_empty(&mine->org_name, reporter->organisation);
	return true;
}

const struct setting_group dmarcsettings_group = {
	.size = sizeof(struct dmarcsettings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
};

const struct dmarcsettings *dmarcsettings_of(
	const struct settings *settings)
{
	return settings_values(settings, &dmarcsettings_group);
}
