/* gather.h - from libmilter's arguments and macros to a transaction */
#ifndef SESSION_GATHER_H
#define SESSION_GATHER_H

#include "message/transaction.h"

#include <libmilter/mfapi.h>

/*
 * One connection of the MTA, from connect to close; libmilter calls for it
 * from changing threads, but never from two at once. It is the context's
 * private data.
 */
struct session {
	struct session_facts facts;	/* its texts live in arena */
	struct arena arena;
	struct log_context log;
	bool is_connected;		/* xxfi_connect was called */
	bool is_space_known;		/* whether the MTA passes header
					 * values ... */
	bool has_leading_space;		/* ... with the space behind
					 * the colon */
	struct settings *settings;	/* of the message in hand; owned */
	struct transaction tx;		/* of the message in hand */
	bool is_in_message;
};

struct session *session_new(void) MUST_USE;
/* Accepts NULL. */
void session_free(struct session *session);

/* host and addr as xxfi_connect has them; addr may be NULL. */
void gather_connect(struct session *session, SMFICTX *ctx, const char *host,
		    const struct sockaddr *addr);
void gather_helo(struct session *session, const char *name);
/* Begins a message; argv as xxfi_envfrom has it. */
void gather_mail(struct session *session, SMFICTX *ctx, char **argv);
/* NULL when limits.recipients are there already. The MTA's own refusal is
 * already in its state. */
struct recipient *gather_rcpt(struct session *session, SMFICTX *ctx,
			      char **argv);
/* The queue id comes late: with Postfix after the first recipient. */
void gather_queue_id(struct session *session, SMFICTX *ctx);
void gather_header(struct session *session, const char *name,
		   const char *value);
/* False once the MTA need send no more of the body. */
bool gather_body(struct session *session, struct span chunk);
/* The true size, when the MTA knows it better. */
void gather_end(struct session *session, SMFICTX *ctx);
/* Ends the message in hand; its record must have been made. */
void gather_forget_message(struct session *session);

#endif
