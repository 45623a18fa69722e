#include <config.h>

#include "bulk/bulksettings.h"

static const struct setting rows[] = {
	SETTING_COUNT(struct bulk_settings, entries, "bulk.entries",
		.preset = 1000000, .min = 0, .max = 100000000,
		.help = "Most keys that are counted at a time, about 150 "
			"bytes each; a large count of different things takes "
			"the place of many. Past it the least useful leave: "
			"what is over, then what counted least. 0: nothing is "
			"counted, and no limit holds."),
	SETTING_TIME_MS(struct bulk_settings, snapshot_ms, "bulk.snapshot",
		.preset = 7000, .min = 1000, .max = 9000,
		.help = "How often counts are written to disk: a crash "
			"forgets what came since."),
	SETTING_BOOL(struct bulk_settings, has_likeness, "bulk.likeness",
		.preset = true,
		.help = "Find messages that are alike, and count them: "
			"BULK_LIKE_10 and so on."),
	SETTING_TIME_MS(struct bulk_settings, likeness_ms,
		"bulk.likeness_window", .preset = 6 * 3600000,
		.min = 60000, .max = INT64_C(30) * 86400000,
		.help = "How long messages that are alike are counted "
			"together."),
	SETTING_COUNT(struct bulk_settings, campaigns, "bulk.campaigns",
		.preset = 50000, .min = 0, .max = 10000000,
		.apply = APPLY_START,
		.help = "Most campaigns (messages that are alike) that are "
			"known at a time, about 700 bytes each; past it the "
			"one not met for longest leaves."),
};

const struct setting_group bulk_group = {
	.size = sizeof(struct bulk_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
};

const struct bulk_settings *bulk_settings_of(const struct settings *settings)
{
	return settings_values(settings, &bulk_group);
}
