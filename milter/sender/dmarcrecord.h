/* dmarcrecord.h - one DMARC policy record (RFC 7489, 6.3; DMARCbis' tags) */
#ifndef SENDER_DMARCRECORD_H
#define SENDER_DMARCRECORD_H

#include "base/arena.h"
#include "base/span.h"
#include "message/auth.h"

struct dmarc_record {
	enum dmarc_policy policy;	/* p= */
	enum dmarc_policy sub_policy;	/* sp=, unknown when not given */
	enum dmarc_policy no_policy;	/* np=: for what does not exist */
	bool is_spf_strict, is_dkim_strict;
	unsigned percent;		/* pct=, 100 */
	bool is_testing;		/* t=y */
	char psd;			/* psd=: 'y', 'n' or 'u' */
	unsigned failure_options;	/* fo=: bits of enum dmarc_option */
	struct span reports;		/* rua=, in txt; empty when not given */
	bool has_reports;		/* it has an address (reporturi.h) */
};

/* Whether it is one of version 1 at all: "v=DMARC1" first. Pure. */
bool dmarcrecord_is_one(struct span txt);
/* Pure. False when it is to be ignored (6.6.3): no valid p= and no rua= that
 * would make up for it. What else is wrong in it is passed over (6.3). */
bool dmarcrecord_parse(struct span txt, struct dmarc_record *record_out)
	MUST_USE;

#endif
