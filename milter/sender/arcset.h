/* arcset.h - the ARC fields of a message, sorted into sets (RFC 8617, 4) */
#ifndef SENDER_ARCSET_H
#define SENDER_ARCSET_H

#include "message/transaction.h"
#include "sender/taglist.h"

#define ARC_SETS_MAX 50		/* RFC 8617, 4.2.1 */

/* One hop's three fields; headers of the transaction. */
struct arc_set {
	const struct header *results;	/* ARC-Authentication-Results */
	const struct header *signature;	/* ARC-Message-Signature */
	const struct header *seal;	/* ARC-Seal */
	struct taglist *signature_tags, *seal_tags;
};

struct arc_chain {
	unsigned count;			/* the highest instance */
	struct arc_set sets[ARC_SETS_MAX];	/* instance i at i - 1 */
	const char *problem;		/* why it cannot be valid; NULL: so far
					 * nothing is wrong */
};

/* Pure. In the transaction's arena; NULL when there is no ARC field at all. */
struct arc_chain *arcset_collect(struct transaction *tx);
/* The instance of an ARC-Authentication-Results, 0 when it has none; *rest_out
 * is what stands behind it: an Authentication-Results. */
unsigned arcset_results_instance(struct span value, struct span *rest_out);

#endif
