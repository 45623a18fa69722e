/* clamd.h - a client of clamd's protocol */
#ifndef CONTENT_CLAMD_H
#define CONTENT_CLAMD_H

#include "base/log.h"
#include "content/clamdreply.h"
#include "content/clamdsettings.h"

#include <stdint.h>

/*
 * Has the two spans, one behind the other, scanned by the first clamd that
 * does, within settings' time. CLAMDREPLY_ERROR or _NONSENSE: none did, and
 * text says what the last one that was asked did; each goes into the log. One
 * that lets one wait is first asked for a sign of life by the messages that
 * follow (PING), and left alone for clamd.retry when it gives none: so a
 * stranger's message that takes clamd too long does not end the scanning of
 * others. Any thread.
 */
struct clamdreply clamd_scan(const struct clamd_settings *settings,
			     const struct log_context *log, struct span head,
			     struct span body) MUST_USE;
/* What came of the last message that one was asked about. */
struct clamd_last {
	int64_t at_us;			/* 0: none yet */
	bool is_well;			/* it answered */
	char why[CLAMDREPLY_TEXT_SIZE];	/* when it did not */
};

/* Any thread. */
struct clamd_last clamd_last(const struct clamd_address *address);

#endif
