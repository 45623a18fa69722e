/* archivefeed.h - libarchive's readers, fed with bytes in memory, with an eye
 * on the clock; only where libarchive is */
#ifndef MESSAGE_ARCHIVEFEED_H
#define MESSAGE_ARCHIVEFEED_H

#include "base/guard.h"
#include "message/filetype.h"

#include <stdint.h>

struct archive;

enum archivefeed_form {
	ARCHIVEFEED_NONE,		/* nothing that can be read */
	ARCHIVEFEED_FILES,
	ARCHIVEFEED_SINGLE,		/* one file that is only compressed */
};

enum archivefeed_form archivefeed_form(enum filetype type);

/* Bytes, borrowed, and how far they are read. */
struct archivefeed {
	struct span bytes;
	int64_t until_us;		/* on the monotonic clock */
	size_t at;
	bool is_late;			/* there was no time for all */
};

/* NULL: it is no archive of that type. Free with archive_read_free(),
 * before the feed goes. */
struct archive *archivefeed_open(struct archivefeed *feed, enum filetype type)
	MUST_USE;
bool archivefeed_is_late(struct archivefeed *feed);

#endif
