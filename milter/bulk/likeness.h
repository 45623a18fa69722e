/* likeness.h - how many messages are like this one, and from and to whom */
#ifndef BULK_LIKENESS_H
#define BULK_LIKENESS_H

#include "bulk/counts.h"
#include "message/transaction.h"

/* What is counted by campaign. */
enum likeness_count {
	LIKENESS_MESSAGES,		/* by Message-ID: a retry is no
					 * other one */
	LIKENESS_SENDERS, LIKENESS_CLIENTS, LIKENESS_NETWORKS,
	LIKENESS_RECIPIENTS,
	LIKENESS_COUNTS
};

/* "messages" and so on. */
const char *likeness_word(enum likeness_count count);
/* The key of a campaign's count; window_ms is
 * bulk.likeness_window. In the arena. */
struct counts_key likeness_key(uint64_t campaign, enum likeness_count count,
			       int64_t window_ms, struct arena *arena);
/* Which count of which campaign a key is of; false: another key. */
bool likeness_read_key(const struct counts_key *key, uint64_t *campaign_out,
		       enum likeness_count *count_out);

/*
 * A check (STAGE_MESSAGE): meets the campaigns of the text and of up to four
 * large attachments, counts, and finds BULK_LIKE_10, _100 or _1000 by how many
 * messages or recipients the largest of them has; less for those that a list of
 * ours welcomes, and for mailing lists that authenticate. BULK_KNOWN_BAD:
 * operators listed one of them.
 */
void likeness_message(struct transaction *tx);

#endif
