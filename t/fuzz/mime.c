#include <config.h>

#include "fuzz/target.h"

#include "catalog.h"
#include "message/bodytext.h"
#include "message/rawmessage.h"
#include "message/uris.h"

/* A whole message: its parts, charsets, HTML, and where it leads. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct session_facts session = { .messages = 0 };
	static struct settings *settings;
	struct transaction tx;
	struct mime *mime;
	struct bodytext *text;
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
	uris = uris_collect(settings, text);
	BUG_IF(uris->len > URIS_MAX);
	for (guint i = 0; i < text->lines->len; i++)
		BUG_IF(g_array_index(text->lines, struct span, i).len > 4096);
	g_array_unref(uris);
	bodytext_free(text);
	mime_release(mime);
	transaction_release(&tx);
	return 0;
}
