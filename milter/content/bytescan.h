/* bytescan.h - many short words found in bytes: an automaton as one table */
#ifndef CONTENT_BYTESCAN_H
#define CONTENT_BYTESCAN_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>
#include <stdint.h>

struct bytescan;

/* value is what is told of the word when it is found. */
struct bytescan_word {
	const uint8_t *bytes;		/* no capitals of ASCII */
	uint8_t len;			/* at least 1 */
	uint32_t value;
};

/*
 * The words (of struct bytescan_word) as they are in texts whose ASCII letters are
 * made small. is_bare: texts without all bytes that are no ASCII letters and digits.
 * Keeps nothing of the array. NULL: there is no word, or the table would take more than
 * bytes_max.
 */
struct bytescan *bytescan_new(const GArray *words, bool is_bare,
			      size_t bytes_max) MUST_USE;
/* Accepts NULL. */
void bytescan_free(struct bytescan *scan);
size_t bytescan_bytes(const struct bytescan *scan);

typedef void bytescan_take_fn(uint32_t value, void *mydata);

/* Calls take for each place at which words end, once for each value. Any thread. */
void bytescan_run(const struct bytescan *scan, struct span text,
		  bytescan_take_fn *take, void *mydata);

#endif
