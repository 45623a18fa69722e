#include <config.h>

#include "store/partread.h"

#include <fcntl.h>
#include <unistd.h>

#define KEPT 4

struct kept {
	struct part part;
	size_t room;
	char *bytes;
	uint64_t used;			/* when it was last */
};

struct partread {
	int fd;
	struct kept kept[KEPT];
	uint64_t calls;
};

void partread_fetch(int fd, struct part part)
{
	if (part.bytes)
		posix_fadvise(fd, (off_t)part.offset, (off_t)part.bytes,
			      POSIX_FADV_WILLNEED);
}

struct partread *partread_new(int fd)
{
	struct partread *read = g_new0(struct partread, 1);

	read->fd = fd;
	return read;
}

void partread_free(struct partread **read)
{
	struct partread *old = *read;

	*read = NULL;
	if (!old)
		return;
	for (size_t i = 0; i < KEPT; i++)
		g_free(old->kept[i].bytes);
	g_free(old);
}

static bool holds(const struct kept *kept, struct part part)
{
	uint64_t at = part.offset - kept->part.offset;

	return part.offset >= kept->part.offset && at < kept->part.bytes &&
	       part.bytes <= kept->part.bytes - at;
}

/* One that has the part, else the one that was used longest ago. */
static struct kept *find_kept(struct partread *read, struct part part)
{
	struct kept *oldest = &read->kept[0];

	for (size_t i = 0; i < KEPT; i++) {
		struct kept *kept = &read->kept[i];

		if (holds(kept, part))
			return kept;
		if (kept->used < oldest->used)
			oldest = kept;
	}
	return oldest;
}

/* What lies behind the file's end is not there to be read. */
static void fill(const struct partread *read, struct kept *kept,
		 struct part wanted)
{
	ssize_t got;

	if (kept->room < wanted.bytes) {
		g_free(kept->bytes);
		kept->bytes = g_malloc(wanted.bytes);
		kept->room = wanted.bytes;
	}
	got = pread(read->fd, kept->bytes, wanted.bytes, (off_t)wanted.offset);
	kept->part.offset = wanted.offset;
	kept->part.bytes = got > 0 ? (uint64_t)got : 0;
}

struct span partread_get(struct partread *read, struct part part,
			 uint64_t before, uint64_t behind)
{
	struct kept *kept;

	if (!part.bytes || part.bytes > PARTREAD_BYTES_MAX ||
	    part.offset > INT64_MAX - PARTREAD_BYTES_MAX)
		return span_of(NULL, 0);
	kept = find_kept(read, part);
	kept->used = ++read->calls;
	before = MIN(before, part.offset);
	if (!holds(kept, part))
		fill(read, kept, (struct part){
			part.offset - before, before + part.bytes + behind,
		});
	if (!holds(kept, part))
		fill(read, kept, part);
	if (!holds(kept, part))
		return span_of(NULL, 0);
	return span_of(kept->bytes + (part.offset - kept->part.offset),
		       (size_t)part.bytes);
}
