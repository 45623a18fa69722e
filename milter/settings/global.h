/* global.h - the settings at top level: where, as whom, how loud */
#ifndef SETTINGS_GLOBAL_H
#define SETTINGS_GLOBAL_H

#include "settings/settings.h"

/* Files in state_dir that the daemon keeps for reevectl. */
#define GLOBAL_PID_FILE "mailreeve.pid"
#define GLOBAL_STATUS_FILE "status.json"

enum global_mode { MODE_ENFORCE, MODE_MONITOR };
enum global_log_target { LOG_WHERE_AUTO, LOG_WHERE_SYSLOG, LOG_WHERE_STDERR };

struct global_settings {
	char *listen;			/* as libmilter has it */
	char *listen_mode;		/* octal */
	char *listen_group;		/* "": the daemon's own */
	int64_t backlog;
	char *state_dir;
	char *user;
	char *authserv_id;		/* never "" once prepared */
	enum global_mode mode;
	unsigned log_level;		/* of syslog */
	enum global_log_target log_target;
	int64_t shutdown_wait_ms, session_timeout_ms;
};

extern const struct setting_group global_group;
const struct global_settings *global_settings_of(
	const struct settings *settings);

#endif
