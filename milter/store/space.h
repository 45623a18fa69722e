/* space.h - what the records take on the disk, and what goes next */
#ifndef STORE_SPACE_H
#define STORE_SPACE_H

#include "store/diskuse.h"
#include "store/state.h"

struct space {
	unsigned days;			/* that have a file */
	unsigned held_days;		/* of them, wholly */
	unsigned thinned_days;		/* of which some records are, or
					 * will be */
	uint64_t bytes, newest_bytes;	/* of all of them; of the newest */
	int64_t oldest_day, newest_day;	/* when there are days */
	bool has_next;
	int64_t next_day, next_us;	/* the day that expires first,
					 * and when */
	struct diskuse disk;
};

struct space_day {
	int64_t day;
	uint64_t bytes;		/* as they lie on the disk */
	bool is_held;		/* some of it is on hold, or may be */
	bool is_wholly_held;
	bool is_sealed;
};

/* struct space_day of the files in records_dir, oldest first. state of the
 * holds may be NULL. NULL with error; free with g_array_unref(). */
GArray *space_days(const char *records_dir, struct state *state,
		   GError **error) MUST_USE;

/* Of the files in records_dir, kept for keep_ms. state of the
 * holds may be NULL. */
bool space_of_records(const char *records_dir, int64_t keep_ms,
		      struct state *state, struct space *out, GError **error)
	MUST_USE;

#endif
