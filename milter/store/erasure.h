/* erasure.h - takes a person's words out of a record */
#ifndef STORE_ERASURE_H
#define STORE_ERASURE_H

#include "base/span.h"
#include "store/querymatch.h"

/*
 * Some laws give people a right to be forgotten, while others want to know that
 * there was a message, and when. So what says who it was goes: of who sent it
 * (client, login, addresses, header fields, domains of signatures), of a
 * recipient, or both; and with it what others wrote about it in words. Times,
 * sizes, verdicts and the names of findings stay, and so do the other people's
 * addresses.
 */
struct erasure {
	/* Which records, and by that whose words: those of the recipients that
	 * it asks for, or of the sender when it asks for an account, a sender,
	 * a client or a session. When it asks for neither, all of them. */
	const struct querymatch *match;
	int64_t when_us;
};

/* What the query asks about whom. */
bool erasure_is_of_sender(const struct search_query *query);
bool erasure_is_of_recipient(const struct search_query *query);

/*
 * Whether the record is one of those; then what shall be in its place is behind
 * what is in out, without the hash of the one before. bytes are as stored, with
 * that hash or without. Pure.
 */
bool erasure_apply(const struct erasure *erasure, struct span bytes,
		   GByteArray *out) MUST_USE;
/* The same for the record of a session whose mail was all of those: it need not
 * match. False: it is none. */
bool erasure_apply_to_session(const struct erasure *erasure, struct span bytes,
			      GByteArray *out) MUST_USE;

#endif
