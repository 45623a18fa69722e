/* arf.h - reports of abuse as mail (RFC 5965) */
#ifndef REPORT_ARF_H
#define REPORT_ARF_H

#include "report/abusefacts.h"

/*
 * A whole message with CRLF: for people, for programs
 * (message/feedback-report), and the original; where that was not kept, what is
 * known of its header (text/rfc822-headers). to ends with NULL, and may be
 * NULL: no To field. Free with g_byte_array_unref().
 */
GByteArray *arf_format(const struct abusefacts *facts, const char *const *to,
		       struct arena *arena) MUST_USE;

/* What it says for people, in lines that end in LF; free it. */
char *arf_words(const struct abusefacts *facts, struct arena *arena) MUST_USE;

#endif
