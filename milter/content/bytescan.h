/* bytescan.h - many short words found in bytes, in one pass */
#ifndef CONTENT_BYTESCAN_H
#define CONTENT_BYTESCAN_H

#include "base/guard.h"
#include "base/span.h"
#include "content/literals.h"

#include <glib.h>
#include <stdint.h>

#define BYTESCAN_WORD_MAX 8

/*
 * At almost no place in a text does one of the words begin, so what is asked of
 * each place must be answered out of the nearest cache: whether four bytes may
 * be the first of any word, or three or two be one, is a bit in a table of a
 * few KiB, and only behind that are there tables by hash, one look-up for each
 * length that such words have. An automaton reads each byte once, but its rows,
 * of 15,000 states and 200 columns for the bodies of SpamAssassin's rules, are
 * 12 MiB, and cost ten times as much. The price: at most seven look-ups at a
 * place, if somebody writes a text for it.
 */
struct bytescan;

/* value is what is told of the word when it is found. */
struct bytescan_word {
	const uint8_t *bytes;		/* no capitals of ASCII */
	uint8_t len;			/* 1 to BYTESCAN_WORD_MAX */
	uint32_t value;
};

/*
 * The words (of struct bytescan_word) as they are in texts that are seen so,
 * and whose ASCII letters are made small. Keeps nothing of the array. NULL:
 * there is no word, or the tables would take more than bytes_max.
 */
struct bytescan *bytescan_new(const GArray *words, enum literals_view view,
			      size_t bytes_max) MUST_USE;
/* Accepts NULL. */
void bytescan_free(struct bytescan *scan);
size_t bytescan_bytes(const struct bytescan *scan);

/*
 * That words of the value end at so many places more. The first byte of each
 * is, in the text, at from or behind it, and at to or before it: one byte where
 * all are seen; of a row of bytes that are seen as one, all.
 */
typedef void bytescan_take_fn(uint32_t value, size_t places, size_t from,
			      size_t to, void *mydata);

/* Calls take until it was told of all places at which words end, each once for
 * each value. Any thread. */
void bytescan_run(const struct bytescan *scan, struct span text,
		  bytescan_take_fn *take, void *mydata);

#endif
