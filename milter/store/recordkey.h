/* recordkey.h - under which keys a record is found */
#ifndef STORE_RECORDKEY_H
#define STORE_RECORDKEY_H

#include "base/netaddr.h"
#include "base/span.h"
#include "store/record.pb-c.h"

#include <glib.h>

/* The first byte of a key. On disk: never renumber. */
enum record_key_kind {
	RECORD_KEY_CLIENT = 1,		/* the 16 bytes of struct netaddr */
	RECORD_KEY_ID = 2,		/* 8 bytes, most significant first */
	RECORD_KEY_SESSION = 3,		/* the same, of the session */
	RECORD_KEY_ACCOUNT = 4,		/* from here on a hash of 8 bytes */
	RECORD_KEY_SENDER = 5,
	RECORD_KEY_SENDER_DOMAIN = 6,
	RECORD_KEY_RECIPIENT = 7,
	RECORD_KEY_RECIPIENT_DOMAIN = 8,
	RECORD_KEY_MESSAGE_ID = 9,
	RECORD_KEY_QUEUE_ID = 10,
	RECORD_KEY_MINUTE = 11,		/* 8 bytes: minutes from 1970 to
					 * the end */
	RECORD_KEY_EVIDENCE = 12,	/* 0 in 8 bytes: an original is kept */
	/* These came with RECORD_KEYS_VERSION 1. */
	RECORD_KEY_SENDER_LOCAL = 13,	/* see record_key_local() */
	RECORD_KEY_RECIPIENT_LOCAL = 14,
	RECORD_KEY_SUBJECT_WORD = 15,	/* as number: see subjectwords.h */
	RECORD_KEY_SYMBOL = 16,		/* of a finding: a hash */
	RECORD_KEY_ACTION = 17,		/* number of what was decided */
	/* This came with RECORD_KEYS_VERSION 2. */
	RECORD_KEY_CUSTOMER = 18,	/* of an id: a hash */
};

/* What all records of a day have keys of: written down as its file is
 * made, so that the file of an older program is not thought to lack
 * what it has no key of. */
#define RECORD_KEYS_VERSION 2
bool record_key_is_of(enum record_key_kind kind, unsigned version);

#define RECORD_MINUTE_US (UINT64_C(60) * 1000000)
#define RECORD_KEY_MAX 17

struct record_key {
	uint8_t len;
	uint8_t bytes[RECORD_KEY_MAX];
};

struct record_key record_key_client(const struct netaddr *addr);
/* ID, SESSION, MINUTE, EVIDENCE, SUBJECT_WORD, ACTION. */
struct record_key record_key_number(enum record_key_kind kind,
				    uint64_t number);
/*
 * The others: the first 8 bytes of the SHA-256 of the text, ASCII letters in
 * lower case but for MESSAGE_ID, QUEUE_ID and SYMBOL. Two texts may share a
 * key, so what is found by it is looked at once more.
 */
struct record_key record_key_text(enum record_key_kind kind,
				  struct span text);

/* Whether it has a hash: any part of that serves as well, and
 * finds a little more. */
bool record_key_is_hash(const struct record_key *key);
/* The first 8 bytes of a local-part, ASCII letters in lower case, filled
 * up with fill: with 0 as in the index; 0 and 255 make the range of
 * those that begin so. */
struct record_key record_key_local(enum record_key_kind kind,
				   struct span local, uint8_t fill);

/* All keys of a record, each once: struct record_key. Pure. */
GArray *record_keys_of(const Reeve__Record *record) MUST_USE;

/* Behind the last @ of an address; empty when it has none. */
struct span record_key_domain_of(struct span address);
/* Before it; all of it when it has none. */
struct span record_key_local_of(struct span address);

#endif
