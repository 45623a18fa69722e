/* redirects.h - redirector_pattern: URIs that only lead to another one */
#ifndef CONTENT_REDIRECTS_H
#define CONTENT_REDIRECTS_H

#include "base/guard.h"
#include "base/log.h"

#include <glib.h>
#include <stdint.h>

/* Read-only once all lines are read; any thread. */
struct redirects;

struct redirects *redirects_new(void) MUST_USE;
/* Accepts NULL. */
void redirects_free(struct redirects *redirects);

/* A line's "/pattern/i", whose first group is what the URI leads to. False and
 * the error: there is no sense in it. file is for the log; borrowed as long. */
bool redirects_add(struct redirects *redirects, const char *text,
		   const char *file, unsigned line, GError **error) MUST_USE;

/* Of one message. */
struct redirects_run {
	const struct redirects *redirects;
	int64_t cut_offs_max;		/* of a pattern, in all; 0: no limit */
	const struct log_context *log;
	size_t cut_off;			/* matches that PCRE2 gave up */
};

/* What the first pattern finds in a URI that has a dot in its group; see
 * uri_target_fn. mydata is a struct redirects_run. */
char *redirects_target(void *mydata, const char *uri);

#endif
