/* plainmail.h - a mail of ours: text for a person, in UTF-8 */
#ifndef MESSAGE_PLAINMAIL_H
#define MESSAGE_PLAINMAIL_H

#include "base/guard.h"

#include <glib.h>
#include <stdint.h>

struct plainmail {
	const char *from, *from_name;	/* an address; UTF-8, "" for none */
	const char *to;			/* an address */
	const char *subject;		/* UTF-8, one line */
	const char *message_id;		/* without < > */
	const char *language;		/* RFC 5646; "" for none */
	int64_t date_us;
	const char *body;		/* UTF-8; lines end with LF */
};

/*
 * The whole of it, of ASCII, as sendmail(1) takes it: lines end with LF, and
 * none is longer than RFC 5322, 2.1.1, recommends; names and subject as RFC
 * 2047 has them; RFC 3834, 5: no robot is to answer. Addresses are the caller's
 * to check. Free with g_string_free(). Pure.
 */
GString *plainmail_format(const struct plainmail *mail) MUST_USE;

#endif
