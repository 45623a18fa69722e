/* complaintkind.h - what case a complaint makes, by what its
 * reporter calls it */
#ifndef CASES_COMPLAINTKIND_H
#define CASES_COMPLAINTKIND_H

#include "cases/caseform.h"

/*
 * Of a Feedback-Type (RFC 5965, 3.1 and 7.3; RFC 6430; RFC 6591), of a
 * category/type of XARF 4, or of a word of our own for kinds of cases; case
 * does not count. What is not known is spam: whoever complains got mail that he
 * did not want. CASE_KIND_NONE: it is no complaint of what was sent (not-spam),
 * or is about the DNS of the sender's domain (auth-failure), and makes no case.
 */
enum case_kind complaintkind_of(const char *type) MUST_USE;

#endif
