/* dmarcsettings.h - whether and how DMARC aggregate reports are
 * made and sent */
#ifndef REPORT_DMARCSETTINGS_H
#define REPORT_DMARCSETTINGS_H

#include "settings/settings.h"

struct dmarcsettings {
	bool is_enabled;
	char *org_name;		/* never "" once prepared, as the next */
	char *email;		/* an address */
	char *extra_contact;
	int64_t wait_ms, retry_ms, give_up_ms;
	int64_t destinations, rows, day_rows;
};

extern const struct setting_group dmarcsettings_group;
const struct dmarcsettings *dmarcsettings_of(
	const struct settings *settings);

#endif
