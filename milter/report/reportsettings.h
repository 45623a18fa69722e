/* reportsettings.h - in whose name reports are made */
#ifndef REPORT_REPORTSETTINGS_H
#define REPORT_REPORTSETTINGS_H

#include "settings/settings.h"

struct report_settings {
	char *organisation;	/* never "" once prepared, as the others */
	char *contact;		/* an address */
	char *domain;
};

extern const struct setting_group report_group;
const struct report_settings *report_settings_of(
	const struct settings *settings);

#endif
