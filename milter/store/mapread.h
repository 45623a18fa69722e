/* mapread.h - parts of a mapped file, by calls of the system in place of page faults */
#ifndef STORE_MAPREAD_H
#define STORE_MAPREAD_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>

/*
 * To look at a place in a map costs a page fault, for which the kernel maps the pages around
 * it, too, to unmap them all a moment later: who looks at a page or two of each of sixty
 * files pays more for that than for what is in them. So they are read into memory of our
 * own, and the map is only how a place is named.
 */
struct mapread_file {
	int fd;
	const char *base;		/* of the map; NULL: not known */
	size_t bytes;			/* of the file */
};
/*
 * LMDB does not tell where its map begins. But each of its pages begins with its own number
 * (8 bytes): from one that is known to be a page the begin follows, and that it is right is
 * seen by reading that page from the file. in_page lies in a page of LMDB's map of fd, the
 * first of its kind when it has several.
 */
struct mapread_file mapread_file_of(int fd, const char *in_page,
				    size_t page_bytes) MUST_USE;

/* The kernel begins to read the pages in which bytes lie, and nobody waits. Only a hint:
 * what lies behind the file's end does no harm. */
void mapread_fetch(const struct mapread_file *file, struct span bytes);

/* Reads, and keeps what was read last. One thread at a time. */
struct mapread;
struct mapread *mapread_new(const struct mapread_file *file) MUST_USE;
/* Accepts NULL, clears the pointer. */
void mapread_free(struct mapread **read);
/*
 * The bytes, which lie in the map, from the file; as many of those before and behind
 * them are read with them as are said, since they are wanted next. Borrowed until the
 * third call from this one. Empty: the file has them not, or the disk does not give them.
 */
struct span mapread_get(struct mapread *read, struct span bytes,
			size_t before, size_t behind) MUST_USE;

#endif
