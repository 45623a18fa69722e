/* unboundlib.h - what libunbound is told, and what it answers */
#ifndef RESOLVER_UNBOUNDLIB_H
#define RESOLVER_UNBOUNDLIB_H

#include "resolver/dnsanswer.h"

#include <glib.h>

struct resolver_settings;
struct ub_ctx;
struct ub_result;

/* Servers, DNSSEC, and threads of its own. False with what it refuses. */
bool unboundlib_set_up(struct ub_ctx *unbound,
		       const struct resolver_settings *settings,
		       GError **error) MUST_USE;
/* A name as it reads them. Free it. */
char *unboundlib_name(const char *name) MUST_USE;
/* result stays the caller's. */
struct dnsanswer *unboundlib_answer(const struct ub_result *result) MUST_USE;

#endif
