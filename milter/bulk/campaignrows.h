/* campaignrows.h - campaigns as rows of state.mdb */
#ifndef BULK_CAMPAIGNROWS_H
#define BULK_CAMPAIGNROWS_H

#include "bulk/campaigns.h"

/* On disk: by age, so that what is new lies together, and what is old. */
struct campaign_key {
	uint64_t first_us, id;		/* most significant byte first */
};

struct campaign_key campaignrows_key(const struct campaign *campaign);

/* One that begins with this message. */
struct campaign campaignrows_new(const struct fingerprint *print,
				 const char *subject, int64_t now_us);

/* Within a write of the caller's. */
bool campaignrows_put(struct state_txn *txn, const struct campaign *campaign,
		      GError **error) MUST_USE;
void campaignrows_delete(struct state_txn *txn,
			 const struct campaign_key *key);

#endif
