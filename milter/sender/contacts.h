/* contacts.h - who has written to us before */
#ifndef SENDER_CONTACTS_H
#define SENDER_CONTACTS_H

#include "base/guard.h"

#include <glib.h>
#include <stdint.h>

/*
 * A fixed number of senders as 64-bit digests: who comes too late for the room
 * takes the place of one that was not seen for long. Two senders with one
 * digest are one: a stranger gains by that one finding less, once in 2^64
 * tries. Any thread.
 */
struct contacts;

/* count: most senders; 0: none are remembered and nobody is new. */
struct contacts *contacts_new(size_t count) MUST_USE;
/* Accepts NULL. */
void contacts_free(struct contacts *contacts);
bool contacts_has(struct contacts *contacts, const char *sender);
void contacts_add(struct contacts *contacts, const char *sender);

/* A file of what is known, so that a restart forgets nothing. No file is no
 * error, and one that is damaged is as none. */
void contacts_load(struct contacts *contacts, const char *path);
bool contacts_save(struct contacts *contacts, const char *path,
		   GError **error) MUST_USE;

#endif
