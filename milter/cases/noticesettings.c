#include <config.h>

#include "cases/noticesettings.h"

#include "cases/casesettings.h"

#include <string.h>

#define MINUTE_MS INT64_C(60000)
#define DAY_MS (24 * 60 * MINUTE_MS)
#define ADDRESS_MAX 254		/* RFC 5321, 4.5.3.1.3, without its < > */

static const struct setting rows[] = {
	SETTING_BOOL(struct notice_settings, is_on, "cases.notices",
		.preset = false,
		.help = "Whether case warn, suspend, resume and close send a "
			"letter to the customer, and the daemon does when it "
			"suspends, resumes or closes. From cases.contact, by "
			"evidence.sendmail, in the customer's language. "
			"Whether or not, reevectl case notice sends one."),
	SETTING_BOOL(struct notice_settings, auto_warn, "cases.auto_warn",
		.preset = false,
		.help = "The daemon sends the warning that is due by itself, "
			"in working hours. Needs cases.notices."),
	SETTING_TIME_MS(struct notice_settings, warn_after_ms,
		"cases.auto_warn_after", .preset = 60 * MINUTE_MS, .min = 0,
		.max = 365 * DAY_MS,
		.help = "How old the case has to be for that, so that an "
			"operator can look at it before."),
	SETTING_TIME_MS(struct notice_settings, remind_ms,
		"cases.remind_before", .preset = DAY_MS, .min = 0,
		.max = 365 * DAY_MS,
		.help = "How long before a suspension is due the daemon sends "
			"one who was warned a reminder; 0: never. Needs "
			"cases.notices."),
	SETTING_TEXT(struct notice_settings, sender, "cases.notice_sender",
		.preset_text = "",
		.help = "Envelope sender of the letters, to which bounces go. "
			"A % in it becomes what tells which letter it was: "
			"abuse+%@example.org. Have the MTA give that mail to "
			"reevectl complaint import. Not given: none (<>), and "
			"no bounce is noticed."),
	SETTING_TEXT(struct notice_settings, name, "cases.notice_name",
		.preset_text = "",
		.help = "Who writes, beside cases.contact in From, and at the "
			"end: Example Networks, abuse desk."),
	SETTING_TEXT(struct notice_settings, dir, "cases.notice_dir",
		.preset_text = "",
		.help = "Folder with letters of your own, in folders by "
			"language: de/warning.txt. A file there stands in the "
			"place of the one that was shipped."),
	SETTING_TEXT(struct notice_settings, language, "cases.notice_language",
		.preset_text = "en",
		.help = "Language of letters to those of whom the book of "
			"customers knows none, or one that we have no letters "
			"in."),
};

bool notice_is_address(const char *text)
{
	static const char plain[] = "!#$&'*+-/=?^_`{|}~.";
	const char *at = strchr(text, '@');

	if (!at || at == text || at - text > 64 || *text == '-' ||
	    strlen(text) > ADDRESS_MAX)
		return false;
	for (; text < at; text++)
		if (!g_ascii_isalnum(*text) && !strchr(plain, *text))
			return false;
	for (text = at + 1; *text; text++)
		if (!g_ascii_isalnum(*text) && *text != '-' && *text != '.')
			return false;
	return g_ascii_isalnum(at[1]) && g_ascii_isalnum(text[-1]) &&
	       !strstr(at, "..");
}

/* Before the @, once at most; the token has room up to 64 bytes then. */
static bool is_sender(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "%", 3);
	g_autofree char *joined = g_strjoinv("0", parts);

	return g_strv_length(parts) <= 2 && notice_is_address(joined) &&
	       !strchr(strchr(text, '@'), '%') && strcspn(text, "@") <= 24;
}

static void watch_folder(struct settings *settings, const char *dir,
			 int levels)
{
	GDir *folder = levels ? g_dir_open(dir, 0, NULL) : NULL;
	const char *name;

	settings_watch(settings, dir);
	while (folder && (name = g_dir_read_name(folder))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);

		watch_folder(settings, path, levels - 1);
	}
	if (folder)
		g_dir_close(folder);
}

static bool check_words(const struct notice_settings *mine,
			struct settings *settings, GError **error)
{
	const char *contact = case_settings_of(settings)->contact;

	if (mine->is_on && !notice_is_address(contact))
		return settings_fail(settings, "cases.notices", error,
				     "needs cases.contact, the address that "
				     "the letters come from");
	if (mine->auto_warn && !mine->is_on)
		return settings_fail(settings, "cases.auto_warn", error,
				     "needs cases.notices = yes");
	if (*mine->sender && !is_sender(mine->sender))
		return settings_fail(settings, "cases.notice_sender", error,
				     "it must be a mail address with at most "
				     "24 bytes before the @, one of them a %% "
				     "or none: abuse+%%@example.org");
	if (!g_utf8_validate(mine->name, -1, NULL) ||
	    strpbrk(mine->name, "\r\n"))
		return settings_fail(settings, "cases.notice_name", error,
				     "it must be one line in UTF-8");
	return true;
}

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct notice_settings *mine = values;
	g_autoptr(GError) why = NULL;

	if (!check_words(mine, settings, error))
		return false;
	if (*mine->dir)
		watch_folder(settings, mine->dir, 2);
	mine->set = noticeset_load(mine->dir, &why);
	if (!mine->set)
		return settings_fail(settings, "cases.notice_dir", error, "%s",
				     why->message);
	if (!noticeset_find(mine->set, mine->language))
		return settings_fail(settings, "cases.notice_language", error,
				     "there are no letters in \"%s\"",
				     mine->language);
	return true;
}

static void release(void *values)
{
	struct notice_settings *mine = values;

	g_clear_pointer(&mine->set, noticeset_free);
}

const struct setting_group notice_group = {
	.size = sizeof(struct notice_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
	.release = release,
};

const struct notice_settings *notice_settings_of(
	const struct settings *settings)
{
	return settings_values(settings, &notice_group);
}
