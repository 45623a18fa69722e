/* dmarcmail.h - the mail that carries an aggregate report (RFC
 * 7489, 7.2.1.1) */
#ifndef REPORT_DMARCMAIL_H
#define REPORT_DMARCMAIL_H

#include "report/dmarcsettings.h"

#include "base/span.h"

struct dmarcmail {
	int64_t day;
	const char *domain;	/* of the policy */
	const char *to;		/* address, fit for a header */
	struct span report;	/* as dmarcxml_pack() has it */
	int64_t when_us;
};

/*
 * A whole message; lines end in LF, as sendmail(1) takes them. The Message-ID
 * is always the same of a day, a domain and an address: who gets it twice can
 * tell. Free with g_string_free().
 */
GString *dmarcmail_format(const struct dmarcmail *mail,
			  const struct settings *settings) MUST_USE;

#endif
