/* dmarcday.h - a day's records, added up as DMARC aggregate
 * reports want them */
#ifndef REPORT_DMARCDAY_H
#define REPORT_DMARCDAY_H

#include "base/netaddr.h"
#include "message/auth.h"
#include "store/recordview.h"

#include <glib.h>
#include <stdint.h>

struct dmarcday_dkim {
	const char *domain, *selector;
	enum auth_result result;
};

/*
 * Messages that are alike in all of this. Texts are valid UTF-8 without control
 * characters.
 */
struct dmarcday_row {
	struct netaddr source;
	uint64_t count;
	enum dmarc_policy disposition;	/* what was really done */
	bool is_dkim_aligned, is_spf_aligned;	/* and passing */
	const char *override, *reason;	/* why not what was published;
					 * NULL: it was */
	const char *header_from;
	const char *envelope_from;	/* "" for the null sender */
	enum auth_result spf;
	const char *spf_domain;
	bool is_spf_of_helo;
	const struct dmarcday_dkim *dkim;
	size_t dkim_count;
};

/* One report: all of one policy, as it was last seen. */
struct dmarcday_report {
	const char *domain;		/* where the policy is */
	bool is_spf_strict, is_dkim_strict;
	enum dmarc_policy policy, sub_policy;
	unsigned percent, failure_options;
	GPtrArray *rows;		/* of struct dmarcday_row *, in order */
	uint64_t messages;		/* all of them */
	uint64_t left_out;		/* of these in no row: there are
					 * too many */
};

struct dmarcday;

/* At most so many rows of one report, and of all. */
struct dmarcday *dmarcday_new(size_t rows, size_t day_rows) MUST_USE;
/* Accepts NULL; reports and rows go with it. */
void dmarcday_free(struct dmarcday *day);
/*
 * Adds a message, newest first. Only what came to its end, from an address, and
 * whose domain had a policy that wants reports is of any use; what was deferred
 * is not: it comes again.
 */
void dmarcday_add(struct dmarcday *day, const Reeve__Record *record);
/* struct dmarcday_report *, by domain; lives as long as day. Free with
 * g_ptr_array_unref(). */
GPtrArray *dmarcday_reports(const struct dmarcday *day) MUST_USE;

#endif
