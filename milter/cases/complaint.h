/* complaint.h - what a complaint says, read from the mail that it came as */
#ifndef CASES_COMPLAINT_H
#define CASES_COMPLAINT_H

#include "message/transaction.h"

enum complaint_form {
	COMPLAINT_ARF,		/* RFC 5965 */
	COMPLAINT_XARF,		/* version 4 */
	COMPLAINT_FORWARDED,	/* a person's: the original is in it or
				 * below it */
	COMPLAINT_BY_HAND,	/* an operator wrote down what was told */
};
const char *complaint_form_word(enum complaint_form form);
bool complaint_form_parse(const char *word, enum complaint_form *form_out)
	MUST_USE;

/* What is odd about one that could be read; several may hold. */
enum complaint_flaw {
	COMPLAINT_FLAW_MARK = 1 << 0,	/* bytes of an editor before
					 * the header */
	COMPLAINT_FLAW_TYPE = 1 << 1,	/* a report within what says it
					 * is none */
	COMPLAINT_FLAW_FIELDS = 1 << 2,	/* fields that RFC 5965, 3.1, wants are
					 * missing */
	COMPLAINT_FLAW_CUT = 1 << 3,	/* larger than the limits */
};

#define COMPLAINT_HOPS_MAX 20	/* Received fields of an original looked at */

/* Texts are never NULL, and as the stranger wrote them: to be escaped. All
 * lives in the arena of the transaction that it was read with. */
struct complaint {
	enum complaint_form form;
	unsigned flaws;
	const char *kind;		/* "abuse"; XARF: "messaging/spam" */
	const char *reporter;		/* address; "" */
	const char *reporter_domain;	/* A-labels; "" */
	const char *agent;		/* the program that reports; "" */
	const char *subject;		/* of the original, decoded; else of the
					 * complaint */
	int64_t received_us;		/* when the original came in; 0:
					 * not said */
	struct netaddr source;		/* NETADDR_NONE: not said */
	const char *message_id;		/* of the original, without < >; "" */
	const char *sender, *recipient;	/* of the original; "" */
	bool is_redacted;		/* the recipient is hidden (RFC 6590) */
	struct netaddr hops[COMPLAINT_HOPS_MAX];
	size_t hop_count;		/* of the original, the last
					 * hop first */
	const char *queue_ids[COMPLAINT_HOPS_MAX];
	size_t queue_id_count;
	struct span original;		/* its header, or all of it; may
					 * be empty */
};

/* Why a mail is not taken for a complaint. */
enum complaint_refusal {
	COMPLAINT_READ,			/* it is one */
	COMPLAINT_BOUNCE,		/* tells of a delivery, RFC
					 * 3464 or not */
	COMPLAINT_ANSWER,		/* an automatic answer (RFC 3834) */
	COMPLAINT_NOTHING,		/* no report and no original in it */
	COMPLAINT_REPORT,		/* a report without type or original */
	COMPLAINT_XARF_BAD,		/* see the sentence */
};

/*
 * Reads one mail, or XARF alone. tx is fresh, is used up by it, and holds what
 * comes out of it; its limits bound all that is looked at. why_out: a sentence
 * when it is none. Pure but for tx; any thread.
 */
enum complaint_refusal complaint_read(struct transaction *tx,
				      struct span bytes,
				      struct complaint *out,
				      const char **why_out) MUST_USE;

/* Of "<a@b>" or "b"; "" when it has none. In the arena. */
const char *complaint_domain_of(const char *address, struct arena *arena);

#endif
