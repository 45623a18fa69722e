/* ours.h - the domains and addresses that are ours: to take mail for, and to
 * protect */
#ifndef MESSAGE_OURS_H
#define MESSAGE_OURS_H

#include "settings/settings.h"

struct client;
struct domaintable;
struct netaddr;
struct netset;

struct ours {
	GPtrArray *list;
	char *file;			/* "": none */
	GPtrArray *address_list;

	/* Made from the above. */
	struct domaintable *table;
	bool is_given;			/* whether there is a list at all */
	struct netset *addresses;	/* with those of the host itself */
};

extern const struct setting_group ours_group;
const struct ours *ours_of(const struct settings *settings);

/* Whether an address is listed, this host's, or the one at which the MTA says
 * that the client reached it. */
bool ours_has_address(const struct ours *ours, const struct client *client,
		      const struct netaddr *addr);

#endif
