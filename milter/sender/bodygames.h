/* bodygames.h - line ends that SMTP does not have, and what they smuggle */
#ifndef SENDER_BODYGAMES_H
#define SENDER_BODYGAMES_H

#include "message/transaction.h"

/*
 * What was seen of a body that comes in pieces. An MTA that ends a message at
 * something else than CRLF.CRLF makes two of one; a lone dot between other line
 * ends, with a command behind it, is meant for such a one. Zeroed at first.
 */
struct bodygames {
	uint32_t bare_cr, bare_lf;
	char last;			/* the byte before */
	char line[16];			/* how the line at hand begins */
	size_t line_len;
	bool is_dot_before;		/* the line before was a dot
					 * alone ... */
	bool is_odd_before;		/* ... with an odd line end around it */
	bool is_line_odd;		/* the end of the line before was odd */
	bool is_smuggling;		/* a command followed */
	bool is_dot_seen;		/* such a dot at all */
};

void bodygames_add(struct bodygames *games, struct span chunk);
/* BARE_CR, BARE_LF, SMUGGLING; and the bare ones in the header. */
void bodygames_find(const struct bodygames *games, struct transaction *tx);

#endif
