/* spfrecord.h - one SPF record as published in DNS (RFC 7208, 4.6 and 12) */
#ifndef SENDER_SPFRECORD_H
#define SENDER_SPFRECORD_H

#include "base/arena.h"
#include "base/netaddr.h"
#include "base/span.h"
#include "message/auth.h"

enum spf_mechanism {
	SPFTERM_ALL, SPFTERM_INCLUDE, SPFTERM_A,
	SPFTERM_MX, SPFTERM_PTR, SPFTERM_IP4,
	SPFTERM_IP6, SPFTERM_EXISTS,
};

/* Spans point into the text given to the parser. */
struct spf_term {
	enum spf_mechanism mechanism;
	enum auth_result qualifier;	/* the result when it matches */
	struct span text;		/* as published */
	struct span domain;		/* domain-spec, not expanded; may
					 * be empty */
	struct network network;		/* of ip4 and ip6 */
	uint8_t bits4, bits6;		/* of a and mx: 0 to 32, 0 to 128 */
};

struct spf_record {
	struct spf_term *terms;		/* in the arena */
	size_t count;
	bool has_redirect, has_exp;
	struct span redirect, exp;	/* domain-specs */
};

/* Whether it is a record of version 1 at all (4.5). Pure. */
bool spfrecord_is_one(struct span txt);
/*
 * Pure; any thread. txt must be one, and live as long as the record. NULL when
 * all is well, else what is wrong, for ever (the result is then permerror).
 */
const char *spfrecord_parse(struct span txt, struct arena *arena,
			    struct spf_record *record_out) MUST_USE;
/* Whether the text is a macro-string (7.1), as exp= texts and unknown modifiers
 * have them. */
bool spfrecord_is_macro_string(struct span text);

#endif
