/* storesettings.h - how long records are kept, and what bounds them */
#ifndef STORE_STORESETTINGS_H
#define STORE_STORESETTINGS_H

#include "settings/settings.h"

/* What becomes of mail whose record cannot be written. */
enum reason { REASON_OPTIONAL, REASON_REQUIRED };

/* What is kept of subjects. */
enum subject_keeping { SUBJECT_ON, SUBJECT_OFF, SUBJECT_HASH };

enum on_failure {
	ON_FAILURE_DEFER,	/* 451, so that nothing goes unrecorded */
	ON_FAILURE_ACCEPT,	/* accepted; the record waits in the queue */
};

enum at_disk_limit {
	AT_DISK_LIMIT_DEFER,
	AT_DISK_LIMIT_EXPIRE,	/* the oldest days go, as far as the law
				 * lets them */
};

struct store_settings {
	int64_t keep_ms;
	char *keep_short;		/* "" when none is given */
	char *anchor_command;		/* "": none */
	int64_t queue;			/* records */
	int64_t map_bytes;		/* most that one day's file may take */
	int64_t disk_warning_percent, disk_limit_percent;
	unsigned int at_disk_limit;	/* enum at_disk_limit */
	unsigned int on_failure;	/* enum on_failure */
	unsigned int reason;		/* enum reason */
	unsigned int subject;		/* enum subject_keeping */
	int64_t header_text_bytes;
};

/* What records are kept for in any case: 60 days, or
 * records.keep if that is less. */
int64_t store_settings_least_keep_ms(const struct store_settings *settings);

extern const struct setting_group store_group;
const struct store_settings *store_settings_of(
	const struct settings *settings);

#endif
