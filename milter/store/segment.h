/* segment.h - the records of one UTC day: one file, one LMDB environment */
#ifndef STORE_SEGMENT_H
#define STORE_SEGMENT_H

#include "base/guard.h"
#include "store/recordform.h"

#include <glib.h>
#include <stdint.h>

struct segment;

enum segment_access {
	SEGMENT_READ,
	SEGMENT_WRITE,		/* one process at a time: see recorder.h */
};

/* Where the chain stands: what the next record goes on from. */
struct segment_head {
	uint64_t sequence;			/* of the last record,
						 * 0: none */
	uint8_t sha256[RECORD_HASH_BYTES];	/* of its bytes; zeros: none */
};

/* The format of the file: an older program refuses what it does not know. */
enum segment_format {
	SEGMENT_OPEN = 1,	/* records are added */
	SEGMENT_SEALED = 2,	/* the day is over: sealedread.h; another form
				 * has another DAYGUIDE_MAGIC, too */
};

struct segment_facts {
	bool is_sealed;
	struct segment_head before;	/* as the day began */
	struct segment_head head;
	uint64_t count;
	unsigned keys;			/* RECORD_KEYS_VERSION; 0: older */
};

/*
 * Makes the file of a day, going on from before. It comes to its name only when
 * whole, so that a crash leaves either nothing or an empty day.
 */
bool segment_create(const char *path, const struct segment_head *before,
		    GError **error) MUST_USE;

/*
 * Opens the file of a day. LMDB must not have a file that is locked open twice
 * in a process, so all that open a day that is not over share it; any thread.
 * map_bytes, for SEGMENT_WRITE, is the most that the file may grow to. Errors
 * name the file.
 */
struct segment *segment_open(const char *path, enum segment_access access,
			     int64_t map_bytes, GError **error) MUST_USE;
/* Accepts NULL, clears the pointer. */
void segment_close(struct segment **segment);

bool segment_facts(struct segment *segment, struct segment_facts *facts_out,
		   GError **error) MUST_USE;

/*
 * Writes the records, in order, in one transaction that is on disk when this
 * returns true. False: none of them is there. One thread at a time. After a
 * false the segment must be closed: LMDB is not trusted to go on.
 */
bool segment_append(struct segment *segment,
		    struct packed_record *const *records, size_t count,
		    GError **error) MUST_USE;

/* Whether there is room and a working disk: writes a mebibyte and gives its
 * pages to the records to come. */
bool segment_probe(struct segment *segment, GError **error) MUST_USE;

/* Frees the slots of readers that died; returns how many. */
int segment_check_readers(struct segment *segment);

/* For dayreader.c: a snapshot, with LMDB's names of the tables; or of a sealed
 * day its guide, and nothing else. */
struct MDB_txn;
struct dayguide;
struct segment_view {
	const struct dayguide *guide;
	struct MDB_txn *txn;
	unsigned int records, index;
};
bool segment_begin_read(struct segment *segment, struct segment_view *view_out,
			GError **error) MUST_USE;
void segment_end_read(struct segment *segment, struct segment_view *view);
/* For sealwrite.c: the facts, into the meta table. Returns LMDB's code. */
int segment_put_facts(struct MDB_txn *txn, unsigned int meta,
		      enum segment_format format,
		      const struct segment_facts *facts) MUST_USE;
/* False, and the file's name in error; number as store_error_set() has it. */
bool segment_fail(const struct segment *segment, int number, GError **error);

#endif
