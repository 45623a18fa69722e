#include <config.h>

#include "cases/casesettings.h"

#include <string.h>

#define MINUTE_MS INT64_C(60000)
#define DAY_MS (24 * 60 * MINUTE_MS)

static const char *const incident_words[] = {
	"none", "likeness", "trap", "virus", "harmful", "relay", "forged",
	"attack", "spam", NULL,
};

static const struct { const char *symbol, *kind; } incident_presets[] = {
	{ "VIRUS", "virus" },
	{ "KEYWORD_HARMFUL", "harmful" },
	{ "TRAP_HIT", "trap" },
	{ "BULK_KNOWN_BAD", "likeness" },
	{ "BULK_TRAPPED", "likeness" },
	{ "BULK_LIKE_1000", "likeness" },
	{ "LOGIN_ENVELOPE", "forged" },
	{ "LOGIN_FROM", "forged" },
};

static const struct setting rows[] = {
	SETTING_TEXT(struct case_settings, contact, "cases.contact",
		.preset_text = "",
		.help = "Address of the abuse desk, as a refusal of suspended "
			"mail names it: abuse@example.org."),
	SETTING_COUNT(struct case_settings, warn_days, "cases.warn_days",
		.preset = 1, .min = 0, .max = 365,
		.help = "Business days within which the one whom a case is "
			"about must be warned."),
	SETTING_COUNT(struct case_settings, cut_days, "cases.cut_days",
		.preset = 2, .min = 0, .max = 365,
		.help = "Business days after that within which one with a "
			"virus must have remedied it, or be suspended."),
	SETTING_TIME_MS(struct case_settings, suspend_ms,
		"cases.suspend_within", .preset = 30 * MINUTE_MS, .min = 0,
		.max = 365 * DAY_MS,
		.help = "How soon the sender of harmful content must be "
			"suspended, by night as well."),
	SETTING_TIME_MS(struct case_settings, report_ms,
		"cases.report_within", .preset = DAY_MS, .min = MINUTE_MS,
		.max = 365 * DAY_MS,
		.help = "How soon harmful content must be reported to the "
			"authority, by night as well."),
	SETTING_TIME_MS(struct case_settings, watch_ms, "cases.watch",
		.preset = 30 * DAY_MS, .min = MINUTE_MS, .max = 3650 * DAY_MS,
		.help = "How long somebody is watched. One whose incident is "
			"another (cases.quiet) is watched for so long again."),
	SETTING_TIME_MS(struct case_settings, quiet_ms, "cases.quiet",
		.preset = 60 * MINUTE_MS, .min = 0, .max = 365 * DAY_MS,
		.help = "An incident that begins so long after the last one of "
			"its case is another; what comes sooner belongs to "
			"it. Of a complaint counts when the mail was that it "
			"is about."),
	SETTING_COUNT(struct case_settings, strikes, "cases.strikes",
		.preset = 2, .min = 0, .max = 1000,
		.help = "After so many more incidents since the warning the "
			"suspension is due at once: with 2, at the third one. "
			"Each raises the severity. 0: never. Complaints "
			"count, but see cases.auto_suspend."),
	SETTING_BOOL(struct case_settings, auto_watch, "cases.auto_watch",
		.preset = true,
		.help = "The daemon watches who was warned. No: an operator "
			"says reevectl case watch."),
	SETTING_BOOL(struct case_settings, auto_suspend, "cases.auto_suspend",
		.preset = true,
		.help = "The daemon suspends when that is due for what it saw "
			"itself, or an operator said when he opened the case. "
			"What complaints alone call for (harmful content, a "
			"virus, further incidents) is due as well and told, "
			"but an operator decides: reevectl case suspend. No: "
			"he always does."),
	SETTING_BOOL(struct case_settings, auto_remedy, "cases.auto_remedy",
		.preset = false,
		.help = "When the watch is over and nothing more was seen, the "
			"case is remedied and closed. No: an operator says "
			"so."),
	SETTING_WORDS(struct case_settings, incidents, "cases.incidents",
		.words = incident_words,
		.help = "Which findings about mail of our own senders open or "
			"join a case, and of what kind: incidents { "
			"MY_RULE = harmful; TRAP_HIT = none }. Without a word "
			"here: VIRUS is virus, KEYWORD_HARMFUL harmful (and "
			"its original is kept), TRAP_HIT trap, BULK_KNOWN_BAD, "
			"BULK_TRAPPED and BULK_LIKE_1000 likeness, "
			"LOGIN_ENVELOPE and LOGIN_FROM forged. Limits say so "
			"themselves."),
	SETTING_BOOL(struct case_settings, watch_evidence,
		"cases.watch_evidence", .preset = true,
		.help = "Keep the original of all mail of those who are "
			"watched, as evidence."),
	SETTING_COUNT(struct case_settings, watch_limits,
		"cases.watch_limits", .preset = 50, .min = 1, .max = 100,
		.help = "How much of each limit those have who are watched, in "
			"percent. What reevectl limits raise says stays as it "
			"is, and so do limits of recipients."),
	SETTING_TIME_MS(struct case_settings, changes_ms,
		"cases.keep_changes", .preset = 1095 * DAY_MS,
		.min = 60 * DAY_MS, .max = 36500 * DAY_MS,
		.help = "How long it is kept what was changed in the book of "
			"customers, by whom and when (reevectl report users "
			"--since)."),
	SETTING_TEXT(struct case_settings, zone, "calendar.zone",
		.preset_text = "",
		.help = "Time zone of the business days: Asia/Shanghai. Not "
			"given: the system's."),
	SETTING_TEXT(struct case_settings, hours, "calendar.hours",
		.preset_text = "09:00-17:00",
		.help = "Working hours, in that zone."),
	SETTING_LIST(struct case_settings, workdays, "calendar.workdays",
		.preset_text = "mon tue wed thu fri",
		.help = "Days of the week on which one works: mon, tue, wed, "
			"thu, fri, sat, sun."),
	SETTING_LIST(struct case_settings, holidays, "calendar.holidays",
		.preset_text = "",
		.help = "Days on which nobody works: 2026-12-25, "
			"2026-10-01/2026-10-07; or, with +, on which one works "
			"though it is no workday: +2026-10-10. The later word "
			"wins."),
	SETTING_TEXT(struct case_settings, holidays_file,
		"calendar.holidays_file", .preset_text = "",
		.help = "File with more of them, one a line, and comments "
			"behind #; it is read again when it changes."),
};

static bool add_line(struct case_settings *mine, char *line, GError **error)
{
	line[strcspn(line, "#")] = '\0';
	g_strstrip(line);
	return !*line || calendar_add_day(mine->calendar, line, error);
}

static bool read_holidays(struct case_settings *mine,
			  struct settings *settings, GError **error)
{
	static const char name[] = "calendar.holidays_file";
	g_autoptr(GError) why = NULL;
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	settings_watch(settings, mine->holidays_file);
	if (!g_file_get_contents(mine->holidays_file, &text, NULL, &why))
		return settings_fail(settings, name, error, "%s",
				     why->message);
	lines = g_strsplit(text, "\n", -1);
	for (size_t i = 0; lines[i]; i++)
		if (!add_line(mine, lines[i], &why))
			return settings_fail(settings, name, error,
					     "%s:%zu: %s", mine->holidays_file,
					     i + 1, why->message);
	return true;
}

static bool is_text(const char *text)
{
	for (; *text; text++)
		if (!g_ascii_isprint(*text))
			return false;
	return true;
}

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct case_settings *mine = values;
	const struct calendar_words words = {
		mine->zone, mine->hours, mine->workdays, mine->holidays,
	};
	g_autoptr(GError) why = NULL;

	if (!is_text(mine->contact))
		return settings_fail(settings, "cases.contact", error,
				     "it must be printable ASCII, as all of a "
				     "reply");
	mine->calendar = calendar_new(&words, &why);
	if (!mine->calendar)
		return settings_fail(settings, "calendar.hours", error,
				     "calendar: %s", why->message);
	return !*mine->holidays_file || read_holidays(mine, settings, error);
}

static void release(void *values)
{
	struct case_settings *mine = values;

	g_clear_pointer(&mine->calendar, calendar_free);
}

const struct setting_group case_group = {
	.size = sizeof(struct case_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
	.release = release,
};

const struct case_settings *case_settings_of(const struct settings *settings)
{
	return settings_values(settings, &case_group);
}

const char *case_settings_incident(const struct settings *settings,
				   const char *symbol)
{
	const unsigned *set = g_hash_table_lookup(
		case_settings_of(settings)->incidents, symbol);

	if (set)
		return *set ? incident_words[*set] : NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(incident_presets); i++)
		if (strcmp(incident_presets[i].symbol, symbol) == 0)
			return incident_presets[i].kind;
	return NULL;
}
