#include <config.h>

#include "fuzz/target.h"

#include "catalog.h"
#include "message/attachments.h"
#include "message/bodytext.h"
#include "message/rawmessage.h"
#include "message/uris.h"

/* See packed.c. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

/* What is hidden stands in the text, in order, and is what is not visible. */
static void check_hidden(const struct html_text *page, struct arena *arena)
{
	const char *at = page->text.ptr;
	size_t hidden = 0;

	for (guint i = 0; i < page->hidden->len; i++) {
		struct span piece = g_array_index(page->hidden, struct span, i);

		BUG_IF(piece.ptr < at || piece.ptr + piece.len >
					 page->text.ptr + page->text.len);
		at = piece.ptr + piece.len;
		hidden += piece.len;
	}
	BUG_IF(htmltext_visible(page, arena).len + hidden != page->text.len);
	BUG_IF(page->hidden_letters > hidden);
	BUG_IF(htmltags_splits(&page->tags) > 49);
}

/* A whole message: its parts, charsets, HTML, files, and where it leads. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct session_facts session = { .messages = 0 };
	static struct settings *settings;
	struct transaction tx;
	struct mime *mime;
	struct bodytext *text;
	struct attachments *files;
	GArray *uris;

	if (size > 65536)
		return 0;
	if (!settings)
		settings = settings_parse("fuzz", span_text(""), catalog, NULL);
	BUG_IF(!settings);
	transaction_init(&tx, settings, &session);
	rawmessage_take(&tx, span_of((const char *)data, size));
	mime = mime_parse(&tx, &tx.arena);
	BUG_IF(!mime->parts->len || mime->parts->len > MIME_PARTS_MAX);
	text = bodytext_make(mime, "fuzz");
	files = attachments_collect(mime, limits_of(settings));
	for (guint i = 0; i < files->all->len; i++)
		BUG_IF(!g_utf8_validate(g_array_index(
			files->all, struct attachment, i).name, -1, NULL));
	uris = uris_collect(settings, text, NULL);
	BUG_IF(uris->len > URIS_MAX);
	for (guint i = 0; i < text->lines->len; i++)
		BUG_IF(g_array_index(text->lines, struct span, i).len > 4096);
	for (guint i = 0; i < text->pages->len; i++)
		check_hidden(&g_array_index(text->pages, struct html_text, i),
			     &tx.arena);
	g_array_unref(uris);
	attachments_free(files);
	bodytext_free(text);
	mime_release(mime);
	transaction_release(&tx);
	return 0;
}
