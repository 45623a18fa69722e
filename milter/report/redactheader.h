/* redactheader.h - the header of a message, with its recipients hidden */
#ifndef REPORT_REDACTHEADER_H
#define REPORT_REDACTHEADER_H

#include "report/redact.h"

/*
 * The header of a message as it came, with CRLF: of the fields that name
 * recipients (To, Cc, Delivered-To and all that are called so) only addresses,
 * hidden, are left; in Received whom it was for; elsewhere the addresses that
 * are known. Free with g_byte_array_unref(). Pure; any bytes.
 */
GByteArray *redactheader_format(const struct redact *redact,
				struct span original, struct arena *arena)
	MUST_USE;
/* The value of another field, which may have encoded words. */
struct span redactheader_value(const struct redact *redact, struct span value,
			       struct arena *arena);

#endif
