/* dmarcxml.h - a DMARC aggregate report as it is sent (RFC 7489, appendix C) */
#ifndef REPORT_DMARCXML_H
#define REPORT_DMARCXML_H

#include "report/dmarcday.h"
#include "report/dmarcsettings.h"

#define DMARC_REPORT_ID_MAX 48
#define DMARC_FILE_NAME_MAX 600

/* Always the same of a day and a domain, so that it is known again. Returns
 * out, of DMARC_REPORT_ID_MAX. */
const char *dmarcxml_id(int64_t day, const char *domain, char *out);

/* RFC 7489, 7.2.1.1, without a folder: ours!theirs!begin!end.xml.gz. Returns
 * out, of DMARC_FILE_NAME_MAX. */
const char *dmarcxml_file_name(int64_t day, const char *domain,
			       const char *our_domain, char *out);

/* A whole document; free it. */
char *dmarcxml_format(const struct dmarcday_report *report, int64_t day,
		      const struct dmarcsettings *settings) MUST_USE;
/* The same, packed by gzip; free with g_byte_array_unref(). */
GByteArray *dmarcxml_pack(const struct dmarcday_report *report, int64_t day,
			  const struct dmarcsettings *settings) MUST_USE;

#endif
