/* campaigns.h - which messages belong together, by their fingerprints */
#ifndef BULK_CAMPAIGNS_H
#define BULK_CAMPAIGNS_H

#include "bulk/fingerprint.h"
#include "store/state.h"

/*
 * A table of fingerprints. One that is like none there is a new campaign; else
 * it is the likest one's, which moves to the front. Past the most that it
 * holds, the one not met for longest leaves. About 700 bytes each, taken as
 * they come. Any thread may call anything but campaigns_new() and
 * campaigns_free().
 */
struct campaigns;

#define CAMPAIGN_SUBJECT_MAX 120
#define CAMPAIGN_THINGS 5

struct campaign {
	uint64_t id;			/* of its first fingerprint: for ever
					 * the same */
	struct fingerprint print;
	int64_t first_us, last_us;	/* by the wall clock */
	/* What its only message is to be counted by (see
	 * campaigns_meet()), else 0. */
	uint64_t only[CAMPAIGN_THINGS];
	char subject[CAMPAIGN_SUBJECT_MAX];	/* of its first
						 * message; UTF-8 */
};

/* most 0: none is kept, and each is new. */
struct campaigns *campaigns_new(size_t most) MUST_USE;
/* Accepts NULL. */
void campaigns_free(struct campaigns *campaigns);

/*
 * False when the fingerprint is too small to be like anything. Most messages
 * are like none, and counting them by themselves would fill the tables: so a
 * new campaign keeps its things, unless NULL; *out tells them when it is met
 * for the second time, and then they are the caller's to count.
 */
bool campaigns_meet(struct campaigns *campaigns,
		    const struct fingerprint *print, const char *subject,
		    int64_t now_us, const uint64_t *things,
		    struct campaign *out, bool *is_new_out);
/* The same, but changes and makes nothing. */
bool campaigns_find(struct campaigns *campaigns,
		    const struct fingerprint *print, struct campaign *out);
size_t campaigns_count(struct campaigns *campaigns);

/* Writes those that changed since the last time to state.mdb, and takes out
 * those not met since then_us. One thread at a time, not the mail path. */
bool campaigns_save(struct campaigns *campaigns, struct state *state,
		    int64_t then_us, GError **error) MUST_USE;
/* Into an empty table, before there are other threads. */
bool campaigns_load(struct campaigns *campaigns, struct state *state,
		    GError **error) MUST_USE;

typedef void campaigns_see_fn(const struct campaign *campaign, void *context);
/* What was saved last, for tools. */
bool campaigns_each(struct state *state, campaigns_see_fn *see, void *context,
		    GError **error) MUST_USE;

#endif
