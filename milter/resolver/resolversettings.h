/* resolversettings.h - which name servers, and how long they may take */
#ifndef RESOLVER_RESOLVERSETTINGS_H
#define RESOLVER_RESOLVERSETTINGS_H

#include "settings/settings.h"

struct resolver_settings {
	GPtrArray *servers;		/* ADDRESS or ADDRESS@PORT; none: the
					 * system's */
	int64_t timeout_ms, budget_ms, failure_ttl_ms;
	int64_t cache_bytes;
	int64_t questions;
	bool is_dnssec;
	char *trust_anchor;
};

extern const struct setting_group resolver_group;
const struct resolver_settings *resolver_settings_of(
	const struct settings *settings);

#endif
