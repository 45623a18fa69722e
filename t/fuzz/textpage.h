/* textpage.h - the lines and links of a message, without a
 * message around them */
#ifndef FUZZ_TEXTPAGE_H
#define FUZZ_TEXTPAGE_H

#include "message/bodytext.h"

#include <string.h>

#define TEXTPAGE_LINE_MAX 4096

/* Lines up to the first 0xff; behind it the URLs of links, a line each. */
struct textpage {
	struct mime mime;
	struct bodytext text;
	struct html_text page;
};

static inline void textpage_add_link(struct textpage *to, struct span line)
{
	struct html_link link = {
		.url = arena_span_text(to->mime.arena, line), .element = "a",
		.text = "here",
	};

	if (*link.url && g_utf8_validate(link.url, -1, NULL))
		g_array_append_val(to->page.links, link);
}

static inline void textpage_add(struct textpage *to, struct span line,
				bool is_link)
{
	if (is_link)
		textpage_add_link(to, line);
	else
		g_array_append_val(to->text.lines, line);
}

static inline void textpage_init(struct textpage *to, struct arena *arena,
				 const uint8_t *data, size_t size)
{
	struct span left = { (const char *)data, size };
	bool is_link = false;

	memset(to, 0, sizeof *to);
	to->mime.arena = arena;
	to->text.mime = &to->mime;
	to->text.lines = g_array_new(FALSE, FALSE, sizeof(struct span));
	to->text.pages = g_array_new(FALSE, FALSE, sizeof(struct html_text));
	to->page.links = g_array_new(FALSE, FALSE, sizeof(struct html_link));
	while (left.len) {
		size_t len = 0;

		while (len < left.len && len < TEXTPAGE_LINE_MAX &&
		       left.ptr[len] != '\n' && left.ptr[len] != '\xff')
			len++;
		textpage_add(to, span_first(left, len), is_link);
		is_link |= len < left.len && left.ptr[len] == '\xff';
		left = span_from(left, len + (len < TEXTPAGE_LINE_MAX));
	}
	g_array_append_val(to->text.pages, to->page);
}

static inline void textpage_release(struct textpage *page)
{
	g_array_unref(page->page.links);
	g_array_unref(page->text.pages);
	g_array_unref(page->text.lines);
}

#endif
