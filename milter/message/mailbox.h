/* mailbox.h - addresses in header fields: RFC 5322, 3.4 and 4.4, RFC 6854 */
#ifndef MESSAGE_MAILBOX_H
#define MESSAGE_MAILBOX_H

#include "message/mailaddr.h"

/* What is odd about a list of addresses; several may hold. */
enum mailbox_flaw {
	MAILBOX_FLAW_SYNTAX = 1 << 0,	/* unclosed quotes, brackets,
					 * comments */
	MAILBOX_FLAW_COMMENT = 1 << 1,	/* a comment inside an address */
	MAILBOX_FLAW_ROUTE = 1 << 2,	/* a source route */
	MAILBOX_FLAW_GROUP = 1 << 3,	/* a group: "name: a, b;" */
	MAILBOX_FLAW_MANY = 1 << 4,	/* more than MAILBOX_MAX: cut */
	MAILBOX_FLAW_TRAILING = 1 << 5,	/* something behind the > of one */
	MAILBOX_FLAW_ENCODED = 1 << 6,	/* an encoded word in an address */
};

#define MAILBOX_MAX 1000		/* addresses of one field that
					 * are read */

struct mailbox {
	const char *name;		/* UTF-8, decoded, NULL when there
					 * is none */
	const char *raw_name;		/* not decoded; NULL likewise */
	bool is_name_encoded;		/* by RFC 2047 */
	struct mailaddr addr;		/* FLAW_SYNTAX when it is none */
};

/* In the arena. */
struct mailbox_list {
	struct mailbox *boxes;
	size_t count;
	unsigned flaws;
};

/*
 * Reads the value of From, Sender, Reply-To, To and the like. Pure; any thread.
 * Always gives an answer: what cannot be read is a box with FLAW_SYNTAX. An
 * empty field, or an empty group, gives none.
 */
struct mailbox_list mailbox_parse(struct span value, struct arena *arena);

#endif
