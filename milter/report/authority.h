/* authority.h - the report to the authority about a case: what,
 * who, when, and proofs */
#ifndef REPORT_AUTHORITY_H
#define REPORT_AUTHORITY_H

#include "report/casematter.h"
#include "report/reportsettings.h"

/* In whose name, and when it is made. */
struct authority {
	const struct casematter *matter;
	const struct report_settings *reporter;
	const char *host;
	int64_t now_us;
};

/* All of it for people: lines that end in LF, UTF-8 without control
 * characters; free it. */
char *authority_words(const struct authority *report) MUST_USE;
/* A line each as sha256sum -c reads it, with a path for each record's original:
 * records/ID/original.eml. Free it. */
char *authority_hashes(const struct casematter *matter) MUST_USE;

#endif
