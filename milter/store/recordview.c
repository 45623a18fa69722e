#include <config.h>

#include "store/recordview.h"

#include "store/recordid.h"

#include <string.h>

static void *arena_take(void *arena, size_t bytes)
{
	return arena_alloc(arena, bytes);
}

static void arena_forget(void *arena, void *piece)
{
	(void)arena;
	(void)piece;
}

const Reeve__Record *recordview_unpack(struct span bytes, struct arena *arena)
{
	ProtobufCAllocator allocator = { arena_take, arena_forget, arena };

	if (bytes.len > RECORD_BYTES_MAX)
		return NULL;
	return reeve__record__unpack(&allocator, bytes.len,
				     (const uint8_t *)bytes.ptr);
}

enum record_kind recordview_kind(const Reeve__Record *record)
{
	return record->session ? RECORD_SESSION : RECORD_MESSAGE;
}

const char *recordview_kind_word(enum record_kind kind)
{
	static const char *const words[] = { "any", "message", "session" };

	return words[kind];
}

const char *recordview_id(const Reeve__Record *record, char *out)
{
	return record_id_format(record->id, out);
}

const char *recordview_session_id(const Reeve__Record *record, char *out)
{
	out[0] = '\0';
	if (record->has_session_id)
		record_id_format(record->session_id, out);
	else if (record->session)
		record_id_format(record->id, out);
	return out;
}

int64_t recordview_began_us(const Reeve__Record *record)
{
	return record->began_us;
}

/* Both numbers may be anything on a damaged disk. */
int64_t recordview_ended_us(const Reeve__Record *record)
{
	int64_t ended_us;

	if (__builtin_add_overflow(record->began_us, record->lasted_us,
				   &ended_us))
		return record->began_us;
	return ended_us;
}

struct span recordview_bytes(protobuf_c_boolean has,
			     const ProtobufCBinaryData *data)
{
	return has ? span_of((const char *)data->data, data->len) :
		     span_of(NULL, 0);
}

bool recordview_client(const Reeve__Record *record, struct netaddr *addr_out)
{
	return record->client &&
	       netaddr_of_bytes(RECORDVIEW_BYTES(record->client, address),
				addr_out);
}

struct span recordview_account(const Reeve__Record *record)
{
	struct span login = span_of(NULL, 0);

	if (record->client)
		login = RECORDVIEW_BYTES(record->client, login);
	if (!login.len && record->session)
		login = RECORDVIEW_BYTES(record->session, last_login);
	return login;
}

/* A number past the words that we know counts as the first. */
static unsigned within(int number, unsigned most)
{
	return number > 0 && (unsigned)number <= most ? (unsigned)number : 0;
}

enum direction recordview_direction(const Reeve__Record *record)
{
	return record->message ? within((int)record->message->direction,
					DIRECTION_LOCAL) : 0;
}

enum ending recordview_ending(const Reeve__Record *record)
{
	return record->message ? within((int)record->message->ending,
					ENDING_LOST) : ENDING_COMPLETE;
}

enum action recordview_action(const Reeve__Record *record)
{
	return record->message && record->message->outcome ?
	       within((int)record->message->outcome->action, ACTION_DISCARD) :
	       ACTION_NONE;
}

struct span recordview_sender(const Reeve__Record *record)
{
	if (!record->message)
		return span_of(NULL, 0);
	if (!record->message->sender.len)
		return span_text("<>");
	return RECORDVIEW_BYTES(record->message, sender);
}

enum rcpt_state recordview_rcpt_state(const Reeve__Recipient *rcpt)
{
	return within((int)rcpt->state, RCPT_REFUSED_BY_MTA);
}

const char *recordview_rcpt_state_word(enum rcpt_state state)
{
	static const char *const words[] = {
		"accepted", "refused", "refused-by-mta",
	};

	return words[state];
}

bool recordview_has_symbol(const Reeve__Record *record, const char *symbol)
{
	for (size_t i = 0; record->message &&
			   i < record->message->n_findings; i++) {
		const char *one = record->message->findings[i]->symbol;

		if (one && strcmp(one, symbol) == 0)
			return true;
	}
	return false;
}
