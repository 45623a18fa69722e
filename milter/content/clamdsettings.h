/* clamdsettings.h - which clamd is asked, for how long, and
 * what if it cannot */
#ifndef CONTENT_CLAMDSETTINGS_H
#define CONTENT_CLAMDSETTINGS_H

#include "settings/settings.h"

#include <sys/socket.h>

enum clamd_on_error { CLAMD_ON_ERROR_ACCEPT, CLAMD_ON_ERROR_DEFER };

struct clamd_address {
	const char *text;		/* as in the settings */
	struct sockaddr_storage addr;
	socklen_t size;
};

struct clamd_settings {
	GPtrArray *sockets;
	int64_t timeout_ms, retry_ms, max_bytes;
	enum clamd_on_error on_error;

	GArray *addresses;		/* of struct clamd_address */
};

extern const struct setting_group clamd_group;
const struct clamd_settings *clamd_settings_of(
	const struct settings *settings);

#endif
