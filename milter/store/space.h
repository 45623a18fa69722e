/* space.h - what the records take on the disk, and what goes next */
#ifndef STORE_SPACE_H
#define STORE_SPACE_H

#include "store/state.h"

struct space {
	unsigned days, held_days;	/* that have a file */
	uint64_t bytes, newest_bytes;	/* of all of them; of the newest */
	int64_t oldest_day, newest_day;	/* when there are days */
	bool has_next;
	int64_t next_day, next_us;	/* the day that expires first, and when */
	uint64_t disk_free_bytes, disk_bytes;
};

/* Of the files in records_dir, kept for keep_ms. state of the holds may be NULL. */
bool space_of_records(const char *records_dir, int64_t keep_ms,
		      struct state *state, struct space *out, GError **error)
	MUST_USE;

#endif
