#include <config.h>

#include "report/redactheader.h"

#include "message/encodedword.h"

#include <string.h>

#define HEADER_MAX ((size_t)256 << 10)	/* bytes shown: a stranger made it */
#define HIDDEN "(hidden)"

static void append(GString *out, struct span bytes)
{
	if (bytes.len)
		g_string_append_len(out, bytes.ptr, (gssize)bytes.len);
}

static bool is_local_byte(char c)
{
	return g_ascii_isalnum(c) || (unsigned char)c >= 0x80 ||
	       (c && strchr("!#$%&'*+/=?^_`{|}~.-", c));
}

static bool is_domain_byte(char c)
{
	return g_ascii_isalnum(c) || (unsigned char)c >= 0x80 || c == '.' ||
	       c == '-';
}

/* Where what stands before the @ begins: an atom, or a quoted string. */
static size_t local_begin(struct span text, size_t at)
{
	size_t begin = at;

	if (at && text.ptr[at - 1] == '"') {
		begin--;
		while (begin && text.ptr[begin - 1] != '"')
			begin--;
		return begin ? begin - 1 : 0;
	}
	while (begin && is_local_byte(text.ptr[begin - 1]))
		begin--;
	return begin;
}

/* The next address from *from on, which goes behind it; empty: no more. */
static struct span next_address(struct span text, size_t *from)
{
	for (size_t at = *from; at < text.len; at++) {
		size_t begin, end = at + 1;

		if (text.ptr[at] != '@')
			continue;
		begin = local_begin(text, at);
		while (end < text.len && is_domain_byte(text.ptr[end]))
			end++;
		begin = MAX(begin, *from);
		*from = end;
		if (begin < at)
			return span_of(text.ptr + begin, end - begin);
		at = end - 1;
	}
	*from = text.len;
	return span_of(NULL, 0);
}

/* Names, comments and all that is no address go. */
static void append_recipients(const struct redact *redact, struct span value,
			      GString *out, struct arena *arena)
{
	size_t from = 0, count = 0;
	struct span one;

	while ((one = next_address(value, &from)).len)
		g_string_append_printf(out, "%s%s", count++ ? ",\r\n " : " ",
				       redact_address(redact, one, arena));
	g_string_append(out, count ? "\r\n" : " " HIDDEN "\r\n");
}

/* RFC 5321, 4.4: "for" and an address, with or without < >. */
static bool is_behind_for(struct span before)
{
	while (before.len && strchr("< \t\r\n", before.ptr[before.len - 1]))
		before.len--;
	return before.len > 3 && g_ascii_strncasecmp(
		before.ptr + before.len - 3, "for", 3) == 0 &&
	       strchr(" \t\r\n;)", before.ptr[before.len - 4]);
}

static void append_received(const struct redact *redact, struct span value,
			    GString *out, struct arena *arena)
{
	g_autoptr(GString) text = g_string_new(NULL);
	size_t from = 0, done = 0;
	struct span one;

	while ((one = next_address(value, &from)).len) {
		size_t begin = (size_t)(one.ptr - value.ptr);

		if (!is_behind_for(span_first(value, begin)))
			continue;
		append(text, span_of(value.ptr + done, begin - done));
		g_string_append(text, redact_address(redact, one, arena));
		done = from;
	}
	append(text, span_from(value, done));
	redact_append(redact, span_string(text), out, arena);
}

/* A field whose encoded words hide a recipient is not shown. */
static void append_other(const struct redact *redact, struct span value,
			 GString *out, struct arena *arena)
{
	g_autoptr(GString) ignored = g_string_new(NULL);
	const char *decoded = encodedword_is_in(value) ?
			      encodedword_decode(span_trim(value), arena) :
			      NULL;

	if (decoded && redact_append(redact, span_text(decoded), ignored,
				     arena))
		g_string_append(out, " " HIDDEN "\r\n");
	else
		redact_append(redact, value, out, arena);
}

/* Fields that end so and are about the sender, or about other messages. */
static bool is_about_sender(struct span name)
{
	static const char *const names[] = {
		"Reply-To", "In-Reply-To", "Errors-To", "Return-Receipt-To",
		"Disposition-Notification-To", "Mail-Reply-To",
		"Mail-Followup-To", "Resent-Reply-To",
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (span_is_word(name, names[i]))
			return true;
	return false;
}

static bool is_about_recipients(struct span name)
{
	static const char *const ends[] = { "to", "cc", "bcc", "recipient" };

	if (is_about_sender(name))
		return false;
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		size_t len = strlen(ends[i]);

		if (name.len >= len &&
		    span_is_word(span_from(name, name.len - len), ends[i]) &&
		    (name.len == len || name.ptr[name.len - len - 1] == '-'))
			return true;
	}
	return false;
}

static void append_field(const struct redact *redact, struct span field,
			 GString *out, struct arena *arena)
{
	ptrdiff_t colon = span_find(field, ':');
	struct span name, value;

	if (colon <= 0) {
		redact_append(redact, field, out, arena);
		return;
	}
	name = span_trim(span_first(field, (size_t)colon));
	value = span_from(field, (size_t)colon + 1);
	redact_append(redact, span_first(field, (size_t)colon + 1), out,
		      arena);
	if (is_about_recipients(name))
		append_recipients(redact, value, out, arena);
	else if (span_is_word(name, "Received"))
		append_received(redact, value, out, arena);
	else
		append_other(redact, value, out, arena);
}

/* Its end, with the lines that are folded; 0: the header is over. */
static size_t field_length(struct span rest)
{
	size_t len = 0;

	if (!rest.len || *rest.ptr == '\n' ||
	    (*rest.ptr == '\r' && (rest.len == 1 || rest.ptr[1] == '\n')))
		return 0;
	do {
		ptrdiff_t end = span_find(span_from(rest, len), '\n');

		if (end < 0)
			return rest.len;
		len += (size_t)end + 1;
	} while (len < rest.len && (rest.ptr[len] == ' ' ||
				    rest.ptr[len] == '\t'));
	return len;
}

GByteArray *redactheader_format(const struct redact *redact,
				struct span original, struct arena *arena)
{
	struct span rest = span_first(original, HEADER_MAX);
	GString *out = g_string_new(NULL);
	gsize size;
	size_t len;

	while ((len = field_length(rest)) > 0) {
		append_field(redact, span_first(rest, len), out, arena);
		rest = span_from(rest, len);
	}
	size = out->len;
	return g_byte_array_new_take((guint8 *)g_string_free(out, FALSE),
				     size);
}

struct span redactheader_value(const struct redact *redact, struct span value,
			       struct arena *arena)
{
	g_autoptr(GString) out = g_string_new(NULL);

	append_other(redact, value, out, arena);
	return span_trim(arena_span(arena, span_string(out)));
}
