/* streamsettings.h - the settings of what is judged by a whole
 * stream of mail */
#ifndef BULK_STREAMSETTINGS_H
#define BULK_STREAMSETTINGS_H

#include "message/finding.h"
#include "message/mailaddr.h"
#include "settings/settings.h"

struct domaintable;

struct stream_settings {
	GPtrArray *traps, *unasked;
	int64_t harvest, bounces;
	unsigned harvest_word;

	/* Made from the above. */
	GHashTable *trap_addresses;	/* lower case */
	struct domaintable *trap_domains;
	enum action harvest_action;
};

extern const struct setting_group stream_group;
const struct stream_settings *stream_settings_of(
	const struct settings *settings);
/* Whether it is one of bulk.traps. */
bool stream_settings_is_trap(const struct stream_settings *settings,
			     const struct mailaddr *addr, struct arena *arena);

#endif
