/* catalog.h - the settings of all modules */
#ifndef CATALOG_H
#define CATALOG_H

#include "settings/settings.h"

#define CATALOG_DEFAULT_FILE SYSCONFDIR "/mailreeve/mailreeve.conf"

/* Ends with NULL. Both programs load their settings by it. */
extern const struct setting_group *const catalog[];

#endif
