/* sealwrite.h - seals a day that is over, and writes a sealed one anew */
#ifndef STORE_SEALWRITE_H
#define STORE_SEALWRITE_H

#include "store/dayreader.h"
#include "store/seal.h"

#include <stdatomic.h>

enum sealwrite_fate {
	SEALWRITE_KEEP,
	SEALWRITE_ERASE,	/* its hash stays, and a record in its place */
	SEALWRITE_DROP,		/* nothing stays: its term is over */
};

/* record is borrowed for the call. For SEALWRITE_ERASE the bytes of the one
 * that shall be in its place go to instead, which is empty. It may be asked
 * twice of a record. */
typedef enum sealwrite_fate sealwrite_decide_fn(
	const struct dayreader_record *record, GByteArray *instead,
	void *context);

/* The day's new file is whole, and takes its place next: whether it still may.
 * False with error: nothing has happened to the day. */
typedef bool sealwrite_confirm_fn(void *context, GError **error);

struct sealwrite {
	const char *records_dir;
	int64_t day;
	const struct sealkey *key;
	int64_t now_us;			/* that the seal says */
	sealwrite_decide_fn *decide;	/* NULL: all are kept */
	sealwrite_confirm_fn *confirm;	/* NULL: it may */
	void *context;
	const atomic_bool *is_cancelled;	/* looked at often;
						 * NULL: never */
};

/*
 * Writes the day's records compressed, with a smaller index, into a file that
 * takes the place of the one there is, and its seal beside it. The day must be
 * over: nobody may add records to it. The chain is looked at on the way, and a
 * day whose records are not those that were written is not sealed
 * (STORE_ERROR_DAMAGED), nor is one written anew that is not what its seal
 * says.
 *
 * What it makes has other names until all is on disk. Whatever moment it is cut
 * off in, either it has not happened or sealwrite_recover() ends it. One at a
 * time in a folder, whatever the process: STORE_ERROR_BUSY else.
 */
bool sealwrite_day(const struct sealwrite *how, struct seal *seal_out,
		   GError **error) MUST_USE;

/* Ends, or clears away, what was cut off. Waits for nobody: while another does
 * such work there is nothing to be done here. */
bool sealwrite_recover(const char *records_dir, GError **error) MUST_USE;

#endif
