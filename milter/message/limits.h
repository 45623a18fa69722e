/* limits.h - what a stranger can make grow in one message, and how far */
#ifndef MESSAGE_LIMITS_H
#define MESSAGE_LIMITS_H

#include "settings/settings.h"

/* What is done with body bytes past limits.body. */
enum past_body {
	PAST_BODY_COUNT,	/* received and counted: the size is exact */
	PAST_BODY_SKIP,		/* the MTA is told to send no more
				 * (SMFIS_SKIP) */
};

struct limits {
	int64_t recipients;		/* kept of one message */
	int64_t headers;
	int64_t header_bytes;		/* of one header: name and value */
	int64_t all_header_bytes;
	int64_t body_bytes;
	enum past_body past_body;
	int64_t archive_depth;		/* archives within archives */
	int64_t archive_entries;	/* names, of all archives */
	int64_t archive_bytes;		/* unpacked, to look within */
	int64_t archive_time_ms;	/* for all archives of a message */
};

extern const struct setting_group limits_group;
const struct limits *limits_of(const struct settings *settings);

#endif
