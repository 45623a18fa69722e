#include <config.h>

#include "bulk/greysettings.h"

#define DAY_MS INT64_C(86400000)

static const struct setting rows[] = {
	SETTING_BOOL(struct grey_settings, is_on, "greylist.enable",
		.preset = false,
		.help = "Greylisting: who is suspicious and not known is told "
			"to come again later (451 4.7.1); who does is let in, "
			"and its domain or network is welcome from then on. "
			"Never for logins, trusted networks and those whom a "
			"list of yours welcomes."),
	SETTING_LIST(struct grey_settings, findings, "greylist.findings",
		.preset_text = "SPF_FAIL SPF_SOFTFAIL SPF_HELO_FAIL CLIENT_* "
			"HELO_* DNSLIST_*",
		.help = "Findings that make a client suspicious; a name that "
			"ends in * stands for all that begin so. Those with a "
			"score below 0 do not count. \"*\" alone: everybody is."),
	SETTING_SCORE(struct grey_settings, score, "greylist.score",
		.preset_score = 0, .min_score = -1000, .max_score = 1000,
		.help = "So does a sum of all scores of more than this, when "
			"it is not 0."),
	SETTING_TIME_MS(struct grey_settings, delay_ms, "greylist.delay",
		.preset = 300000, .min = 0, .max = DAY_MS,
		.help = "How long nobody is let in."),
	SETTING_TIME_MS(struct grey_settings, window_ms, "greylist.window",
		.preset = 2 * DAY_MS, .min = 60000, .max = 30 * DAY_MS,
		.help = "How late one may come again; after that it begins "
			"anew."),
	SETTING_TIME_MS(struct grey_settings, welcome_ms, "greylist.welcome",
		.preset = 40 * DAY_MS, .min = 60000, .max = 366 * DAY_MS,
		.help = "How long one is welcome since it came last."),
	SETTING_COUNT(struct grey_settings, entries, "greylist.entries",
		.preset = 200000, .min = 1000, .max = 100000000,
		.apply = APPLY_START,
		.help = "Most that are remembered, about 300 bytes each; past "
			"it those who came once and a while ago leave first."),
};

const struct setting_group grey_group = {
	.size = sizeof(struct grey_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
};

const struct grey_settings *grey_settings_of(const struct settings *settings)
{
	return settings_values(settings, &grey_group);
}

struct greylist_times grey_settings_times(const struct grey_settings *settings)
{
	return (struct greylist_times){
		settings->delay_ms * 1000, settings->window_ms * 1000,
		settings->welcome_ms * 1000,
	};
}
