/* greysettings.h - the settings of greylisting */
#ifndef BULK_GREYSETTINGS_H
#define BULK_GREYSETTINGS_H

#include "bulk/greylist.h"
#include "settings/settings.h"

struct grey_settings {
	bool is_on;
	GPtrArray *findings;		/* symbols, or beginnings of
					 * them with * */
	double score;
	int64_t delay_ms, window_ms, welcome_ms;
	int64_t entries;
};

extern const struct setting_group grey_group;
const struct grey_settings *grey_settings_of(const struct settings *settings);
struct greylist_times grey_settings_times(const struct grey_settings *settings);

#endif
