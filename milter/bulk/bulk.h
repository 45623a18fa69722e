/* bulk.h - what counts the stream of mail, as long as the daemon runs */
#ifndef BULK_BULK_H
#define BULK_BULK_H

#include "settings/settings.h"
#include "store/state.h"

#include <stdint.h>

struct campaigns;
struct clears;
struct counts;
struct greylist;

/*
 * The tables that the checks of bulk/ share, and a thread of its own that
 * writes what changed to state.mdb every bulk.snapshot, and at the end; so a
 * crash forgets no more than that. It also does what operators asked for, and
 * writes incidents, each second. The mail path only reads state.mdb.
 */
struct bulk;

/* The settings in force, a reference to be unref'd. */
typedef struct settings *bulk_settings_fn(void);

/*
 * Reads the last snapshot. A snapshot that cannot be read is an empty one, with
 * a warning in the log: no reason not to serve.
 */
struct bulk *bulk_open(struct state *state, bulk_settings_fn *settings)
	MUST_USE;
/* Writes what changed. Accepts NULL, clears the pointer. No
 * mail comes any more. */
void bulk_close(struct bulk **bulk);

struct counts *bulk_counts(struct bulk *bulk);
struct clears *bulk_clears(struct bulk *bulk);
struct campaigns *bulk_campaigns(struct bulk *bulk);
struct greylist *bulk_greylist(struct bulk *bulk);

struct campaign;
struct fingerprint;
/* Whether operators listed one that it is like (LIST_BLOCK, LIST_FINGERPRINT),
 * as of a second ago; its subject is the reason. */
bool bulk_find_bad(struct bulk *bulk, const struct fingerprint *print,
		   struct campaign *out);

struct bulk_stats {
	int64_t saved_us;		/* last time; 0: never */
	int64_t save_took_us;
	uint64_t pages_written, save_failures;
};
void bulk_stats(struct bulk *bulk, struct bulk_stats *stats_out);

#endif
