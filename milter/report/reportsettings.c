#include <config.h>

#include "report/reportsettings.h"

#include "settings/global.h"

#include <string.h>

static const struct setting rows[] = {
	SETTING_TEXT(struct report_settings, organisation,
		"report.organisation", .preset_text = "",
		.help = "The name in whose behalf abuse reports are made. Empty: "
			"report.domain."),
	SETTING_TEXT(struct report_settings, contact, "report.contact",
		.preset_text = "",
		.help = "The address that abuse reports are from, and that "
			"answers go to. Empty: abuse@ at report.domain."),
	SETTING_TEXT(struct report_settings, domain, "report.domain",
		.preset_text = "",
		.help = "The organisation's domain. Empty: that of "
			"report.contact, else authserv_id."),
};

static void set(char **text, char *value)
{
	g_free(*text);
	*text = value;
}

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct report_settings *mine = values;
	const char *at = strrchr(mine->contact, '@');

	if (*mine->contact && (!at || at == mine->contact || !at[1] ||
			       strpbrk(mine->contact, " \t\r\n<>,\"")))
		return settings_fail(settings, "report.contact", error,
				     "\"%s\" is no address", mine->contact);
	if (!*mine->domain)
		set(&mine->domain, g_strdup(at ? at + 1 : global_settings_of(
			settings)->authserv_id));
	if (!*mine->contact)
		set(&mine->contact, g_strconcat("abuse@", mine->domain, NULL));
	if (!*mine->organisation)
		set(&mine->organisation, g_strdup(mine->domain));
	return true;
}

const struct setting_group report_group = {
	.size = sizeof(struct report_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
};

const struct report_settings *report_settings_of(
	const struct settings *settings)
{
	return settings_values(settings, &report_group);
}
