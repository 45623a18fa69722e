/* finding.h - what a check found, and what is done about the message */
#ifndef MESSAGE_FINDING_H
#define MESSAGE_FINDING_H

#include <stdbool.h>
#include <stddef.h>

/* From mild to harsh; a harsher one wins over a milder one. */
enum action {
	ACTION_NONE,		/* nothing demanded */
	ACTION_ACCEPT,
	ACTION_TAG,		/* accept, with headers that say so */
	ACTION_QUARANTINE,	/* accept, held in the MTA's quarantine */
	ACTION_DEFER,		/* 4xx */
	ACTION_REJECT,		/* 5xx */
	ACTION_DISCARD,		/* accept, and throw away */
};

/* "reject" and so on; never NULL. */
const char *action_word(enum action action);

/*
 * One finding. A check gives symbol, detail and, when it knows better than the
 * sum of scores, the action that it demands; the verdict fills in the score
 * from the settings. All texts live in the transaction's arena or for ever.
 */
struct finding {
	const char *symbol;	/* "RELAY_DENIED" */
	const char *detail;	/* printable ASCII, or NULL */
	double score;
	enum action demand;	/* ACTION_NONE: the score decides */
	int code;		/* SMTP reply of a demand, 0: the default */
	const char *enhanced;	/* RFC 3463, with code; else NULL */
	const char *text;	/* of the reply, with code; else NULL */
	size_t recipient;	/* index + 1 of the one concerned, 0: all */
	bool keeps_original;	/* the message is to be kept as evidence */
	bool refuses_mail;	/* a refusal is said at MAIL, not at RCPT */

	/* For people, where the transaction asks for it; NULL:
	 * nothing is known. */
	const char *meaning;	/* of the symbol */
	const char *evidence;	/* what was found, and what stands around it;
				 * UTF-8 that steers no terminal */
};

/* What is done, by the verdict: see verdict/verdict.h. */
struct outcome {
	enum action action;	/* ACTION_NONE: not decided yet */
	int code;		/* SMTP: 250, 451, 550 ... */
	const char *enhanced;	/* "5.7.1" */
	const char *text;	/* whole text behind the codes */
	double score;
};

#endif
