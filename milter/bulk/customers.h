/* customers.h - whose servers and logins send through us */
#ifndef BULK_CUSTOMERS_H
#define BULK_CUSTOMERS_H

#include "base/netaddr.h"
#include "settings/settings.h"

struct domaintable;

/* As the settings have it. */
struct customer {
	const char *name;
	struct netset *networks;
	struct domaintable *domains;	/* that it sends as */
};

extern const struct setting_group customers_group;

/* The customer whose login (may be NULL) or address it is, or NULL. Lives as
 * long as the settings. */
const struct customer *customers_find(const struct settings *settings,
				      const char *login,
				      const struct netaddr *addr);

#endif
