/* manifest.h - what a back-up has: each file, its bytes and their hash */
#ifndef STORE_MANIFEST_H
#define STORE_MANIFEST_H

#include "store/segment.h"

/*
 * Lines of text, so that it can be read without us:
 *
 *	mailreeve-backup 1
 *	program 0.1.0
 *	made 1795653290000000
 *	head 20783 12345 HEX
 *	file day 0600 40960 HEX 40960 1795653280000000000 records/2026-11-26.mdb
 *	end 1 HEX
 *
 * made is in microseconds since 1970; head the newest record's day (since
 * 1970), sequence and hash; a file has its kind, mode, bytes and SHA-256, then
 * the bytes and the time of change (in nanoseconds) of the file it was made
 * from. The end counts the files and has the SHA-256 of all the lines before.
 */
#define MANIFEST_FORMAT 1
#define MANIFEST_NAME "manifest"
#define MANIFEST_PATH_MAX 500		/* bytes */
#define MANIFEST_BYTES_MAX ((size_t)1 << 30)

enum manifest_kind {
	MANIFEST_STATE,
	MANIFEST_DAY,
	MANIFEST_SEAL,
	MANIFEST_EVIDENCE,
	MANIFEST_KEY,
	MANIFEST_OTHER
};

struct manifest_file {
	const char *path;		/* from the top of the back-up */
	enum manifest_kind kind;
	unsigned mode;			/* permission bits */
	uint64_t bytes;
	uint8_t sha256[RECORD_HASH_BYTES];
	/* Of the file it was made from; changed_ns 0: it may have changed in
	 * the same moment, so nothing is concluded from it. */
	uint64_t source_bytes;
	int64_t source_changed_ns;
};

struct manifest {
	char *program;			/* version that made it */
	int64_t made_us;
	int64_t head_day;
	struct segment_head head;	/* sequence 0: there was no
					 * record yet */
	GPtrArray *files;		/* of struct manifest_file */
	GHashTable *by_path;
	GStringChunk *paths;
};

struct manifest *manifest_new(const char *program, int64_t made_us) MUST_USE;
/* Accepts NULL. */
void manifest_free(struct manifest *manifest);

/* Copies it. False: there is such a path already, or
 * manifest_is_path() says no. */
bool manifest_add(struct manifest *manifest, const struct manifest_file *file)
	MUST_USE;
/* NULL: it is not in it. */
const struct manifest_file *manifest_find(const struct manifest *manifest,
					  const char *path);
/* Their paths, borrowed. Free with g_ptr_array_unref(). */
GPtrArray *manifest_paths(const struct manifest *manifest) MUST_USE;
/* "state", "day" and so on. */
const char *manifest_kind_word(enum manifest_kind kind);

/* Whether it leads downwards only, in printable ASCII without blanks. */
bool manifest_is_path(const char *path);

/* Free with g_string_free(). */
GString *manifest_format(const struct manifest *manifest) MUST_USE;
/* Pure. NULL with error, which names the line:
 * STORE_ERROR_NEWER or _DAMAGED. */
struct manifest *manifest_parse(struct span text, GError **error) MUST_USE;

#endif
