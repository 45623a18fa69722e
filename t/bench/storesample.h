/* storesample.h - records as a provider's gateway has them,
 * made up from a number */
#ifndef BENCH_STORESAMPLE_H
#define BENCH_STORESAMPLE_H

#include "settings/settings.h"
#include "store/recordform.h"

/*
 * What one record says; all of it follows from seed and number, so that who
 * searches knows what there is to find. Senders, recipients, accounts and
 * clients come by Zipf's law: the n-th most frequent 1/n as often as the first.
 */
struct storesample {
	uint64_t number;
	int64_t time_us;
	bool is_session;
	uint64_t session;		/* number of the one that it
					 * belongs to */
	bool is_outbound;
	char client[64], name[80], account[40], sender[120];
	char recipients[8][80];
	unsigned recipient_count;
	char message_id[64], queue_id[16], subject[200], from[160];
	enum action action;
	uint64_t chance;		/* for what else has to be chosen */
};

void storesample_make(struct storesample *sample, uint64_t seed,
		      uint64_t number, int64_t time_us);
struct packed_record *storesample_pack(const struct storesample *sample,
				       const struct settings *settings)
	MUST_USE;

#endif
