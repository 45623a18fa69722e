/* ourdomains.h - the domains that are ours: to relay to, and to protect */
#ifndef MESSAGE_OURDOMAINS_H
#define MESSAGE_OURDOMAINS_H

#include "settings/settings.h"

struct domaintable;

struct ourdomains {
	GPtrArray *list;
	char *file;			/* "": none */

	/* Made from the above. */
	struct domaintable *table;
	bool is_given;			/* whether there is a list at all */
};

extern const struct setting_group ourdomains_group;
const struct ourdomains *ourdomains_of(const struct settings *settings);

#endif
