#include <config.h>

#include "message/wordrepair.h"

#include "message/charset.h"

#include <glib.h>
#include <string.h>

#define LABEL_MAX 40
#define CHECKS_MAX 64	/* rows of words that are looked at in one text */
#define REPAIRS_MAX 8		/* of these; a guess at a charset takes
				 * its time */

/* One word, and what stands in it. */
struct word {
	struct span label, payload;
	char encoding;			/* 'B' or 'Q' */
	size_t len;			/* with its marks */
};

/* Up to a '?', which is passed over; false: there is none. */
static bool take_field(struct span *left, struct span *field_out)
{
	ptrdiff_t end = span_find(*left, '?');

	if (end < 0)
		return false;
	*field_out = span_first(*left, (size_t)end);
	*left = span_from(*left, (size_t)end + 1);
	return true;
}

/* At the beginning of the text. */
static bool parse_word(struct span text, struct word *word)
{
	struct span left = span_from(text, 2), encoding;
	ptrdiff_t star;

	if (text.len < 2 || memcmp(text.ptr, "=?", 2) != 0 ||
	    !take_field(&left, &word->label) ||
	    !take_field(&left, &encoding) || encoding.len != 1 ||
	    !take_field(&left, &word->payload) || !left.len ||
	    *left.ptr != '=')
		return false;
	star = span_find(word->label, '*');
	if (star >= 0)
		word->label = span_first(word->label, (size_t)star);
	word->encoding = g_ascii_toupper(*encoding.ptr);
	word->len = text.len - left.len + 1;
	return word->label.len && word->label.len <= LABEL_MAX &&
	       (word->encoding == 'B' || word->encoding == 'Q');
}

static void decode_quoted(struct span payload, GString *out)
{
	for (size_t i = 0; i < payload.len; i++) {
		char c = payload.ptr[i];

		if (c == '_') {
			c = ' ';
		} else if (c == '=' && payload.len - i > 2 &&
			   g_ascii_isxdigit(payload.ptr[i + 1]) &&
			   g_ascii_isxdigit(payload.ptr[i + 2])) {
			c = (char)(g_ascii_xdigit_value(payload.ptr[i + 1]) *
				   16 +
				   g_ascii_xdigit_value(payload.ptr[i + 2]));
			i += 2;
		}
		g_string_append_c(out, c);
	}
}

static void decode_base64(struct span payload, GString *out)
{
	gsize begun = out->len;
	gint state = 0;
	guint kept = 0;

	g_string_set_size(out, begun + payload.len + 3);
	g_string_truncate(out, begun + g_base64_decode_step(
		payload.ptr, payload.len, (guchar *)out->str + begun, &state,
		&kept));
}

static void decode(const struct word *word, GString *out)
{
	if (word->encoding == 'B')
		decode_base64(word->payload, out);
	else
		decode_quoted(word->payload, out);
}

static bool is_same_label(struct span a, struct span b)
{
	return a.len == b.len && g_ascii_strncasecmp(a.ptr, b.ptr, a.len) == 0;
}

/* All words of the label from here on, only blanks between; how long they are.
 * is_padded: one but the last has padding. */
static size_t gather(struct span text, const struct word *first, GString *bytes,
		     bool *is_padded_out)
{
	struct word word = *first;
	size_t end = 0;

	*is_padded_out = false;
	for (;;) {
		bool is_padded = word.encoding == 'B' &&
				 span_find(word.payload, '=') >= 0;
		size_t next = end + word.len;

		decode(&word, bytes);
		end = next;
		while (next < text.len &&
		       strchr(" \t\r\n", text.ptr[next]) && text.ptr[next])
			next++;
		if (!parse_word(span_from(text, next), &word) ||
		    !is_same_label(word.label, first->label))
			return end;
		*is_padded_out |= is_padded;
		end = next;
	}
}

/* True: the bytes are in the charset that the label says. */
static bool is_well(struct span bytes, const char *label, struct arena *arena)
{
	struct span believed;

	if (!charset_is_known(label))
		return false;
	believed = charset_decode_word(bytes, label, arena);
	return !believed.len ||
	       !g_strstr_len(believed.ptr, (gssize)believed.len,
			     "\xef\xbf\xbd");
}

static void add_word(GString *out, const char *label, struct span bytes)
{
	g_autofree char *coded = g_base64_encode((const guchar *)bytes.ptr,
						 bytes.len);

	g_string_append_printf(out, "=?%s?B?%s?=", label, coded);
}

/* One text. */
struct repair {
	struct arena *arena;
	GString *out;
	unsigned checks, repairs;
};

/* Takes the words that the text begins with; how long they are. */
static size_t take_words(struct repair *on, struct span text,
			 const struct word *first)
{
	const char *label = arena_span_text(on->arena, first->label);
	g_autoptr(GString) bytes = g_string_new(NULL);
	bool is_padded;
	size_t len = gather(text, first, bytes, &is_padded);
	struct span coded = span_of(bytes->str, bytes->len);

	if (coded.len && on->checks++ < CHECKS_MAX &&
	    on->repairs < REPAIRS_MAX && !is_well(coded, label, on->arena)) {
		on->repairs++;
		add_word(on->out, "UTF-8",
			 charset_decode(coded, label, on->arena));
	} else if (is_padded) {
		add_word(on->out, label, coded);
	} else {
		g_string_append_len(on->out, text.ptr, (gssize)len);
	}
	return len;
}

struct span wordrepair_text(struct span text, struct arena *arena)
{
	g_autoptr(GString) out = g_string_sized_new(text.len + 16);
	struct repair on = { .arena = arena, .out = out };
	struct word word;

	while (text.len) {
		size_t len = 1;

		if (parse_word(text, &word))
			len = take_words(&on, text, &word);
		else
			g_string_append_c(out, *text.ptr);
		text = span_from(text, len);
	}
	return arena_span(arena, span_of(out->str, out->len));
}
