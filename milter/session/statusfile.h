/* statusfile.h - the daemon's figures, for reevectl status */
#ifndef SESSION_STATUSFILE_H
#define SESSION_STATUSFILE_H

#include "base/guard.h"

#include <glib.h>
#include <stdint.h>

struct settings;

/* What only the daemon's own loop knows. */
struct status_facts {
	int64_t began_us;
	int64_t settings_read_us;	/* when those in force were read */
	uint32_t reloads, reload_failures;
	bool is_reloading;		/* it is under way */
	const char *reload_error;	/* of the last that failed, or NULL */
};

/* Writes state_dir/status.json anew, at once whole (rename). A failure is
 * silent: a full disk has told of itself already. */
void statusfile_write(const struct settings *settings,
		      const struct status_facts *facts);

#endif
