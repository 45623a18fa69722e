/* mailaddr.h - addresses of the envelope: RFC 5321, 4.1.2, and its abuses */
#ifndef MESSAGE_MAILADDR_H
#define MESSAGE_MAILADDR_H

#include "base/arena.h"
#include "base/netaddr.h"
#include "base/span.h"

/* What is odd about an address; several may hold. */
enum mailaddr_flaw {
	MAILADDR_FLAW_NONE = 0,
	MAILADDR_FLAW_SYNTAX = 1 << 0,		/* not an address at all */
	MAILADDR_FLAW_CONTROL = 1 << 1,		/* bytes 0-31 or 127 */
	MAILADDR_FLAW_8BIT = 1 << 2,		/* allowed by SMTPUTF8 only */
	MAILADDR_FLAW_UTF8 = 1 << 3,		/* 8-bit that is not UTF-8 */
	MAILADDR_FLAW_EMPTY_LOCAL = 1 << 4,
	MAILADDR_FLAW_LONG_LOCAL = 1 << 5,	/* over 64 octets (4.5.3.1.1) */
	MAILADDR_FLAW_LONG_DOMAIN = 1 << 6,	/* over 255 octets, a label
						 * over 63 */
	MAILADDR_FLAW_DOMAIN = 1 << 7,		/* empty labels, bad
						 * characters */
	MAILADDR_FLAW_TRAILING_DOT = 1 << 8,	/* of the domain; cut off */
	MAILADDR_FLAW_ROUTE = 1 << 9,		/* source route before it */
	MAILADDR_FLAW_PERCENT = 1 << 10,	/* user%remote@ours */
	MAILADDR_FLAW_BANG = 1 << 11,		/* remote!user@ours */
	MAILADDR_FLAW_INNER_AT = 1 << 12,	/* "user@remote"@ours,
						 * a@b@ours */
	MAILADDR_FLAW_BRACKETS = 1 << 13,	/* < or > within */
	MAILADDR_FLAW_LOCAL_DOTS = 1 << 14,	/* .a, a., a..b unquoted */
};

/*
 * An envelope address. Spans and texts live in the arena given to the parser.
 * When it cannot be read (FLAW_SYNTAX), raw is all there is.
 */
struct mailaddr {
	struct span raw;		/* as given, without the outer < > */
	bool is_null;			/* <> */
	struct span local;		/* without its quotes */
	struct span domain;		/* as given, without the last dot; may
					 * be empty */
	const char *domain_ascii;	/* lower case, A-labels; "" when none or
					 * unusable */
	bool is_literal;		/* domain is [..] */
	struct netaddr literal;		/* of a literal that is an IP address */
	struct span route;		/* "@a,@b" of a source route */
	const char *hidden_domain;	/* lower case: where %, ! or an inner
					 * @ leads; NULL: nowhere; "": who
					 * knows where */
	unsigned flaws;
};

/*
 * Reads the argument of MAIL or RCPT, with or without < >. Pure; any thread.
 * Always gives an answer: what is wrong is in flaws.
 */
struct mailaddr mailaddr_parse(struct span text, struct arena *arena);

/* local@domain_ascii, lower case only in the domain; "<>" for the null
 * sender; log-safe raw text when it could not be read. In the arena. */
const char *mailaddr_format(const struct mailaddr *addr, struct arena *arena);

/* A domain's one form: lower case, A-labels (RFC 5890), no trailing dot. NULL
 * when it is none. */
const char *mailaddr_domain_ascii(struct span domain, struct arena *arena);

#endif
