/* received.h - Received fields: who handed the message to whom */
#ifndef MESSAGE_RECEIVED_H
#define MESSAGE_RECEIVED_H

#include "message/transaction.h"

enum received_kind {
	RECEIVED_UNREADABLE,	/* who it came from is not to be made out */
	RECEIVED_LOCAL,		/* within one host: no hand-over by SMTP */
	RECEIVED_FETCHED,	/* from a mailbox, by POP3 or IMAP */
	RECEIVED_RELAY,
};

/* One hand-over. Texts are never NULL, and have no blanks or
 * brackets in them. */
struct relay {
	enum received_kind kind;
	const char *ip;			/* as written, without brackets; "" */
	const char *rdns;		/* the name that the MTA
					 * looked up; "" */
	const char *helo, *by, *ident, *id;
	const char *envelope_from;	/* "" */
	const char *auth;		/* how the client logged in; "" */
	bool has_no_rdns;		/* looked up, and there was none */
	bool is_private;		/* an address that nobody else
					 * can reach */
};

/*
 * Reads the value of one field, as the MTAs of the world write it (RFC 5321,
 * 4.4, leaves the form of the comments to them). Pure; in the arena.
 */
struct relay received_parse(struct span value, struct arena *arena);

/* The relays of a message, the last hop first. */
struct relays {
	GArray *all;			/* of struct relay, those of
					 * kind RELAY */
	guint trusted;			/* so many, from the first on, are ours
					 * or are known to us by a log-in */
	guint trusted_fields;		/* so many Received fields stand
					 * for them */
	unsigned unreadable;
};

/*
 * The client itself comes first, where it is known, since its own field is
 * written after a filter. Hosts with private addresses, and logins, are trusted
 * up to the first that is neither. Behind all Received fields come the
 * addresses in fields whose names stand in origins (of const char *; NULL:
 * none), which web mail writes. Free all with g_array_unref().
 */
struct relays received_collect(const struct transaction *tx,
			       const GPtrArray *origins, struct arena *arena);

#endif
