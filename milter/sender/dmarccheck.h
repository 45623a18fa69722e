/* dmarccheck.h - DMARC of one message (RFC 7489, 6.6; DMARCbis' tree walk) */
#ifndef SENDER_DMARCCHECK_H
#define SENDER_DMARCCHECK_H

#include "message/mailbox.h"
#include "message/transaction.h"
#include "resolver/dnsanswer.h"

#define DMARC_DOMAINS_MAX 10	/* of one From; more has no defined answer */

/* The From fields of a message, read once. In the arena. */
struct from_facts {
	unsigned fields;		/* of that name */
	struct mailbox_list list;	/* of the first field */
	const char *domains[DMARC_DOMAINS_MAX];	/* of all, A-labels,
						 * once each */
	size_t domain_count;
	bool has_more;			/* than DMARC_DOMAINS_MAX */
	bool has_bad;			/* an address without a usable domain */
};

struct from_facts dmarccheck_read_from(struct transaction *tx);

/*
 * Asks for all that the verdict will need; true when it is all there. Needs
 * what SPF and DKIM say only where a tree walk must find their domains.
 */
bool dmarccheck_ask(struct transaction *tx, const struct from_facts *from,
		    const struct dns_asker *asker) MUST_USE;

/*
 * Fills tx->auth.dmarc from SPF and DKIM as they stand there, which of the
 * signatures are aligned, and whether a trusted ARC sealer overrides it. Of
 * several From domains the worst answer counts; none at all, more than 10, or
 * one that cannot be read is permerror, unless one of the others fails. When it
 * fails only because an aligned method met with temporary trouble: temperror.
 * What is still not there counts as a time-out.
 */
void dmarccheck_judge(struct transaction *tx, const struct from_facts *from,
		      const struct dns_asker *asker);

#endif
