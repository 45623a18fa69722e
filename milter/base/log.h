/* log.h - one line an event, to syslog or standard error */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>
#include <syslog.h>		/* LOG_DEBUG ... LOG_CRIT */

/* Whose event it is; either may be NULL or empty. Borrowed for the call. */
struct log_context {
	const char *session;
	const char *queue_id;
};

enum log_target { LOG_TARGET_STDERR, LOG_TARGET_SYSLOG };

/* At the start, before threads; most_verbose is a syslog level. */
void log_open(enum log_target target, int most_verbose);
/* Any thread. */
void log_set_level(int most_verbose);

/*
 * Writes `event key=value ...` with the context's session and queue id. context
 * may be NULL. Any thread. Strangers' text goes through log_text().
 */
void log_event(const struct log_context *context, int level,
	       const char *event, const char *fmt, ...) PRINTF_LIKE(4, 5);

/*
 * Who is told of each event of level warning or worse as well, written or not;
 * line is the whole of it. On the thread that logs, which must not wait; NULL:
 * nobody. Any thread.
 */
typedef void log_listener_fn(int level, const char *event, const char *line);
void log_set_listener(log_listener_fn *listener);

#define LOG_TEXT_MAX 200	/* bytes of a stranger's text in one value */

/*
 * A stranger's bytes as one value: quoted, everything but printable ASCII as
 * \xHH, cut at LOG_TEXT_MAX with "..." behind. Free with g_free().
 */
char *log_text(struct span bytes) MUST_USE;

#endif
