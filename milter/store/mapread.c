#include <config.h>

#include "store/mapread.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT 4

struct kept {
	const char *begin;		/* in the map */
	size_t len, room;
	char *bytes;
	uint64_t used;			/* when it was last */
};

struct mapread {
	struct mapread_file file;
	struct kept kept[KEPT];
	uint64_t calls;
};

struct mapread_file mapread_file_of(int fd, const char *in_page,
				    size_t page_bytes)
{
	const char *page = in_page - (uintptr_t)in_page % page_bytes;
	g_autofree char *same = g_malloc(page_bytes);
	struct mapread_file unknown = { .fd = fd };
	struct stat file;
	uint64_t number;
	off_t offset;

	memcpy(&number, page, sizeof number);
	if (number > (uintptr_t)page / page_bytes || fstat(fd, &file) != 0)
		return unknown;
	offset = (off_t)(number * page_bytes);
	if (pread(fd, same, page_bytes, offset) != (ssize_t)page_bytes ||
	    memcmp(same, page, page_bytes) != 0)
		return unknown;
	return (struct mapread_file){
		fd, page - offset, (size_t)file.st_size,
	};
}

void mapread_fetch(const struct mapread_file *file, struct span bytes)
{
	if (bytes.len)
		posix_fadvise(file->fd, bytes.ptr - file->base,
			      (off_t)bytes.len, POSIX_FADV_WILLNEED);
}

struct mapread *mapread_new(const struct mapread_file *file)
{
	struct mapread *read = g_new0(struct mapread, 1);

	read->file = *file;
	return read;
}

void mapread_free(struct mapread **read)
{
	struct mapread *old = *read;

	*read = NULL;
	if (!old)
		return;
	for (size_t i = 0; i < KEPT; i++)
		g_free(old->kept[i].bytes);
	g_free(old);
}

static bool holds(const struct kept *kept, struct span bytes)
{
	return kept->len && bytes.ptr >= kept->begin &&
	       bytes.ptr + bytes.len <= kept->begin + kept->len;
}

/* One that has the bytes, else the one that was used longest ago. */
static struct kept *find_kept(struct mapread *read, struct span bytes)
{
	struct kept *oldest = &read->kept[0];

	for (size_t i = 0; i < KEPT; i++) {
		struct kept *kept = &read->kept[i];

		if (holds(kept, bytes))
			return kept;
		if (kept->used < oldest->used)
			oldest = kept;
	}
	return oldest;
}

/* What lies behind the file's end is not there to be read. */
static void fill(const struct mapread *read, struct kept *kept,
		 struct span bytes, size_t before, size_t behind)
{
	size_t offset = (size_t)(bytes.ptr - read->file.base), wanted;
	ssize_t got;

	before = MIN(before, offset);
	wanted = before + bytes.len + behind;
	if (kept->room < wanted) {
		g_free(kept->bytes);
		kept->bytes = g_malloc(wanted);
		kept->room = wanted;
	}
	got = pread(read->file.fd, kept->bytes, wanted,
		    (off_t)(offset - before));
	kept->begin = bytes.ptr - before;
	kept->len = got > 0 ? (size_t)got : 0;
}

struct span mapread_get(struct mapread *read, struct span bytes,
			size_t before, size_t behind)
{
	struct kept *kept;

	kept = find_kept(read, bytes);
	kept->used = ++read->calls;
	if (!holds(kept, bytes))
		fill(read, kept, bytes, before, behind);
	if (!holds(kept, bytes))
		fill(read, kept, bytes, 0, 0);
	if (!holds(kept, bytes))
		return span_of(NULL, 0);
	return span_of(kept->bytes + (bytes.ptr - kept->begin), bytes.len);
}
