/* bounce.h - whether a mail tells of a delivery, and so complains of nothing */
#ifndef CASES_BOUNCE_H
#define CASES_BOUNCE_H

#include "message/mime.h"

/*
 * By what RFC 3464 and RFC 3834 have for it, and by what programs without them
 * write: who they send as, and their subjects. Leans to yes, but a report of
 * RFC 5965 is to be looked for first. Pure.
 */
bool bounce_is_one(const struct transaction *tx, const struct mime *mime);
/* "Auto-Submitted: auto-replied" and its elders. */
bool bounce_is_answer(const struct transaction *tx);

#endif
