/* annotate.h - the headers that tell of the verdict */
#ifndef VERDICT_ANNOTATE_H
#define VERDICT_ANNOTATE_H

#include "message/transaction.h"

/* In the order in which to insert them at the top, for the outcome and the
 * settings. The caller frees the array with g_array_unref(). */
GArray *annotate(struct transaction *tx) MUST_USE;

/* Whether a header field is one that only we may have written,
 * and another did. */
bool annotate_is_forged(struct transaction *tx, const struct header *header);

#endif
