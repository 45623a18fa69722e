/*
 * parts.c - prints what becomes of messages: one JSON object for each FILE,
 * bytes in base64. For t/flow/53-mime-data.t.
 */
#include <config.h>

#include "catalog.h"
#include "message/attachments.h"
#include "message/bodytext.h"
#include "message/charset.h"
#include "message/encodedword.h"
#include "message/rawmessage.h"
#include "message/uris.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *base64_of(const void *bytes, size_t len)
{
	g_autofree char *text = g_base64_encode(bytes ? bytes : "", len);

	return json_string(text);
}

static json_t *headers_of(const struct mime_part *part, struct arena *arena)
{
	json_t *all = json_array();

	for (guint i = 0; i < part->headers->len; i++) {
		const struct header *header = &g_array_index(
			part->headers, struct header, i);
		const char *name = arena_span_text(arena, header->name);

		json_array_append_new(all, json_pack("[s%, s]", name,
			strlen(name), encodedword_decode(span_trim(
				header->value), arena)));
	}
	return all;
}

static json_t *part_of(struct mime_part *part, struct arena *arena)
{
	GByteArray *bytes = mime_decode_bytes(part, SIZE_MAX);
	struct span text = charset_decode(mime_decode(part, arena),
					  part->charset, arena);
	json_t *object = json_pack("{s:s, s:o, s:o, s:i, s:b, s:o}",
		"type", part->type, "charset", text_or_null(part->charset),
		"name", text_or_null(part->name), "depth", (int)part->depth,
		"is_leaf", part->is_leaf, "headers", headers_of(part, arena));

	if (part->is_leaf) {
		json_object_set_new(object, "bytes", base64_of(
			bytes->data, bytes->len));
		json_object_set_new(object, "text", base64_of(text.ptr,
							      text.len));
	}
	g_byte_array_unref(bytes);
	return object;
}

/* The parts that contain no others, in their order. */
static json_t *parts_of(const struct mime *mime)
{
	json_t *all = json_array();

	for (guint i = 0; i < mime->leaves->len; i++)
		json_array_append_new(all, part_of(
			g_ptr_array_index(mime->leaves, i), mime->arena));
	return all;
}

static json_t *lines_of(const struct bodytext *text)
{
	json_t *all = json_array();

	for (guint i = 0; i < text->lines->len; i++) {
		struct span line = g_array_index(text->lines, struct span, i);

		json_array_append_new(all, base64_of(line.ptr, line.len));
	}
	return all;
}

static json_t *files_of(const struct attachments *files)
{
	json_t *all = json_array();

	for (guint i = 0; i < files->all->len; i++) {
		const struct attachment *file = &g_array_index(
			files->all, struct attachment, i);

		json_array_append_new(all, json_pack("{s:s, s:s}",
			"name", file->name, "type",
			filetype_word(file->type)));
	}
	for (guint i = 0; i < files->packed.entries->len; i++)
		json_array_append_new(all, json_pack("{s:s}", "packed",
			g_array_index(files->packed.entries,
				      struct packed_entry, i).name));
	return all;
}

static void print(const struct settings *settings, const char *file,
		  struct span bytes)
{
	static const struct session_facts session = { .messages = 0 };
	struct transaction tx;
	struct mime *mime;
	struct bodytext *text;
	struct attachments *files;
	GArray *uris;
	json_t *object;

	transaction_init(&tx, settings, &session);
	rawmessage_take(&tx, bytes);
	mime = mime_parse(&tx, &tx.arena);
	text = bodytext_make(mime, "");
	files = attachments_collect(mime, limits_of(settings));
	uris = uris_collect(settings, text, NULL);
	object = json_pack("{s:s, s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:o}",
		"file", file, "flaws", (int)mime->flaws,
		"parts", (int)mime->parts->len, "uris", (int)uris->len,
		"packed_flaws", (int)files->packed.flaws,
		"leaves", parts_of(mime), "files", files_of(files),
		"lines", lines_of(text), "headers", headers_of(
			g_ptr_array_index(mime->parts, 0), mime->arena));
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
	g_array_unref(uris);
	attachments_free(files);
	bodytext_free(text);
	mime_release(mime);
	transaction_release(&tx);
}

int main(int argc, char **argv)
{
	struct settings *settings = settings_parse("parts", span_text(""),
						   catalog, NULL);

	BUG_IF(!settings);
	for (int i = 1; i < argc; i++) {
		g_autofree char *text = NULL;
		gsize len;

		if (!g_file_get_contents(argv[i], &text, &len, NULL))
			return 1;
		print(settings, argv[i], span_of(text, len));
	}
	settings_unref(settings);
	return 0;
}
