/* xarf.h - abuse reports in JSON: XARF, version 4 */
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
	const char *sender, *recipient;	/* smtp_from, smtp_to */
	const char *subject;
	const char *message_id;
	struct span original;		/* evidence of type message/rfc822 */
};

#define XARF_BYTES_MAX ((size_t)4 << 20)

/* Whether the text is meant to be XARF of any version: an object that has
 * xarf_version, or Version with ReporterInfo. */
bool xarf_is_meant(struct span text);
/*
 * Reads one report and checks what the schema of version 4 demands of any
 * report, and which fields the type has to have. NULL; or a sentence that
 * names the field. Pure; any thread.
 */
const char *xarf_read(struct span text, struct arena *arena,
		      struct xarf *out) MUST_USE;

#endif
