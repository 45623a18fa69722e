/* partread.h - parts of a file, read and kept a while */
#ifndef STORE_PARTREAD_H
#define STORE_PARTREAD_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>
#include <stdint.h>

/*
 * By calls of the system, not by a map: to look at a place in a map costs a
 * page fault, for which the kernel maps the pages around it, too, to unmap them
 * all a moment later. Who looks at a page or two of each of sixty files pays
 * more for that than for what is in them; and what a damaged file says, or one
 * that was cut short, is then only a read that fails.
 */
struct part {
	uint64_t offset, bytes;
};

/* The kernel begins to read the pages in which it lies, and nobody waits. Only
 * a hint: what lies behind the file's end does no harm. */
void partread_fetch(int fd, struct part part);

/* One thread at a time. fd is borrowed. */
struct partread;
struct partread *partread_new(int fd) MUST_USE;
/* Accepts NULL, clears the pointer. */
void partread_free(struct partread **read);

#define PARTREAD_BYTES_MAX ((uint64_t)256 << 20)	/* more is damage */
/*
 * Its bytes; as many of those before and behind it are read with them as are
 * said, since they are wanted next. Borrowed until the next call. Empty: the
 * file has them not, or the disk does not give them.
 */
struct span partread_get(struct partread *read, struct part part,
			 uint64_t before, uint64_t behind) MUST_USE;

#endif
