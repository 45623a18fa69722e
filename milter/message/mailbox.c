#include <config.h>

#include "message/mailbox.h"

#include "message/encodedword.h"

#include <glib.h>
#include <string.h>

/* The list being read; what belongs to the address in hand is in the texts. */
struct reading {
	struct span rest;
	struct arena *arena;
	GArray *boxes;			/* of struct mailbox */
	unsigned flaws;
	GString *name;			/* words in front of the < */
	GString *angle;			/* between < and > */
	bool has_angle, is_in_angle, is_closed;
	bool has_comment;		/* behind some of the name */
	struct span comment;		/* the last one, while nothing
					 * follows */
};

/* Skips a comment that begins here; (5.2 of RFC 822: they nest). */
static void skip_comment(struct reading *on)
{
	size_t depth = 0, at = 0;

	for (; at < on->rest.len; at++) {
		char c = on->rest.ptr[at];

		if (c == '\\')
			at++;
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0)
			break;
	}
	if (at >= on->rest.len)
		on->flaws |= MAILBOX_FLAW_SYNTAX;
	on->comment = span_from(span_first(on->rest, at), 1);
	on->rest = span_from(on->rest, at + 1);
}

static GString *text_of(struct reading *on)
{
	return on->is_in_angle ? on->angle : on->name;
}

/* A quoted string with its quotes: mailaddr_parse() wants them in a local part,
 * and a display name loses them later. */
static void take_quoted(struct reading *on)
{
	size_t at = 1;

	while (at < on->rest.len && on->rest.ptr[at] != '"')
		at += on->rest.ptr[at] == '\\' ? 2 : 1;
	if (at >= on->rest.len)
		on->flaws |= MAILBOX_FLAW_SYNTAX;
	at = MIN(at + 1, on->rest.len);
	g_string_append_len(text_of(on), on->rest.ptr, (gssize)at);
	on->rest = span_from(on->rest, at);
}

/* The words before < >; without them, "address (name)" as older
 * programs write. */
static void take_name(struct reading *on, struct mailbox *out)
{
	struct span raw = on->has_angle ?
		span_trim(span_of(on->name->str, on->name->len)) :
		span_trim(on->comment);
	g_autoptr(GString) plain = g_string_new(NULL);

	for (size_t i = 0; i < raw.len; i++) {
		if (raw.ptr[i] == '\\' && i + 1 < raw.len)
			g_string_append_c(plain, raw.ptr[++i]);
		else if (raw.ptr[i] != '"')
			g_string_append_c(plain, raw.ptr[i]);
	}
	raw = span_trim(span_of(plain->str, plain->len));
	out->is_name_encoded = encodedword_is_in(raw);
	out->name = encodedword_decode(raw, on->arena);
	if (*out->name)
		out->raw_name = arena_span_text(on->arena, raw);
	else
		out->name = NULL;
}

/* White space is allowed around the dots and the @ (4.4), and means nothing. */
static struct span without_space(const GString *text, struct arena *arena)
{
	char *out = arena_alloc(arena, text->len + 1);
	size_t len = 0;
	bool is_quoted = false;

	for (size_t i = 0; i < text->len; i++) {
		char c = text->str[i];

		if (c == '"')
			is_quoted = !is_quoted;
		else if (c == '\\' && is_quoted && i + 1 < text->len)
			out[len++] = text->str[i++];
		if (is_quoted || !g_ascii_isspace(c))
			out[len++] = text->str[i];
	}
	return span_of(out, len);
}

/* Words with a blank between them and no < >: "Joe Doe joe@example.org". What
 * holds the @ is taken for the address. */
static struct span last_word(struct span text)
{
	ptrdiff_t at = span_find_last(text, '@');
	size_t from, to;

	if (at < 0)
		return text;
	for (from = (size_t)at; from > 0 &&
	     !g_ascii_isspace(text.ptr[from - 1]); from--)
		;
	for (to = (size_t)at; to < text.len &&
	     !g_ascii_isspace(text.ptr[to]); to++)
		;
	return span_of(text.ptr + from, to - from);
}

/* Whether white space parts two words, rather than surround a dot or the @. */
static bool has_gap(struct span text)
{
	bool is_quoted = false;
	char before = '.';

	for (size_t i = 0; i < text.len; i++) {
		bool is_space = g_ascii_isspace(text.ptr[i]);

		if (text.ptr[i] == '"')
			is_quoted = !is_quoted;
		if (is_space)
			continue;
		if (i && g_ascii_isspace(text.ptr[i - 1]) && !is_quoted &&
		    !strchr(".@", before) && !strchr(".@", text.ptr[i]))
			return true;
		before = text.ptr[i];
	}
	return false;
}

static struct mailaddr address_of(struct reading *on)
{
	const GString *text = on->has_angle ? on->angle : on->name;
	struct span raw = span_trim(span_of(text->str, text->len));
	struct span packed = without_space(text, on->arena);
	struct mailaddr addr = mailaddr_parse(packed, on->arena);

	if (!on->has_angle && (addr.flaws & (MAILADDR_FLAW_SYNTAX |
					     MAILADDR_FLAW_INNER_AT) ||
			       (addr.domain.len && !*addr.domain_ascii) ||
			       has_gap(raw))) {
		on->flaws |= MAILBOX_FLAW_SYNTAX;
		addr = mailaddr_parse(last_word(raw), on->arena);
	}
	if (encodedword_is_in(packed))
		on->flaws |= MAILBOX_FLAW_ENCODED;
	if (addr.flaws & MAILADDR_FLAW_ROUTE)
		on->flaws |= MAILBOX_FLAW_ROUTE;
	return addr;
}

/* The address in hand ends here. */
static void take_box(struct reading *on)
{
	struct mailbox box = { .name = NULL };
	bool is_there = on->has_angle || span_trim(
		span_of(on->name->str, on->name->len)).len > 0;

	if (is_there && on->boxes->len < MAILBOX_MAX) {
		box.addr = address_of(on);
		take_name(on, &box);
		g_array_append_val(on->boxes, box);
	} else if (is_there) {
		on->flaws |= MAILBOX_FLAW_MANY;
	}
	if (on->is_in_angle)
		on->flaws |= MAILBOX_FLAW_SYNTAX;
	g_string_truncate(on->name, 0);
	g_string_truncate(on->angle, 0);
	on->has_angle = on->is_in_angle = on->is_closed = false;
	on->has_comment = false;
	on->comment = span_of(NULL, 0);
}

/* "name:" begins a group, unless the colon is in an address already. */
static void take_group(struct reading *on)
{
	if (on->has_angle || strchr(on->name->str, '@')) {
		g_string_append_c(on->name, ':');
		return;
	}
	on->flaws |= MAILBOX_FLAW_GROUP;
	g_string_truncate(on->name, 0);
}

static void take_byte(struct reading *on, char c)
{
	if (on->is_closed && !g_ascii_isspace(c))
		on->flaws |= MAILBOX_FLAW_TRAILING;
	if (on->has_comment && !on->has_angle && !g_ascii_isspace(c) &&
	    (c == '@' || strchr(on->name->str, '@')))
		on->flaws |= MAILBOX_FLAW_COMMENT;
	if (!g_ascii_isspace(c))
		on->comment = span_of(NULL, 0);
	if (!on->is_closed)
		g_string_append_c(text_of(on), c);
}

static void step(struct reading *on)
{
	char c = on->rest.ptr[0];

	switch (c) {
	case '(':
		if (on->is_in_angle)
			on->flaws |= MAILBOX_FLAW_COMMENT;
		on->has_comment |= on->name->len > 0;
		skip_comment(on);
		return;
	case '"':
		take_quoted(on);
		return;
	case '<':
		/* A second < begins another address: the last one counts for
		 * those who read so, so both are told. */
		if (on->has_angle)
			take_box(on);
		on->has_angle = on->is_in_angle = true;
		break;
	case '>':
		on->is_closed = on->has_angle;
		on->is_in_angle = false;
		break;
	case ',':
	case ';':
		if (on->is_in_angle)	/* of a source route */
			take_byte(on, c);
		else
			take_box(on);
		break;
	case ':':
		if (on->is_in_angle)
			take_byte(on, c);
		else
			take_group(on);
		break;
	default:
		take_byte(on, c);
	}
	on->rest = span_from(on->rest, 1);
}

struct mailbox_list mailbox_parse(struct span value, struct arena *arena)
{
	struct reading on = {
		.rest = value, .arena = arena,
		.boxes = g_array_new(FALSE, FALSE, sizeof(struct mailbox)),
		.name = g_string_new(NULL), .angle = g_string_new(NULL),
	};
	struct mailbox_list list;

	while (on.rest.len)
		step(&on);
	take_box(&on);
	list.count = on.boxes->len;
	list.flaws = on.flaws;
	list.boxes = arena_new_n(arena, struct mailbox, list.count + 1);
	if (list.count)
		memcpy(list.boxes, on.boxes->data,
		       list.count * sizeof(struct mailbox));
	g_array_unref(on.boxes);
	g_string_free(on.name, TRUE);
	g_string_free(on.angle, TRUE);
	return list;
}
