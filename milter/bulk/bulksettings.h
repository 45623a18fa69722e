/* bulksettings.h - the settings of bulk/ as a whole */
#ifndef BULK_BULKSETTINGS_H
#define BULK_BULKSETTINGS_H

#include "settings/settings.h"

struct bulk_settings {
	int64_t entries;
	int64_t snapshot_ms;
	bool has_likeness;
	int64_t campaigns, likeness_ms;
};

extern const struct setting_group bulk_group;
const struct bulk_settings *bulk_settings_of(const struct settings *settings);

#endif
