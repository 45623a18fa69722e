#include <config.h>

#include "cases/complaintsettings.h"

#define DAY_MS INT64_C(86400000)

static const struct setting rows[] = {
	SETTING_TEXT(struct complaint_settings, drop_dir, "cases.drop_dir",
		.preset_text = "/var/spool/mailreeve",
		.help = "Folder where reevectl complaint import, run by who is "
			"not the daemon's user, leaves what it was given; the "
			"daemon takes it from there. It belongs to the daemon's "
			"user and has mode 1733, so that all may put in, and "
			"nobody else can look. Where it is not there, none is "
			"taken; empty: none."),
	SETTING_COUNT(struct complaint_settings, a_day, "cases.complaints_a_day",
		.preset = 1000, .min = 1, .max = 1000000,
		.help = "New complaints that are taken from one domain in a day "
			"(UTC); more are forgotten, but for their number. The "
			"same one again is only counted."),
	SETTING_BYTES(struct complaint_settings, mail_bytes,
		"cases.complaint_size",
		.preset = 1 << 20, .min = 1 << 14, .max = 1 << 26,
		.help = "Largest mail that is read as a complaint."),
	SETTING_TIME_MS(struct complaint_settings, keep_ms,
		"cases.complaint_keep",
		.preset = 366 * DAY_MS, .min = 60 * DAY_MS,
		.max = 3660 * DAY_MS,
		.help = "How long complaints are kept since they came last."),
};

const struct setting_group complaint_group = {
	.size = sizeof(struct complaint_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
};

const struct complaint_settings *complaint_settings_of(
	const struct settings *settings)
{
	return settings_values(settings, &complaint_group);
}
