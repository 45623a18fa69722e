/* maildate.h - dates of header fields */
#ifndef MESSAGE_MAILDATE_H
#define MESSAGE_MAILDATE_H

#include "base/guard.h"

#include <stdint.h>

/*
 * "Thu, 22 Aug 2002 18:26:25 +0700 (ICT)" (RFC 5322, 3.3), and whatever else
 * GMime takes for a date, in seconds of Unix. As they should be, dates are read
 * here at once: GMime makes a calendar's and a time zone's object of each, and
 * there is one in every Received field. False: it is none.
 */
bool maildate_read(const char *text, int64_t *seconds_out) MUST_USE;

#endif
