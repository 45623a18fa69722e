/* spfmacro.h - macro expansion (RFC 7208, 7) */
#ifndef SENDER_SPFMACRO_H
#define SENDER_SPFMACRO_H

#include "base/arena.h"
#include "base/netaddr.h"
#include "base/span.h"

/* What the letters stand for. */
struct spf_macros {
	struct span local;		/* l */
	const char *sender_domain;	/* o */
	const char *domain;		/* d: changes with include and
					 * redirect */
	struct netaddr client;		/* i, c, v */
	const char *helo;		/* h */
	const char *validated_name;	/* p: NULL until it is asked for */
	const char *receiver;		/* r */
	int64_t now_s;			/* t */
};

/* Whether %{p} stands in it, for which the DNS must be asked first. */
bool spfmacro_needs_name(struct span text);
/*
 * Pure. A domain-spec expanded; without its left labels when it comes to more
 * than 253 bytes (7.3). The text must be a macro-string.
 */
const char *spfmacro_domain(struct span text, const struct spf_macros *macros,
			    struct arena *arena);
/* An explanation, in which c, r and t mean something, too; NULL when it is no
 * macro-string. */
const char *spfmacro_explanation(struct span text,
				 const struct spf_macros *macros,
				 struct arena *arena);

#endif
