/* daemon.h - the daemon's life: start, reload, tick, stop */
#ifndef SESSION_DAEMON_H
#define SESSION_DAEMON_H

#include "base/guard.h"

#include "settings/settings.h"

struct daemon_options {
	const char *settings_file;	/* NULL: the presets */
	bool is_foreground;
	const struct setting_group *const *groups;
};

/*
 * Runs until SIGTERM or SIGINT; SIGUSR1 and SIGHUP reload. Returns an exit
 * status of sysexits.h, having said why on standard error or in the log. To be
 * called from the main thread, before there are others.
 */
int daemon_run(const struct daemon_options *options) MUST_USE;

#endif
