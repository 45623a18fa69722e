/* xarf.h - abuse reports in JSON: XARF, versions 4 and 3 */
#ifndef CASES_XARF_H
#define CASES_XARF_H

#include "base/arena.h"

/* In the arena, never NULL; "" where it is not said. */
struct xarf {
	const char *category, *type;
	const char *reporter;		/* contact of who reports */
	const char *reporter_domain;
	const char *org;
	const char *source;		/* an address, mostly */
	const char *timestamp;		/* RFC 3339 */
	const char *sender, *recipient;	/* of the envelope */
	const char *subject;
	const char *message_id;
	struct span original;		/* evidence of type message/rfc822 */
};

#define XARF_BYTES_MAX ((size_t)4 << 20)

/* Whether the text is meant to be XARF of any version: an object that has
 * xarf_version, or Version 3, or another with ReporterInfo. */
bool xarf_is_meant(struct span text);
/*
 * Reads one report. Of version 4: checks what its schema demands of any report,
 * which fields the type has to have, and which are to go with others; of
 * version 3 see xarf3.h. NULL; or a sentence that names the field. Pure; any
 * thread.
 */
const char *xarf_read(struct span text, struct arena *arena,
		      struct xarf *out) MUST_USE;

#endif
