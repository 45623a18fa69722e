/* webhook.h - one POST to an URL of the administrator's, by libcurl */
#ifndef ALERT_WEBHOOK_H
#define ALERT_WEBHOOK_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>
#include <stdatomic.h>
#include <stdint.h>

struct webhook {
	const char *url;
	const char *ca_file;		/* "": the system's */
	int64_t timeout_ms;		/* of the whole */
	const atomic_bool *is_cancelled;	/* NULL: it is not */
};

/* Whether the URL is one to which alerts may go, and this build
 * can send them. */
bool webhook_check(const char *url, GError **error) MUST_USE;
/*
 * True once it answered 2xx. The certificate and its name are checked,
 * redirects are not followed, what it says is read no further than 64 KiB and
 * forgotten. Any thread.
 */
bool webhook_post(const struct webhook *to, struct span json, GError **error)
	MUST_USE;

#endif
