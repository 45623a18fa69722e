/* packed.h - the names inside archives, within limits */
#ifndef MESSAGE_PACKED_H
#define MESSAGE_PACKED_H

#include "base/arena.h"
#include "message/filetype.h"
#include "message/limits.h"

#include <glib.h>

#define PACKED_NAME_MAX 255	/* bytes of a name; the middle is left out */

enum packed_flaw {
	PACKED_FLAW_DEPTH = 1 << 0,	/* archives deeper than the limit */
	PACKED_FLAW_ENTRIES = 1 << 1,	/* more names than the limit */
	PACKED_FLAW_BYTES = 1 << 2,	/* an archive within was too long */
	PACKED_FLAW_TIME = 1 << 3,	/* there was no time for all */
	PACKED_FLAW_BOMB = 1 << 4,	/* tiny, and huge when unpacked */
	PACKED_FLAW_ENCRYPTED = 1 << 5,	/* names or files need a password */
	PACKED_FLAW_BROKEN = 1 << 6,	/* not read to its end */
};
#define PACKED_FLAWS_LIMIT (PACKED_FLAW_DEPTH | PACKED_FLAW_ENTRIES | \
			    PACKED_FLAW_BYTES | PACKED_FLAW_TIME)

/* A file inside. */
struct packed_entry {
	const char *name;		/* with its path; valid UTF-8 */
	int64_t bytes;			/* as it says; -1: it does not */
	unsigned depth;			/* 0: in the attachment itself */
	bool is_encrypted, is_folder;
	enum filetype type;		/* by its bytes; FILETYPE_UNKNOWN as
					 * well where they were not looked at */
};

/* All archives of one message, which share their limits. */
struct packed {
	struct arena *arena;
	GArray *entries;		/* of struct packed_entry */
	unsigned flaws;			/* enum packed_flaw */
	struct limits limits;
	int64_t bytes_left;		/* to unpack what is within */
	int64_t until_us;		/* on the monotonic clock; 0:
					 * not begun */
};

/* Whether archives can be read: libarchive was there when this was built. */
bool packed_is_available(void);
void packed_init(struct packed *packed, const struct limits *limits,
		 struct arena *arena);
void packed_release(struct packed *packed);

/*
 * Adds the names in an archive, and in the archives in it, which are known by
 * their names or bytes, and the types of the files. Of others the beginning is
 * unpacked alone. name is the archive's own. What neither begins as an archive
 * nor is called *.zip adds nothing.
 */
void packed_read(struct packed *packed, struct span bytes, const char *name);

#endif
