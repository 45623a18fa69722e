/* recordview.h - a record as read back; record.proto tells what is in it */
#ifndef STORE_RECORDVIEW_H
#define STORE_RECORDVIEW_H

#include "base/arena.h"
#include "base/netaddr.h"
#include "message/transaction.h"
#include "store/record.pb-c.h"

enum record_kind { RECORD_ANY, RECORD_MESSAGE, RECORD_SESSION };

/* Longer than any record we write: what is, is damage. */
#define RECORD_BYTES_MAX ((size_t)64 << 20)

/*
 * Reads a record, from disk and so from a stranger. It lives in arena. NULL: it
 * is none. Whatever its numbers are, the verbs below give answers in range;
 * the fields themselves may hold anything that their type can.
 */
const Reeve__Record *recordview_unpack(struct span bytes, struct arena *arena)
	MUST_USE;

enum record_kind recordview_kind(const Reeve__Record *record);
const char *recordview_kind_word(enum record_kind kind);
/* Into a buffer of RECORD_ID_SIZE; returns it. */
const char *recordview_id(const Reeve__Record *record, char *out);
/* Of the session: a session record's own id. "" when it has none. */
const char *recordview_session_id(const Reeve__Record *record, char *out);
int64_t recordview_began_us(const Reeve__Record *record);
int64_t recordview_ended_us(const Reeve__Record *record);
/* False for mail that did not come over IP. */
bool recordview_client(const Reeve__Record *record,
		       struct netaddr *addr_out) MUST_USE;
/* The login, of a session its last one; empty when there was none. */
struct span recordview_account(const Reeve__Record *record);
/* Of a message; DIRECTION_UNKNOWN for a session. */
enum direction recordview_direction(const Reeve__Record *record);
/* ENDING_COMPLETE for a session. */
enum ending recordview_ending(const Reeve__Record *record);
/* The furthest that a message got: "connect", "helo", "mail",
 * "rcpt", "message". */
const char *recordview_stage_word(const Reeve__Record *record);
/* What was decided; ACTION_NONE for a session. */
enum action recordview_action(const Reeve__Record *record);
/* What a finding demanded, whatever its score. */
enum action recordview_demand(const Reeve__Finding *finding);
/* The normalised sender, "<>" for the null sender; empty for a session, and
 * when it was erased. */
struct span recordview_sender(const Reeve__Record *record);
enum rcpt_state recordview_rcpt_state(const Reeve__Recipient *rcpt);
const char *recordview_rcpt_state_word(enum rcpt_state state);
bool recordview_has_symbol(const Reeve__Record *record, const char *symbol);

/* A field of bytes; empty when it is not there. */
struct span recordview_bytes(protobuf_c_boolean has,
			     const ProtobufCBinaryData *data);
#define RECORDVIEW_BYTES(message, field) \
	recordview_bytes((message)->has_##field, &(message)->field)

/* What it says of the sender; texts are the record's, or in the arena. dkim is
 * the caller's to free with g_array_unref(). Results that are not in it are
 * AUTH_RESULT_UNKNOWN. */
struct auth recordview_auth(const Reeve__Record *record, struct arena *arena)
	MUST_USE;

#endif
