/* recordform.h - from what is known of a message to the bytes of its record */
#ifndef STORE_RECORDFORM_H
#define STORE_RECORDFORM_H

#include "message/transaction.h"
#include "store/recordkey.h"

/*
 * A record that is ready to be written, but for the hash of the one before,
 * which is known only when it is its turn: see PACKED_TAIL_BYTES.
 */
struct packed_record {
	uint8_t *bytes;		/* len, and room for the tail behind */
	size_t len;
	GArray *keys;		/* of struct record_key */
	int64_t ended_us;	/* says to which day it belongs */
};

/* Tag, length and SHA-256 of Record.previous_sha256, the last field. */
#define PACKED_TAIL_BYTES 34
#define RECORD_HASH_BYTES 32
/* Writes it; tail has PACKED_TAIL_BYTES. */
void recordform_put_tail(uint8_t *tail, const uint8_t *previous_sha256);
/* The hash at the end of a record's bytes, borrowed; false: it has none. */
bool recordform_get_tail(struct span bytes, const uint8_t **previous_out)
	MUST_USE;

/* Bytes kept of a Message-ID, whatever the settings: it must be found. */
#define RECORD_MESSAGE_ID_MAX 250

/* Both are pure, for any thread, and copy all that they need. Free with
 * recordform_free(), or hand it to the recorder. tx->id, ended_us, ending and
 * outcome must be filled in. */
struct packed_record *recordform_pack_message(const struct transaction *tx)
	MUST_USE;
struct packed_record *recordform_pack_session(
	const struct session_facts *facts) MUST_USE;
/* Accepts NULL. */
void recordform_free(struct packed_record *record);

/* What record and index have of a header's Message-ID: the part within < >, or
 * all of it, blanks cut off. Borrowed from value. */
struct span recordform_message_id(struct span value);

#endif
