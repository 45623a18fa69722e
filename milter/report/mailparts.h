/* mailparts.h - parts of the mails that reports are, and the
 * mail around them */
#ifndef REPORT_MAILPARTS_H
#define REPORT_MAILPARTS_H

#include "report/reportsettings.h"

struct _GMimeObject;
struct _GMimeMultipart;

enum mailparts_encoding {
	MAILPARTS_7BIT, MAILPARTS_8BIT, MAILPARTS_QUOTED, MAILPARTS_BASE64,
};

/* Copies the bytes; a new reference, as below. */
struct _GMimeObject *mailparts_new(const char *type, const char *subtype,
				   const char *bytes, size_t len,
				   enum mailparts_encoding encoding) MUST_USE;
/* text/plain; UTF-8. */
struct _GMimeObject *mailparts_text(const char *words) MUST_USE;
/* Takes the part. */
void mailparts_add(struct _GMimeMultipart *all, struct _GMimeObject *part);

/*
 * A whole message with CRLF, from the reporter; takes the body. to (may be NULL
 * or end at once) ends with NULL: addresses that reportmail_is_address()
 * passes. Free with g_byte_array_unref().
 */
GByteArray *mailparts_message(const struct report_settings *reporter,
			      const char *const *to, const char *subject,
			      struct _GMimeObject *body) MUST_USE;

#endif
