/* recordid.h - names of records: short, sortable by time, sayable by phone */
#ifndef STORE_RECORDID_H
#define STORE_RECORDID_H

#include "base/guard.h"
#include "base/span.h"

#include <stdint.h>

/*
 * An id is a number of 64 bits: 44 of milliseconds since 1970 (good until
 * 2527), then 20 of a counter that starts at random. As text it has 13 digits
 * of Crockford's base 32: no I, L, O or U, so that it survives handwriting. It
 * is never 0, which means "none".
 */
#define RECORD_ID_BYTES 14	/* the text and its NUL; RECORD_ID_SIZE of
				 * message/transaction.h is the same */

/* A new one, into a buffer of RECORD_ID_BYTES. Unique in this process for up to
 * a million a millisecond. Any thread. */
void record_id_new(char *out);

/* Reads the text; case does not matter, O is 0, I and L are 1. */
bool record_id_parse(struct span text, uint64_t *id_out) MUST_USE;
/* Into a buffer of RECORD_ID_BYTES; returns it. */
const char *record_id_format(uint64_t id, char *out);
/* When it was made, in microseconds since 1970, cut to milliseconds. */
int64_t record_id_time_us(uint64_t id);

#endif
