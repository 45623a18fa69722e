/* complaintsettings.h - the settings of complaints */
#ifndef CASES_COMPLAINTSETTINGS_H
#define CASES_COMPLAINTSETTINGS_H

#include "settings/settings.h"

struct complaint_settings {
	char *drop_dir;			/* "": none */
	int64_t a_day;			/* new ones of a reporter's domain */
	int64_t mail_bytes;
	int64_t keep_ms;
};

extern const struct setting_group complaint_group;
const struct complaint_settings *complaint_settings_of(
	const struct settings *settings);

#endif
