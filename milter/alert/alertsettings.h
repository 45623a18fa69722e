/* alertsettings.h - who is told at once, and how: alert { } */
#ifndef ALERT_ALERTSETTINGS_H
#define ALERT_ALERTSETTINGS_H

#include "settings/settings.h"

struct alert_settings {
	char *command;			/* "": none; so below */
	GPtrArray *mail;		/* addresses */
	char *mail_from;
	char *webhook, *webhook_ca;
	GPtrArray *kinds;		/* globs */
	int64_t timeout_ms, every_ms, before_ms;
	int64_t most;			/* of a kind within every_ms */
};

extern const struct setting_group alert_group;

const struct alert_settings *alert_settings_of(const struct settings *settings);

/* Whether anybody is to be told of that kind. */
bool alert_settings_want(const struct alert_settings *settings,
			 const char *kind);

#endif
