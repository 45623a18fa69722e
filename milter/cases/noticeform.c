#include <config.h>

#include "cases/noticeform.h"

#include "store/hex.h"
#include "store/prototext.h"
#include "store/state.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_words[] = {
	"none", "warning", "reminder", "suspension", "resumption", "closing",
};

static const char *const state_words[] = {
	"none", "waiting", "sent", "failed", "bounced", "dropped",
};

const char *notice_kind_word(enum notice_kind kind)
{
	return kind_words[(size_t)kind < COUNT_OF(kind_words) ? kind : 0];
}

enum notice_kind notice_kind_parse(struct span word)
{
	for (size_t i = 1; i < COUNT_OF(kind_words); i++)
		if (span_is_word(word, kind_words[i]))
			return (enum notice_kind)i;
	return NOTICE_KIND_NONE;
}

const char *notice_state_word(enum notice_state state)
{
	return state_words[(size_t)state < COUNT_OF(state_words) ? state : 0];
}

const char *noticeform_token(const struct notice_entry *entry, char *buffer)
{
	g_autofree char *token = hex_format(entry->token, NOTICE_TOKEN_BYTES);
	char id[CASE_ID_TEXT_MAX];

	snprintf(buffer, NOTICE_TOKEN_TEXT_MAX, "%s.%" PRIu32 ".%s",
		 case_id_format(entry->id, id), entry->number, token);
	return buffer;
}

#define HEX_LEN ((size_t)2 * NOTICE_TOKEN_BYTES)
#define NUMBER_LEN_MAX 6

static size_t digits_at(struct span bytes, size_t from)
{
	size_t len = 0;

	while (from + len < bytes.len && g_ascii_isdigit(bytes.ptr[from + len]))
		len++;
	return len;
}

static bool is_dot(struct span bytes, size_t at)
{
	return at < bytes.len && bytes.ptr[at] == '.';
}

/* A token that begins with these bytes; its length, or 0. */
static size_t read_token(struct span bytes, struct notice_entry *out)
{
	size_t year = digits_at(bytes, 0), number, own, end;
	char text[NUMBER_LEN_MAX + 1] = "";

	if (year != 4 || bytes.len < 5 || bytes.ptr[4] != '-')
		return 0;
	number = digits_at(bytes, 5);
	if (!is_dot(bytes, 5 + number) ||
	    !case_id_parse(span_first(bytes, 5 + number), &out->id))
		return 0;
	own = digits_at(bytes, 6 + number);
	end = 7 + number + own;
	if (own == 0 || own > NUMBER_LEN_MAX || !is_dot(bytes, end - 1) ||
	    bytes.len < end + HEX_LEN ||
	    !hex_parse(span_first(span_from(bytes, end), HEX_LEN), out->token,
		       sizeof out->token))
		return 0;
	memcpy(text, bytes.ptr + 6 + number, own);
	out->number = (uint32_t)g_ascii_strtoull(text, NULL, 10);
	return end + HEX_LEN;
}

bool noticeform_find_token(struct span bytes, struct notice_entry *out,
			   struct span *rest_out)
{
	for (; bytes.len; bytes = span_from(bytes, 1)) {
		size_t len = g_ascii_isdigit(*bytes.ptr) ?
			     read_token(bytes, out) : 0;

		if (len) {
			*rest_out = span_from(bytes, len);
			return true;
		}
	}
	return false;
}

GBytes *noticeform_pack(const struct notice_entry *entry)
{
	Reeve__Notice packed = REEVE__NOTICE__INIT;
	uint8_t *bytes;

	packed.has_kind = packed.has_state = packed.has_command =
		packed.has_to = packed.has_language = packed.has_remark =
		packed.has_note = packed.has_operator_name =
		packed.has_why = packed.has_created_us = packed.has_next_us =
		packed.has_ended_us = packed.has_tries =
		packed.has_token = true;
	packed.kind = entry->kind;
	packed.state = entry->state;
	packed.command = entry->command;
	packed.to = prototext_pack(entry->to);
	packed.language = prototext_pack(entry->language);
	packed.remark = prototext_pack(entry->remark);
	packed.note = prototext_pack(entry->note);
	packed.operator_name = prototext_pack(entry->operator_name);
	packed.why = prototext_pack(entry->why);
	packed.created_us = entry->created_us;
	packed.next_us = entry->next_us;
	packed.ended_us = entry->ended_us;
	packed.tries = entry->tries;
	packed.token = (ProtobufCBinaryData){ sizeof entry->token,
					      (uint8_t *)entry->token };
	bytes = g_malloc(reeve__notice__get_packed_size(&packed));
	return g_bytes_new_take(bytes, reeve__notice__pack(&packed, bytes));
}

bool noticeform_unpack(struct span bytes, struct arena *arena,
		       struct notice_entry *out)
{
	Reeve__Notice *packed = reeve__notice__unpack(
		NULL, bytes.len, (const uint8_t *)bytes.ptr);
	bool is_good;

	if (!packed)
		return false;
	*out = (struct notice_entry){
		.kind = (enum notice_kind)packed->kind,
		.state = (enum notice_state)packed->state,
		.command = (enum case_command)packed->command,
		.to = prototext_unpack(&packed->to, arena),
		.language = prototext_unpack(&packed->language, arena),
		.remark = prototext_unpack(&packed->remark, arena),
		.note = prototext_unpack(&packed->note, arena),
		.operator_name = prototext_unpack(&packed->operator_name,
						  arena),
		.why = prototext_unpack(&packed->why, arena),
		.created_us = packed->created_us,
		.next_us = packed->next_us,
		.ended_us = packed->ended_us,
		.tries = packed->tries,
	};
	is_good = packed->kind < NOTICE_KINDS &&
		  packed->state < NOTICE_STATES &&
		  packed->command < CASE_COMMANDS &&
		  packed->token.len == sizeof out->token;
	if (is_good)
		memcpy(out->token, packed->token.data, sizeof out->token);
	reeve__notice__free_unpacked(packed, NULL);
	return is_good;
}
