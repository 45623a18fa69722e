/* noticesettings.h - the letters to customers: cases.notice*,
 * cases.auto_warn */
#ifndef CASES_NOTICESETTINGS_H
#define CASES_NOTICESETTINGS_H

#include "cases/noticeset.h"
#include "settings/settings.h"

struct notice_settings {
	bool is_on;			/* steps of cases send letters */
	bool auto_warn;
	int64_t warn_after_ms;
	int64_t remind_ms;		/* 0: never */
	char *sender;			/* of the envelope; "": <>; % is
					 * the token */
	char *name;			/* beside cases.contact; "" */
	char *dir;			/* "": as shipped */
	char *language;			/* of who has none */
	struct noticeset *set;
};

extern const struct setting_group notice_group;

const struct notice_settings *notice_settings_of(
	const struct settings *settings);

/* An address that a letter can be sent to: of ASCII, with one @ and a
 * domain, and nothing that could begin another header or another word
 * of a command. Pure. */
bool notice_is_address(const char *text);

#endif
