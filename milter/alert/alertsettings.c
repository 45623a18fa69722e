#include <config.h>

#include "alert/alertsettings.h"

#include "alert/webhook.h"

#include <string.h>

#define SECOND_MS INT64_C(1000)
#define HOUR_MS (3600 * SECOND_MS)
#define ADDRESS_MAX 254

static const struct setting rows[] = {
	SETTING_TEXT(struct alert_settings, command, "alert.command",
		.preset_text = "",
		.help = "A program that is run for each alert, with an object "
			"of JSON on its standard input. Quoted as in a shell, "
			"but none runs."),
	SETTING_LIST(struct alert_settings, mail, "alert.mail",
		.preset_text = "",
		.help = "Addresses that have each alert as mail, by "
			"evidence.sendmail."),
	SETTING_TEXT(struct alert_settings, mail_from, "alert.mail_from",
		.preset_text = "",
		.help = "Sender of those mails. Not given: postmaster at this "
			"host's name."),
	SETTING_TEXT(struct alert_settings, webhook, "alert.webhook",
		.preset_text = "",
		.help = "An URL that has each alert as a POST of JSON: "
			"https://, or http:// on loopback. Its certificate is "
			"checked, and it must answer with 2xx itself: "
			"redirects are not followed."),
	SETTING_TEXT(struct alert_settings, webhook_ca, "alert.webhook_ca",
		.preset_text = "",
		.help = "File of the certificates (PEM) that the webhook's is "
			"checked by. Not given: the system's."),
	SETTING_LIST(struct alert_settings, kinds, "alert.kinds",
		.preset_text = "*",
		.help = "Which alerts are wanted; they may have * and ?: "
			"[\"case_*\", \"disk_*\"]. mailreeve(8) lists them."),
	SETTING_TIME_MS(struct alert_settings, timeout_ms, "alert.timeout",
		.preset = 10 * SECOND_MS, .min = 100, .max = 300 * SECOND_MS,
		.help = "How long each of command, mail and webhook may take. "
			"What fails is tried again some times."),
	SETTING_TIME_MS(struct alert_settings, every_ms, "alert.every",
		.preset = HOUR_MS, .min = 0, .max = 168 * HOUR_MS,
		.help = "An alert of the same kind about the same is held back "
			"for so long; then one says how many there were."),
	SETTING_COUNT(struct alert_settings, most, "alert.most",
		.preset = 20, .min = 1, .max = 100000,
		.help = "Alerts of one kind, about whatever, within that time; "
			"more are held back in the same way."),
	SETTING_TIME_MS(struct alert_settings, before_ms, "alert.before",
		.preset = 4 * HOUR_MS, .min = 0, .max = 720 * HOUR_MS,
		.help = "How long before a deadline of a case the alert "
			"case_soon comes; case_due comes at it."),
};

/* It goes into a header and to a program's arguments. */
static bool is_address(const char *text)
{
	const char *at = strrchr(text, '@');

	for (const char *c = text; *c; c++)
		if (!g_ascii_isgraph(*c) || strchr("<>(),;:\"\\[]", *c))
			return false;
	return at && at != text && at[1] && *text != '-' &&
	       strlen(text) <= ADDRESS_MAX;
}

static bool check_mail(const struct alert_settings *mine,
		       const struct settings *settings, GError **error)
{
	for (guint i = 0; i < mine->mail->len; i++)
		if (!is_address(g_ptr_array_index(mine->mail, i)))
			return settings_fail(settings, "alert.mail", error,
				"\"%s\" is no address",
				(const char *)g_ptr_array_index(mine->mail,
								i));
	if (*mine->mail_from && !is_address(mine->mail_from))
		return settings_fail(settings, "alert.mail_from", error,
				     "\"%s\" is no address", mine->mail_from);
	return true;
}

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct alert_settings *mine = values;
	g_autoptr(GError) why = NULL;

	if (*mine->command &&
	    !g_shell_parse_argv(mine->command, NULL, NULL, &why))
		return settings_fail(settings, "alert.command", error, "%s",
				     why->message);
	if (*mine->webhook && !webhook_check(mine->webhook, &why))
		return settings_fail(settings, "alert.webhook", error, "%s",
				     why->message);
	if (*mine->webhook_ca &&
	    !g_file_test(mine->webhook_ca, G_FILE_TEST_IS_REGULAR))
		return settings_fail(settings, "alert.webhook_ca", error,
				     "%s: there is no such file",
				     mine->webhook_ca);
	return check_mail(mine, settings, error);
}

const struct setting_group alert_group = {
	.size = sizeof(struct alert_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
};

const struct alert_settings *alert_settings_of(const struct settings *settings)
{
	return settings_values(settings, &alert_group);
}

bool alert_settings_want(const struct alert_settings *settings,
			 const char *kind)
{
	if (!*settings->command && !settings->mail->len && !*settings->webhook)
		return false;
	for (guint i = 0; i < settings->kinds->len; i++)
		if (g_pattern_match_simple(
			g_ptr_array_index(settings->kinds, i), kind))
			return true;
	return false;
}
