/* diskuse.h - how full the disk of the records is, and what that means */
#ifndef STORE_DISKUSE_H
#define STORE_DISKUSE_H

#include "store/storesettings.h"

/* What the file system keeps for root is in neither. */
struct diskuse {
	uint64_t used_bytes, free_bytes;
};

/* Of the disk on which path lies. */
bool diskuse_of(const char *path, struct diskuse *out, GError **error)
	MUST_USE;

/* The share that is in use, rounded down: it is 80 from records.disk_warning =
 * 80 on, and not before. */
unsigned diskuse_percent(const struct diskuse *use);

enum diskuse_level {
	DISKUSE_FINE,
	DISKUSE_WARNING,	/* records.disk_warning is reached */
	DISKUSE_LIMIT,		/* records.disk_limit is */
};

/* "fine", "warning", "limit". */
const char *diskuse_level_word(enum diskuse_level level);

/*
 * Pure. before is the answer of the last time (at first DISKUSE_FINE): a level
 * that was reached ends a percent below its share, so that what is written and
 * removed at the edge does not turn it on and off.
 */
enum diskuse_level diskuse_level(const struct diskuse *use,
				 const struct store_settings *settings,
				 enum diskuse_level before);

/* What has to go until DISKUSE_LIMIT ends; 0: nothing. Pure. */
uint64_t diskuse_excess_bytes(const struct diskuse *use,
			      const struct store_settings *settings);

#endif
