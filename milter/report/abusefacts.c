#include <config.h>

#include "report/abusefacts.h"

#include "base/netaddr.h"
#include "message/encodedword.h"
#include "message/finding.h"
#include "store/evidence.h"
#include "store/hex.h"
#include "store/recordid.h"
#include "store/recordview.h"

#include <string.h>

const char *abusefacts_text(struct span bytes, struct arena *arena)
{
	g_autofree char *raw = NULL, *valid = NULL;
	g_autoptr(GString) out = g_string_new(NULL);

	if (!bytes.len)
		return NULL;
	raw = g_strndup(bytes.ptr, bytes.len);
	valid = g_utf8_make_valid(raw, -1);
	for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);

		g_string_append_unichar(out, g_unichar_isprint(c) ? c : ' ');
	}
	return arena_text(arena, g_strstrip(out->str));
}

#define TEXT(message, field) \
	abusefacts_text(RECORDVIEW_BYTES((message), field), arena)

static void take_client(struct abusefacts *facts, const Reeve__Record *record,
			struct arena *arena)
{
	char text[NETADDR_TEXT_MAX];
	struct netaddr addr;

	if (recordview_client(record, &addr))
		facts->client = arena_text(arena, netaddr_format(&addr, text));
	facts->account = abusefacts_text(recordview_account(record), arena);
	if (!record->client)
		return;
	facts->client_port = record->client->port;
	facts->client_name = TEXT(record->client, name);
	facts->helo = TEXT(record->client, helo);
}

static const char *decoded(struct span bytes, struct arena *arena)
{
	const char *text = bytes.len ? encodedword_decode(bytes, arena) : NULL;

	return text ? abusefacts_text(span_text(text), arena) : NULL;
}

static void take_findings(struct abusefacts *facts,
			  const Reeve__Message *message, struct arena *arena)
{
	for (size_t i = 0; i < message->n_findings; i++) {
		const char *symbol = message->findings[i]->symbol;

		if (!symbol)
			continue;
		facts->is_virus |= g_str_has_prefix(symbol, "VIRUS");
		facts->is_trap |= strstr(symbol, "TRAP") != NULL;
		g_ptr_array_add(facts->findings,
				(char *)abusefacts_text(span_text(symbol),
							arena));
	}
}

static const char *sha256_of(const Reeve__Record *record, struct arena *arena)
{
	struct evidence_place place;
	g_autofree char *hex = evidence_of_record(record, &place) ?
		hex_format(place.sha256, sizeof place.sha256) : NULL;

	return arena_text(arena, hex);
}

void abusefacts_init(struct abusefacts *facts, const Reeve__Record *record,
		     const struct report_settings *reporter, const char *host,
		     struct arena *arena)
{
	const Reeve__Message *message = record->message;
	char id[RECORD_ID_SIZE];

	*facts = (struct abusefacts){
		.reporter = reporter, .host = host,
		.record_id = arena_text(arena, recordview_id(record, id)),
		.time_us = recordview_ended_us(record),
		.sender = abusefacts_text(recordview_sender(record), arena),
		.recipients = g_ptr_array_new(),
		.findings = g_ptr_array_new(),
		.verdict = action_word(recordview_action(record)),
		.sha256 = sha256_of(record, arena),
	};
	take_client(facts, record, arena);
	facts->queue_id = TEXT(message, queue_id);
	facts->message_id = TEXT(message, message_id);
	facts->from = decoded(RECORDVIEW_BYTES(message, header_from), arena);
	facts->subject = decoded(RECORDVIEW_BYTES(message, header_subject),
				 arena);
	for (size_t i = 0; i < message->n_recipients; i++) {
		const char *rcpt = TEXT(message->recipients[i], address);

		if (rcpt)
			g_ptr_array_add(facts->recipients, (char *)rcpt);
	}
	take_findings(facts, message, arena);
}

void abusefacts_release(struct abusefacts *facts)
{
	g_ptr_array_unref(facts->recipients);
	g_ptr_array_unref(facts->findings);
}

const char *abusefacts_when(int64_t time_us, struct arena *arena)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(
		time_us / G_USEC_PER_SEC);
	g_autofree char *text = time ? g_date_time_format(
		time, "%Y-%m-%dT%H:%M:%SZ") : g_strdup("");

	return arena_text(arena, text);
}

const char *abusefacts_time(const struct abusefacts *facts,
			    struct arena *arena)
{
	return abusefacts_when(facts->time_us, arena);
}
