#include <config.h>

#include "fuzz/target.h"

#include "message/charset.h"
#include "message/htmltext.h"

#include <string.h>

/* A part of HTML, in whatever charset. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct html_text page;
	struct span utf8;

	if (size > 65536)
		return 0;
	arena_init(&arena);
	utf8 = charset_decode(span_of((const char *)data, size), NULL, &arena);
	BUG_IF(!g_utf8_validate_len(utf8.ptr ? utf8.ptr : "", utf8.len, NULL) &&
	       !memchr(utf8.ptr, 0, utf8.len));
	page = htmltext_read(utf8, &arena);
	BUG_IF(page.text.len &&
	       !g_utf8_validate_len(page.text.ptr, page.text.len, NULL));
	BUG_IF(page.letters > page.text.len);
	BUG_IF(page.html_bytes != utf8.len || page.image_area < 0);
	for (guint i = 0; i < page.links->len; i++) {
		const struct html_link *link = &g_array_index(
			page.links, struct html_link, i);

		BUG_IF(!link->url || !link->element);
		BUG_IF(!g_utf8_validate(link->url, -1, NULL));
	}
	htmltext_release(&page);
	arena_release(&arena);
	return 0;
}
