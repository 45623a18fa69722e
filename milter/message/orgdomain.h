/* orgdomain.h - organisational domains by the public suffix list */
#ifndef MESSAGE_ORGDOMAIN_H
#define MESSAGE_ORGDOMAIN_H

#include "settings/settings.h"

extern const struct setting_group orgdomain_group;

/*
 * The registrable domain that a domain (A-labels, lower case) belongs to: one
 * label below its public suffix (RFC 7489, 3.2), private suffixes included. A
 * public suffix, or what has no suffix, is its own. Points into domain.
 */
const char *orgdomain_of(const struct settings *settings, const char *domain);
bool orgdomain_is_suffix(const struct settings *settings, const char *domain);
/* Whether two domains, in that form, are of one organisation. */
bool orgdomain_is_same(const struct settings *settings, const char *a,
		       const char *b);
/* Whether the list itself names it, as it does all top-level
 * domains that are. */
bool orgdomain_is_known(const struct settings *settings, const char *suffix);

#endif
