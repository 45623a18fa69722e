/* sealedfile.h - the file of a sealed day, while it is made */
#ifndef STORE_SEALEDFILE_H
#define STORE_SEALEDFILE_H

#include "store/segment.h"

/* sealedread.h tells of its tables. Nobody else may know the file yet. */
struct sealedfile;

enum sealedfile_table { SEALEDFILE_RECORDS, SEALEDFILE_INDEX };

/* map_bytes is the most that it may grow to. */
struct sealedfile *sealedfile_open(const char *path, size_t map_bytes,
				   GError **error) MUST_USE;
/* Accepts NULL, clears the pointer. */
void sealedfile_close(struct sealedfile **file);

/* Behind all that is in the table. What fails makes all that follows be for
 * nothing; sealedfile_end() tells. */
void sealedfile_put(struct sealedfile *file, enum sealedfile_table table,
		    struct span key, struct span value);
bool sealedfile_is_good(const struct sealedfile *file);

/* The dictionary, the facts and, behind LMDB's pages, the guide. All of it is
 * on disk when true. */
bool sealedfile_end(struct sealedfile *file, const struct segment_facts *facts,
		    struct span dictionary, GError **error) MUST_USE;

#endif
