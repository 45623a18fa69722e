/* filecopy.h - files of a tree, copied with their hash, and trees removed */
#ifndef STORE_FILECOPY_H
#define STORE_FILECOPY_H

#include "base/guard.h"
#include "store/digest.h"

#include <glib.h>
#include <stdint.h>
#include <sys/stat.h>

/* A folder that is open, and its name for the errors. */
struct folder {
	int fd;
	char *path;
};

bool filecopy_open_folder(const char *path, struct folder *out,
			  GError **error) MUST_USE;
/* Of one that was not opened, too, when it was zeroed with fd -1. */
void filecopy_close_folder(struct folder *folder);

/*
 * A file below it, to be read. No part of path may be a symbolic link, nor the
 * file anything but a regular file: whoever can write below the folder would
 * else have root read for him what only root may. -1 with error.
 */
int filecopy_open(const struct folder *folder, const char *path,
		  GError **error) MUST_USE;
/* A new file below it, and the folders that it takes (0700). -1 with error. */
int filecopy_create(const struct folder *folder, const char *path,
		    unsigned mode, GError **error) MUST_USE;
/* Only the folders. */
bool filecopy_make_folders(const struct folder *folder, const char *path,
			   GError **error) MUST_USE;

struct filecopy_facts {
	uint64_t bytes;
	uint8_t sha256[DIGEST_SHA256_BYTES];
};

/* From where it stands to the end; to may be -1: only counted and hashed.
 * from_name and to_name are for the errors. */
bool filecopy_copy(int from, const char *from_name, int to,
		   const char *to_name, struct filecopy_facts *out,
		   GError **error) MUST_USE;

bool filecopy_write(int fd, struct span bytes, const char *name,
		    GError **error) MUST_USE;
/* All of it. NULL with error, also when there is more. */
GString *filecopy_read(int fd, const char *name, size_t most_bytes,
		       GError **error) MUST_USE;

/*
 * All of it is on the disk when true: the files (char *, below the folder), and
 * the folders they are in. Where there are many, the whole file system is asked
 * to write what it holds back, which takes longer when others write much, but
 * not so long as to wait for each file.
 */
bool filecopy_sync(const struct folder *folder, const GPtrArray *files,
		   GError **error) MUST_USE;

/* A folder with all that is below it; no link is followed. None is no error. */
bool filecopy_remove_tree(const char *path, GError **error) MUST_USE;

#endif
