/* countsnapshot.h - counts on disk, in a table of state.mdb */
#ifndef BULK_COUNTSNAPSHOT_H
#define BULK_COUNTSNAPSHOT_H

#include "bulk/counts.h"
#include "store/state.h"

/*
 * Writes the pages that changed since the last time, in transactions of some
 * megabytes; a page that is empty now is removed. One thread at a time, not the
 * mail path: it waits for other writers. False: what was not written will be
 * the next time.
 */
bool countsnapshot_save(struct counts *counts, struct state *state,
			enum state_table table, uint64_t *written_out,
			GError **error) MUST_USE;
/* Reads them into an empty table, before there are other threads. Pages that
 * cannot be read are passed over, and counted. */
bool countsnapshot_load(struct counts *counts, struct state *state,
			enum state_table table, int64_t now_us,
			uint64_t *damaged_out, GError **error) MUST_USE;

/* One entry, borrowed for the call. */
struct countsnapshot_entry {
	struct counts_key key;
	uint64_t count;		/* as of now_us */
	int64_t ends_us;	/* when all of it will be forgotten */
};
typedef void countsnapshot_see_fn(const struct countsnapshot_entry *seen,
				  void *context);
/* What the last snapshot has of live ones, for tools: the
 * daemon may be down. */
bool countsnapshot_each(struct state *state, enum state_table table,
			int64_t now_us, countsnapshot_see_fn *see,
			void *context, GError **error) MUST_USE;

#endif
