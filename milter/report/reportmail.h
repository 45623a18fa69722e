/* reportmail.h - reports that go out as mail */
#ifndef REPORT_REPORTMAIL_H
#define REPORT_REPORTMAIL_H

#include "report/reportsettings.h"

/* All borrowed. */
struct reportmail_file {
	const char *type, *subtype;	/* application, zip */
	const char *name;		/* ASCII */
	const GByteArray *bytes;
};

struct reportmail {
	const struct report_settings *reporter;
	const char *const *to;		/* ends with NULL */
	const char *subject;		/* UTF-8, on one line */
	const char *words;		/* lines end with LF */
	const struct reportmail_file *files;
	size_t file_count;
};

/* Whether it can be put into a header and an envelope: ASCII, local@domain, and
 * nothing that begins another field or address. */
bool reportmail_is_address(const char *text);

/* A whole message with CRLF; free with g_byte_array_unref(). */
GByteArray *reportmail_format(const struct reportmail *mail) MUST_USE;

/*
 * Hands it to sendmail(1), program of the settings; its bounces come to the
 * reporter's contact. False with error: nobody has it, or nobody knows.
 */
bool reportmail_send(const GByteArray *message, const char *program,
		     const struct report_settings *reporter,
		     const char *const *to, GError **error) MUST_USE;

#endif
