/* fingerprint.h - what two messages of one campaign have in common */
#ifndef BULK_FINGERPRINT_H
#define BULK_FINGERPRINT_H

#include "message/transaction.h"

#define FINGERPRINT_MARKS 32

/*
 * Marks of a text: the smallest hashes of its runs of words (of characters,
 * where words have no blanks between), so that two texts have about the same
 * share of marks in common as of words. Case, digits, words with digits, what
 * is quoted, greetings by name, signatures, disclaimers and the footers of
 * lists are left out; of links the organisation's domain counts. Ascending,
 * none twice. The same for ever and on every machine: they are written down.
 */
struct fingerprint {
	uint64_t marks[FINGERPRINT_MARKS];
	unsigned count;			/* 0: nothing to tell it by */
	bool is_exact;			/* of a file: one mark, the
					 * same or not */
};

/* Takes the message's text as it is, whatever its size, up to 64 KiB. Pure. */
struct fingerprint fingerprint_of_text(struct transaction *tx);

/* How many marks both have. */
unsigned fingerprint_shared(const struct fingerprint *a,
			    const struct fingerprint *b);
/* So many when they make two messages of the one campaign, else 0. */
unsigned fingerprint_likeness(const struct fingerprint *a,
			      const struct fingerprint *b);

/* Of an attachment's bytes, decoded: alike is only the same file. */
struct fingerprint fingerprint_of_bytes(struct span bytes);

/* As text, "text:..." or "file:..." with base 64, for the lists; in the arena.
 * False: it is no such text. */
const char *fingerprint_format(const struct fingerprint *print,
			       struct arena *arena);
bool fingerprint_parse(const char *text, struct fingerprint *out) MUST_USE;

/* A number for it, the same for ever. */
uint64_t fingerprint_id(const struct fingerprint *print);

#endif
