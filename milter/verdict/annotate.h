/* annotate.h - the headers that tell of the verdict */
#ifndef VERDICT_ANNOTATE_H
#define VERDICT_ANNOTATE_H

#include "message/transaction.h"

/* Both live in the transaction's arena or for ever; the value has no leading
 * space, and folds with LF and a tab. */
struct annotation {
	const char *name, *value;
};

/* In the order in which to insert them at the top, for the outcome and the
 * settings. The caller frees the array with g_array_unref(). */
GArray *annotate(struct transaction *tx) MUST_USE;

/* Names, NULL at the end, of all headers that only we may have written. */
const char *const *annotate_names(void);

#endif
