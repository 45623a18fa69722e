#include <config.h>

#include "message/bodytext.h"

#include "message/charset.h"

#include <string.h>

#define PIECE_MAX 2048		/* bytes of a line that a rule sees at once */

static struct span add_html(struct bodytext *text, struct span utf8)
{
	struct html_text html = htmltext_read(utf8, text->mime->arena);

	g_array_append_val(text->pages, html);
	text->is_html_cut |= html.is_cut;
	return html.text;
}

static void add_rendered(struct bodytext *text, struct mime_part *part,
			 GString *out)
{
	const char *type = mime_effective_type(part);
	bool is_html = strcmp(type, "text/html") == 0;
	struct rendered rendered = { .part = part };

	if (!is_html && strcmp(type, "text/plain") != 0)
		return;
	rendered.text = charset_decode(mime_decode(part, text->mime->arena),
			      part->charset, text->mime->arena);
	if (is_html) {
		rendered.text = add_html(text, rendered.text);
		rendered.page = text->pages->len;
	}
	g_array_append_val(text->rendered, rendered);
	if (rendered.text.len)
		g_string_append_len(out, rendered.text.ptr,
				    (gssize)rendered.text.len);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Unicode's blanks that a reader sees as one: their bytes, 0 for none. */
static size_t wide_blank(const char *c, size_t left)
{
	static const char *const blanks[] = {
		"\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\x80",
		"\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83",
		"\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
		"\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89",
		"\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9",
		"\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
	};

	if (!(*c & 0x80))
		return is_blank(*c);
	if (*c != '\xc2' && (*c < '\xe1' || *c > '\xe3'))
		return 0;
	for (size_t i = 0; i < COUNT_OF(blanks); i++) {
		size_t len = strlen(blanks[i]);

		if (len <= left && memcmp(c, blanks[i], len) == 0)
			return len;
	}
	return 0;
}

/* Up to the next blank. */
static size_t word_length(const char *c, size_t left)
{
	size_t len = 0;

	while (len < left && !wide_blank(c + len, left - len))
		len++;
	return len;
}

/* Runs of blanks become one space, and those with an empty line in them an end
 * of line, so that a line is a paragraph. */
static GString *fold_blanks(const GString *text)
{
	GString *out = g_string_sized_new(text->len);
	size_t i = 0;

	while (i < text->len) {
		size_t len = word_length(text->str + i, text->len - i);
		size_t first = 0, last = 0, start = i + len;
		unsigned breaks = 0;

		g_string_append_len(out, text->str + i, (gssize)len);
		i = start;
		if (i == text->len)
			break;
		while (i < text->len &&
		       (len = wide_blank(text->str + i, text->len - i))) {
			if (text->str[i] == '\n') {
				first = breaks++ ? first : i;
				last = i;
			}
			i += len;
		}
		if (breaks < 2 || first > start)
			g_string_append_c(out, ' ');
		if (breaks > 1)
			g_string_append_c(out, '\n');
		if (breaks > 1 && i > last + 1)
			g_string_append_c(out, ' ');
	}
	return out;
}

static void add_span(GArray *to, struct span piece)
{
	g_array_append_val(to, piece);
}

/* A line that is too long is cut at a space where there is one. */
static void add_line(GArray *to, struct span line)
{
	while (line.len > PIECE_MAX) {
		ptrdiff_t space = span_find_last(span_first(line,
							    PIECE_MAX + 1),
						 ' ');
		size_t len = space > 0 ? (size_t)space + 1 : PIECE_MAX;

		add_span(to, span_first(line, len));
		line = span_from(line, len);
	}
	add_span(to, line);
}

static void add_lines(struct bodytext *text, GString *all)
{
	struct span left = arena_span(text->mime->arena,
				      span_of(all->str, all->len));

	while (left.len) {
		ptrdiff_t end = span_find(left, '\n');
		struct span line = end < 0 ? left :
				   span_first(left, (size_t)end + 1);

		add_line(text->lines, line);
		left = span_from(left, line.len);
	}
}

static size_t cut_at(struct span text, char c)
{
	ptrdiff_t at = span_find(span_from(span_first(text, 2 * PIECE_MAX),
					   PIECE_MAX), c);

	return at < 0 ? 0 : PIECE_MAX + (size_t)at + 1;
}

/* Between 2 and 4 KiB each, ending where a line, a tag or a word does. */
static void add_raw(GArray *to, struct span text)
{
	while (text.len > 2 * PIECE_MAX) {
		size_t len = cut_at(text, '\n');

		if (!len)
			len = cut_at(text, '>');
		if (!len)
			len = cut_at(text, ' ');
		if (!len)
			len = PIECE_MAX + 1;
		add_span(to, span_first(text, len));
		text = span_from(text, len);
	}
	if (text.len)
		add_span(to, text);
}

static bool is_raw_text(const struct mime_part *part)
{
	const char *type = mime_effective_type(part);

	return (g_str_has_prefix(type, "text/") ||
		g_str_has_prefix(type, "message/")) &&
	       strcmp(part->type, "text/calendar") != 0;
}

struct bodytext *bodytext_make(struct mime *mime, const char *subject)
{
	struct bodytext *text = g_new0(struct bodytext, 1);
	GString *all = g_string_new(NULL), *folded;

	text->mime = mime;
	text->lines = g_array_new(FALSE, FALSE, sizeof(struct span));
	text->raw = g_array_new(FALSE, FALSE, sizeof(struct span));
	text->rendered = g_array_new(FALSE, FALSE, sizeof(struct rendered));
	text->pages = g_array_new(FALSE, FALSE, sizeof(struct html_text));
	for (guint i = 0; i < mime->leaves->len; i++) {
		struct mime_part *part = g_ptr_array_index(mime->leaves, i);

		if (all->len)
			g_string_append_c(all, '\n');
		add_rendered(text, part, all);
		if (is_raw_text(part))
			add_raw(text->raw, mime_decode(part, mime->arena));
	}
	folded = fold_blanks(all);
	g_string_prepend_c(folded, '\n');
	g_string_prepend(folded, subject);
	add_lines(text, folded);
	g_string_free(folded, TRUE);
	g_string_free(all, TRUE);
	return text;
}

void bodytext_free(struct bodytext *text)
{
	if (!text)
		return;
	g_array_unref(text->lines);
	g_array_unref(text->raw);
	g_array_unref(text->rendered);
	for (guint i = 0; i < text->pages->len; i++)
		htmltext_release(&g_array_index(text->pages, struct html_text,
						i));
	g_array_unref(text->pages);
	g_free(text);
}
