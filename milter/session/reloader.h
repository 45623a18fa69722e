/* reloader.h - settings, and the files that they name, read
 * beside those in force */
#ifndef SESSION_RELOADER_H
#define SESSION_RELOADER_H

#include "base/guard.h"
#include "settings/settings.h"

enum reloader_cause {
	RELOADER_ASKED,			/* by a signal: the settings
					 * file anew */
	RELOADER_STALE,			/* a file that the settings name
					 * changed */
};

/* What came of it; release with reloader_release(). */
struct reloader_result {
	enum reloader_cause cause;
	struct settings *settings;	/* whoever uses them clears this;
					 * NULL: error */
	GError *error;
};

/*
 * To compile thousands of rules takes seconds, in which the daemon's loop has
 * other things to do: so there is a thread for it, one at a time. All of these
 * are for the main thread. on_done is called from that thread when it is done.
 */
void reloader_init(const char *settings_file,
		   const struct setting_group *const *groups,
		   void (*on_done)(void));
/* Begins; when it is under way already, once more after it, however often that
 * is asked for: what was written until then is read. old is that in force. */
void reloader_ask(enum reloader_cause cause, struct settings *old);
bool reloader_is_busy(void);
/* False: nothing is done yet. Begins anew when that was asked for. */
bool reloader_take(struct reloader_result *result_out) MUST_USE;
void reloader_release(struct reloader_result *result);

#endif
