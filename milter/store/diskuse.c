#include <config.h>

#include "store/diskuse.h"

#include "store/storeerror.h"

#include <errno.h>
#include <sys/statvfs.h>

#define PERCENT_NEVER 100	/* what is never reached */

bool diskuse_of(const char *path, struct diskuse *out, GError **error)
{
	struct statvfs disk;

	if (statvfs(path, &disk) != 0) {
		store_error_set(error, path, errno);
		return false;
	}
	out->used_bytes = (uint64_t)(disk.f_blocks - disk.f_bfree) *
			  disk.f_frsize;
	out->free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	return true;
}

/* Divided first: disks may be larger than a hundredth of what fits. */
static uint64_t share_bytes(const struct diskuse *use, int64_t percent)
{
	return (use->used_bytes + use->free_bytes) / 100 * (uint64_t)percent;
}

unsigned diskuse_percent(const struct diskuse *use)
{
	uint64_t hundredth = share_bytes(use, 1);

	return hundredth ? (unsigned)MIN(use->used_bytes / hundredth, 100) : 0;
}

const char *diskuse_level_word(enum diskuse_level level)
{
	static const char *const words[] = { "fine", "warning", "limit" };

	return words[level];
}

/* Some file systems, not on a disk, have no size. */
static bool is_reached(const struct diskuse *use, int64_t percent,
		       bool was_reached)
{
	return percent < PERCENT_NEVER && use->used_bytes &&
	       use->used_bytes >=
	       share_bytes(use, was_reached ? percent - 1 : percent);
}

enum diskuse_level diskuse_level(const struct diskuse *use,
				 const struct store_settings *settings,
				 enum diskuse_level before)
{
	if (is_reached(use, settings->disk_limit_percent,
		       before == DISKUSE_LIMIT))
		return DISKUSE_LIMIT;
	return is_reached(use, settings->disk_warning_percent,
			  before != DISKUSE_FINE) ? DISKUSE_WARNING :
						    DISKUSE_FINE;
}

uint64_t diskuse_excess_bytes(const struct diskuse *use,
			      const struct store_settings *settings)
{
	if (!is_reached(use, settings->disk_limit_percent, true))
		return 0;
	return use->used_bytes + 1 -
	       share_bytes(use, settings->disk_limit_percent - 1);
}
