/* redact.h - hides the people whom a report is not about (RFC 6590) */
#ifndef REPORT_REDACT_H
#define REPORT_REDACT_H

#include "base/arena.h"
#include "store/record.pb-c.h"
#include "store/redactkey.h"

#include <glib.h>

#define REDACT_HASH_DIGITS 32

/*
 * The local part of a recipient's address becomes the first half of
 * HMAC-SHA-256 over the whole address in lower case, in hex: the same person
 * has always the same hash, and nobody without the key can try names. What
 * identifies him otherwise, a name in a text or a token in a link, no program
 * finds: of a message only its header is shown.
 */
struct redact {
	uint8_t key[REDACTKEY_BYTES];
	GArray *addresses;	/* hidden wherever they stand */
};

/* Hides the recipients of that message (NULL: of none yet). */
void redact_init(struct redact *redact, const uint8_t key[REDACTKEY_BYTES],
		 const Reeve__Message *message);
void redact_release(struct redact *redact);

/* HASH@domain; without @: HASH. In the arena. */
const char *redact_address(const struct redact *redact, struct span address,
			   struct arena *arena);
/* The addresses that are known replaced, also as local=domain
 * and local%40domain. */
struct span redact_text(const struct redact *redact, struct span text,
			struct arena *arena);
/* The same behind what is in out; whether there were any. */
bool redact_append(const struct redact *redact, struct span text,
		   GString *out, struct arena *arena);
/* A record that is the caller's to change; texts live in arena. */
void redact_record(const struct redact *redact, Reeve__Record *record,
		   struct arena *arena);

#endif
