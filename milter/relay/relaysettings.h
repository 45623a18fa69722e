/* relaysettings.h - who may relay */
#ifndef RELAY_RELAYSETTINGS_H
#define RELAY_RELAYSETTINGS_H

#include "base/netaddr.h"
#include "settings/settings.h"

/* What becomes of a stranger who says he sends for one of our domains. */
enum own_sender { OWN_SENDER_OFF, OWN_SENDER_TAG, OWN_SENDER_REJECT };

struct relay_settings {
	GPtrArray *network_list, *certificate_list;
	GPtrArray *mailer_list;
	enum own_sender own_sender;
	int64_t null_sender_recipients;
	int64_t local_part_octets;

	/* Made from the above. */
	struct netset *networks;
	GHashTable *certificates;	/* hex digits in lower case */
	GHashTable *remote_mailers;
};

extern const struct setting_group relay_group;
const struct relay_settings *relay_settings_of(
	const struct settings *settings);

/* A fingerprint as the table has it: hex digits only, lower case; NULL when
 * there is anything else than digits and colons. Free it. */
char *relay_fingerprint(const char *text) MUST_USE;

#endif
