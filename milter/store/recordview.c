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

const char *recordview_stage_word(const Reeve__Record *record)
{
	static const char *const words[] = {
		"connect", "helo", "mail", "rcpt", "message",
	};

	return words[record->message ? within((int)record->message->stage,
					      STAGE_MESSAGE) : 0];
}

enum action recordview_action(const Reeve__Record *record)
{
	return record->message && record->message->outcome ?
	       within((int)record->message->outcome->action, ACTION_DISCARD) :
	       ACTION_NONE;
}

enum action recordview_demand(const Reeve__Finding *finding)
{
	return within((int)finding->demand, ACTION_DISCARD);
}

struct span recordview_sender(const Reeve__Record *record)
{
	if (!record->message || (record->erased && record->erased->sender))
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

static const char *text_of(ProtobufCBinaryData bytes, protobuf_c_boolean has,
			   struct arena *arena)
{
	return has ? arena_span_text(arena, span_of((const char *)bytes.data,
						    bytes.len)) : NULL;
}

#define TEXT(message, field) \
	text_of((message)->field, (message)->has_##field, arena)

/* A later version may know results that this one does not. */
static enum auth_result result_of(Reeve__AuthResult result)
{
	return (unsigned)result <= AUTH_RESULT_PERMERROR ?
	       (enum auth_result)result : AUTH_RESULT_UNKNOWN;
}

static enum dmarc_policy policy_of(Reeve__DmarcPolicy policy)
{
	return (unsigned)policy <= DMARC_POLICY_REJECT ?
	       (enum dmarc_policy)policy : DMARC_POLICY_UNKNOWN;
}

static struct auth_spf spf_of(const Reeve__Spf *spf, const char *sender,
			      struct arena *arena)
{
	if (!spf)
		return (struct auth_spf){ .result = AUTH_RESULT_UNKNOWN };
	return (struct auth_spf){
		.result = result_of(spf->result),
		.scope = spf->of_helo ? "helo" : "mfrom",
		.domain = spf->has_domain ? TEXT(spf, domain) : sender,
		.mechanism = TEXT(spf, mechanism),
		.reason = spf->reason,
	};
}

static struct auth_dkim dkim_of(const Reeve__Dkim *dkim, struct arena *arena)
{
	return (struct auth_dkim){
		.result = result_of(dkim->result),
		.domain = TEXT(dkim, domain),
		.selector = TEXT(dkim, selector),
		.algorithm = dkim->has_algorithm ? TEXT(dkim, algorithm) :
						   "rsa-sha256",
		.reason = dkim->reason,
		.key_bits = dkim->key_bits,
		.is_testing = dkim->testing,
		.is_key_secure = dkim->key_secure,
		.is_partial = dkim->partial,
		.is_aligned = dkim->aligned,
	};
}

static struct auth_dmarc dmarc_of(const Reeve__Dmarc *dmarc,
				  struct arena *arena)
{
	return (struct auth_dmarc){
		.result = result_of(dmarc->result),
		.domain = TEXT(dmarc, domain),
		.record_domain = dmarc->has_record_domain ?
			TEXT(dmarc, record_domain) : dmarc->published ?
			TEXT(dmarc, domain) : NULL,
		.published = policy_of(dmarc->published),
		.tag = dmarc->tag ? dmarc->tag : dmarc->published ? "p" : NULL,
		.disposition = policy_of(dmarc->disposition),
		.override = dmarc->override,
		.reason = dmarc->reason,
		.percent = dmarc->has_percent ? dmarc->percent : 100,
		.is_spf_aligned = dmarc->spf_aligned,
		.is_dkim_aligned = dmarc->dkim_aligned,
		.has_reports = dmarc->reports,
		.is_spf_strict = dmarc->spf_strict,
		.is_dkim_strict = dmarc->dkim_strict,
		.policy = policy_of(dmarc->has_policy ? dmarc->policy :
				    dmarc->published),
		.sub_policy = policy_of(dmarc->sub_policy),
		.failure_options = dmarc->failure_options,
	};
}

struct auth recordview_auth(const Reeve__Record *record, struct arena *arena)
{
	const Reeve__Message *message = record->message;
	struct span sender = recordview_sender(record);
	ptrdiff_t at = span_find_last(sender, '@');
	const char *domain = at < 0 ? NULL : arena_span_text(
		arena, span_from(sender, (size_t)at + 1));
	struct auth auth = {
		.spf = spf_of(message->spf, domain, arena),
		.helo = spf_of(message->spf_helo, domain, arena),
		.dkim = g_array_new(FALSE, FALSE, sizeof(struct auth_dkim)),
	};

	for (size_t i = 0; i < message->n_dkim; i++) {
		struct auth_dkim dkim = dkim_of(message->dkim[i], arena);

		g_array_append_val(auth.dkim, dkim);
	}
	if (message->dmarc)
		auth.dmarc = dmarc_of(message->dmarc, arena);
	if (message->arc)
		auth.arc = (struct auth_arc){
			.result = result_of(message->arc->result),
			.sets = message->arc->sets,
			.sealer = TEXT(message->arc, sealer),
			.reason = message->arc->reason,
			.is_trusted = message->arc->trusted,
			.has_passed_origin = message->arc->passed_origin,
		};
	if (message->iprev)
		auth.iprev = (struct auth_iprev){
			.result = result_of(message->iprev->result),
			.name = message->iprev->has_name ?
				TEXT(message->iprev, name) :
				record->client ?
				TEXT(record->client, name) : NULL,
		};
	return auth;
}
