/* reporturi.h - where a DMARC policy wants reports: the value of
 * rua= (RFC 7489, 6.2) */
#ifndef SENDER_REPORTURI_H
#define SENDER_REPORTURI_H

#include "base/arena.h"
#include "base/span.h"

#include <stdint.h>

struct report_uri {
	const char *address;	/* local@domain: printable ASCII, fit for a
				 * header and a command line, the domain in
				 * lower case */
	const char *domain;	/* of it, A-labels */
	uint64_t most_bytes;	/* "!10m"; 0: no limit */
};

/*
 * Takes the next URI off the front of a list; list becomes empty at its end.
 * False when that one is of no use: no mailto, or no plain address. Pure;
 * texts in the arena.
 */
bool reporturi_next(struct span *list, struct report_uri *uri_out,
		    struct arena *arena) MUST_USE;

#endif
